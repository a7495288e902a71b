/** Statuses of pods, each as `kubectl get pods` prints it: READY, STATUS, RESTARTS. */
import assert from "node:assert/strict";
import type { ContainerStatus, Pod } from "../../kube/types.ts";
import { podState } from "./pod_state.ts";

const at = "2026-01-01T00:00:00Z";

type Changes = Partial<ContainerStatus>;

/** Returns the status of a container; it is ready if it runs. */
function container(name: string, state: ContainerStatus["state"], changes: Changes = {}) {
  const ready = state?.running !== undefined;
  return {
    name,
    image: "",
    imageID: "",
    ready,
    restartCount: 0,
    ...state && { state },
    ...changes,
  };
}

const run = (name = "a", changes: Changes = {}) => container(name, { running: {} }, changes);
const wait = (reason: string | undefined, name = "a", changes: Changes = {}) =>
  container(name, { waiting: reason === undefined ? {} : { reason } }, changes);
const end = (
  exitCode: number,
  reason: string | undefined,
  { name = "a", signal, ...changes }: Changes & { signal?: number } = {},
) => {
  const terminated = { exitCode, ...reason && { reason }, ...signal && { signal } };
  return container(name, { terminated }, changes);
};
const crashed = { lastState: { terminated: { exitCode: 1, finishedAt: at } }, restartCount: 3 };

/** A pod of these containers; the others of its fields follow. */
function pod(
  phase: string,
  main: readonly ContainerStatus[],
  {
    init = [],
    sidecars = [],
    true: conditions = [],
    reason,
    deleted = false,
    gated = false,
    total,
  }: {
    init?: readonly ContainerStatus[];
    /** Names of init containers that are sidecars. */
    sidecars?: readonly string[];
    /** Conditions that are true. */
    true?: readonly string[];
    reason?: string;
    deleted?: boolean;
    gated?: boolean;
    /** The number of containers, if not all have a status. */
    total?: number;
  } = {},
): Pod {
  const names = main.map(({ name }) => name);
  const all = total === undefined
    ? names
    : Array.from({ length: total }, (_, index) => `c${index}`);
  const scheduled = { type: "PodScheduled", status: "False", reason: "SchedulingGated" };
  return {
    metadata: { name: "p", creationTimestamp: at, ...deleted && { deletionTimestamp: at } },
    spec: {
      containers: all.map((name) => ({ name })),
      ...init.length > 0 && {
        initContainers: init.map(({ name }) => ({
          name,
          ...sidecars.includes(name) && { restartPolicy: "Always" },
        })),
      },
    },
    status: {
      phase,
      ...reason && { reason },
      conditions: [
        ...conditions.map((type) => ({ type, status: "True" })),
        ...gated ? [scheduled] : [],
      ],
      containerStatuses: [...main],
      initContainerStatuses: [...init],
    },
  };
}

const ready = { true: ["Initialized", "Ready"] };
const initialized = { true: ["Initialized"] };
const blocked = wait("PodInitializing");

const rows: readonly [what: string, pod: Pod, kubectl: string][] = [
  ["running", pod("Running", [run()], ready), "1/1 Running 0"],
  ["two containers", pod("Running", [run(), run("b")], ready), "2/2 Running 0"],
  [
    "not ready by its probe",
    pod("Running", [run("a", { ready: false })], initialized),
    "0/1 Running 0",
  ],
  ["a readiness gate that is open", pod("Running", [run()], initialized), "1/1 Running 0"],
  ["restarted", pod("Running", [run("a", crashed)], ready), "1/1 Running 3"],
  [
    "restarts of two containers",
    pod("Running", [run("a", crashed), run("b", crashed)], ready),
    "2/2 Running 6",
  ],
  ["unscheduled", pod("Pending", [], { total: 1 }), "0/1 Pending 0"],
  ["gated", pod("Pending", [], { total: 1, gated: true }), "0/1 SchedulingGated 0"],
  ["creating", pod("Pending", [wait("ContainerCreating")]), "0/1 ContainerCreating 0"],
  [
    "creating, of three",
    pod("Pending", [wait("ContainerCreating"), wait("ContainerCreating", "b")], { total: 3 }),
    "0/3 ContainerCreating 0",
  ],
  ["image doesn't exist", pod("Pending", [wait("ErrImagePull")]), "0/1 ErrImagePull 0"],
  ["image, later", pod("Pending", [wait("ImagePullBackOff")]), "0/1 ImagePullBackOff 0"],
  ["image never pulled", pod("Pending", [wait("ErrImageNeverPull")]), "0/1 ErrImageNeverPull 0"],
  ["invalid image", pod("Pending", [wait("InvalidImageName")]), "0/1 InvalidImageName 0"],
  [
    "missing ConfigMap",
    pod("Pending", [wait("CreateContainerConfigError")]),
    "0/1 CreateContainerConfigError 0",
  ],
  [
    "can't be created",
    pod("Pending", [wait("CreateContainerError")]),
    "0/1 CreateContainerError 0",
  ],
  [
    "can't be started",
    pod("Running", [wait("RunContainerError")], initialized),
    "0/1 RunContainerError 0",
  ],
  ["waiting without a reason", pod("Pending", [wait(undefined)]), "0/1 Pending 0"],
  [
    "crash loop",
    pod("Running", [wait("CrashLoopBackOff", "a", crashed)], initialized),
    "0/1 CrashLoopBackOff 3",
  ],
  [
    "crash loop of the second",
    pod("Running", [run(), wait("CrashLoopBackOff", "b", crashed)], initialized),
    "1/2 CrashLoopBackOff 3",
  ],
  [
    "the first reason wins",
    pod("Running", [wait("ImagePullBackOff"), wait("CrashLoopBackOff", "b")], initialized),
    "0/2 ImagePullBackOff 0",
  ],
  [
    "failed between restarts",
    pod("Running", [end(1, "Error", { restartCount: 1 })], initialized),
    "0/1 Error 1",
  ],
  ["out of memory", pod("Running", [end(137, "OOMKilled")], initialized), "0/1 OOMKilled 0"],
  [
    "out of memory, beside another",
    pod("Running", [run(), end(137, "OOMKilled", { name: "b" })], initialized),
    "1/2 OOMKilled 0",
  ],
  [
    "can't run its program",
    pod("Running", [end(128, "StartError")], initialized),
    "0/1 StartError 0",
  ],
  ["completed", pod("Succeeded", [end(0, "Completed")], initialized), "0/1 Completed 0"],
  [
    "two completed",
    pod("Succeeded", [end(0, "Completed"), end(0, "Completed", { name: "b" })]),
    "0/2 Completed 0",
  ],
  ["failed", pod("Failed", [end(3, "Error")]), "0/1 Error 0"],
  ["exit code without a reason", pod("Failed", [end(3, undefined)]), "0/1 ExitCode:3 0"],
  [
    "signal without a reason",
    pod("Failed", [end(137, undefined, { signal: 9 })]),
    "0/1 Signal:9 0",
  ],
  [
    "one completed, one runs",
    pod("Running", [run(), end(0, "Completed", { name: "b" })], initialized),
    "1/2 NotReady 0",
  ],
  [
    "the same, ready",
    pod("Running", [run(), end(0, "Completed", { name: "b" })], ready),
    "1/2 Running 0",
  ],
  [
    "completed beside one that isn't ready",
    pod("Running", [run("a", { ready: false }), end(0, "Completed", { name: "b" })], initialized),
    "0/2 Completed 0",
  ],
  ["evicted", pod("Failed", [], { total: 1, reason: "Evicted" }), "0/1 Evicted 0"],
  ["no room on its node", pod("Failed", [], { total: 1, reason: "OutOfcpu" }), "0/1 OutOfcpu 0"],
  [
    "refused by its node",
    pod("Failed", [], { total: 1, reason: "NodeAffinity" }),
    "0/1 NodeAffinity 0",
  ],
  [
    "deadline",
    pod("Failed", [], { total: 1, reason: "DeadlineExceeded" }),
    "0/1 DeadlineExceeded 0",
  ],
  [
    "ended by a shutdown of its node",
    pod("Failed", [end(143, "Error")], { reason: "Terminated" }),
    "0/1 Error 0",
  ],
  ["state isn't known", pod("Unknown", [run("a", { ready: false })]), "0/1 Unknown 0"],
  ["no phase", pod("", [], { total: 1 }), "0/1 Unknown 0"],
  ["terminating", pod("Running", [run()], { ...ready, deleted: true }), "1/1 Terminating 0"],
  [
    "terminating in a crash loop",
    pod("Running", [wait("CrashLoopBackOff")], { deleted: true }),
    "0/1 Terminating 0",
  ],
  [
    "terminating, unscheduled",
    pod("Pending", [], { total: 1, deleted: true }),
    "0/1 Terminating 0",
  ],
  [
    "completed with a finalizer",
    pod("Succeeded", [end(0, "Completed")], { deleted: true }),
    "0/1 Completed 0",
  ],
  ["failed with a finalizer", pod("Failed", [end(1, "Error")], { deleted: true }), "0/1 Error 0"],
  [
    "node is lost",
    pod("Running", [run()], { ...ready, deleted: true, reason: "NodeLost" }),
    "1/1 Unknown 0",
  ],
  [
    "node is lost, not deleted",
    pod("Running", [run("a", { ready: false })], { reason: "NodeLost" }),
    "0/1 NodeLost 0",
  ],
  [
    "first init container",
    pod("Pending", [blocked], { init: [run("i", { ready: false })] }),
    "0/1 Init:0/1 0",
  ],
  [
    "second init container",
    pod("Pending", [blocked], {
      init: [end(0, "Completed", { name: "i" }), run("j", { ready: false })],
    }),
    "0/1 Init:1/2 0",
  ],
  [
    "init container to come",
    pod("Pending", [blocked], { init: [wait("PodInitializing", "i")] }),
    "0/1 Init:0/1 0",
  ],
  [
    "init container's image",
    pod("Pending", [blocked], { init: [wait("ImagePullBackOff", "i")] }),
    "0/1 Init:ImagePullBackOff 0",
  ],
  [
    "init container in a crash loop",
    pod("Pending", [blocked], { init: [wait("CrashLoopBackOff", "i", crashed)] }),
    "0/1 Init:CrashLoopBackOff 3",
  ],
  [
    "init container failed",
    pod("Pending", [blocked], { init: [end(1, "Error", { name: "i" })] }),
    "0/1 Init:Error 0",
  ],
  [
    "init container out of memory",
    pod("Pending", [blocked], { init: [end(137, "OOMKilled", { name: "i" })] }),
    "0/1 Init:OOMKilled 0",
  ],
  [
    "init container's exit code",
    pod("Pending", [blocked], { init: [end(2, undefined, { name: "i" })] }),
    "0/1 Init:ExitCode:2 0",
  ],
  [
    "init container's signal",
    pod("Pending", [blocked], { init: [end(137, undefined, { name: "i", signal: 9 })] }),
    "0/1 Init:Signal:9 0",
  ],
  [
    "initialized, not started",
    pod("Pending", [blocked], { init: [end(0, "Completed", { name: "i" })], ...initialized }),
    "0/1 PodInitializing 0",
  ],
  [
    "runs after its init container",
    pod("Running", [run()], { init: [end(0, "Completed", { name: "i", ...crashed })], ...ready }),
    "1/1 Running 0",
  ],
  [
    "sidecar starts",
    pod("Pending", [blocked], {
      init: [run("s", { ready: false, started: false })],
      sidecars: ["s"],
    }),
    "0/2 Init:0/1 0",
  ],
  [
    "sidecar started, main to come",
    pod("Pending", [blocked], { init: [run("s", { started: true })], sidecars: ["s"] }),
    "1/2 PodInitializing 0",
  ],
  [
    "sidecar and main",
    pod("Running", [run()], {
      init: [run("s", { started: true, ...crashed })],
      sidecars: ["s"],
      ...ready,
    }),
    "2/2 Running 3",
  ],
  [
    "sidecar that isn't ready",
    pod("Running", [run()], {
      init: [run("s", { started: true, ready: false })],
      sidecars: ["s"],
      ...initialized,
    }),
    "1/2 Running 0",
  ],
  [
    "init container behind a sidecar",
    pod("Pending", [blocked], {
      init: [run("s", { started: true }), run("i", { ready: false })],
      sidecars: ["s"],
    }),
    "1/2 Init:1/2 0",
  ],
  [
    "a sidecar crashes after the start",
    pod("Running", [run()], {
      init: [wait("CrashLoopBackOff", "s", { ...crashed, started: false })],
      sidecars: ["s"],
      ...initialized,
    }),
    "1/2 Init:CrashLoopBackOff 3",
  ],
  [
    "completed beside a sidecar that ended",
    pod("Succeeded", [end(0, "Completed")], {
      init: [end(0, "Completed", { name: "s" })],
      sidecars: ["s"],
    }),
    "0/2 Completed 0",
  ],
];

Deno.test("podState() has the columns that kubectl prints", () => {
  for (const [what, one, kubectl] of rows) {
    const { readyContainers, totalContainers, status, restarts } = podState(one);
    assert.equal(`${readyContainers}/${totalContainers} ${status} ${restarts}`, kubectl, what);
  }
});

Deno.test("podState() has the time of the last restart, and of the pod's creation", () => {
  const later = { lastState: { terminated: { exitCode: 1, finishedAt: "2026-01-02T00:00:00Z" } } };
  const { restartedMs, createdMs } = podState(pod("Running", [run("a", crashed), run("b", later)]));
  assert.deepEqual([restartedMs, createdMs], [Date.UTC(2026, 0, 2), Date.UTC(2026, 0, 1)]);
  assert.ok(Number.isNaN(podState(pod("Running", [run()])).restartedMs));
});
