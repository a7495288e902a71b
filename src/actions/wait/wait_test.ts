import assert from "node:assert/strict";
import type { ApiResource, KubeClient } from "../../kube/client.ts";
import { KodamaError, UsageError } from "../../base/errors.ts";
import type { Pod } from "../../kube/types.ts";
import fc from "fast-check";
import { ManualClock } from "../../base/testing/manual_clock.ts";
import { RolloutSimulation, simulated } from "../../wait/testing/rollout_simulation.ts";
import type { AnyObject } from "../../wait/readiness.ts";
import { servedClient, simulatedServer } from "../../wait/testing/simulated_client.ts";
import { simulatedHost } from "../testing/simulated_host.ts";
import { lastLines } from "./obstacles.ts";
import { wait, type WaitEnd, type WaitOptions } from "./wait.ts";

const removed = "unable to retrieve container logs for containerd://fb6afadbfe737fc27175";
const absent = new KodamaError("notFound", "previous terminated container not found");

function podIn(state: Record<string, unknown>, restartCount: number): Pod {
  const failing = { name: "main", ready: false, restartCount, state, image: "", imageID: "" };
  return {
    metadata: { name: "web-0", namespace: "n" },
    status: { containerStatuses: [failing] },
  };
}

const crashLoop = { waiting: { reason: "CrashLoopBackOff" } };
const ended = { terminated: { exitCode: 3 } };
const cases: [string, Pod, current: string | Error, previous: string | Error, string[]?][] = [
  ["the instance that waits for its restart", podIn(crashLoop, 2), "now\n", "old\n", ["now"]],
  ["the instance that ended last", podIn(ended, 2), "now\n", removed, ["now"]],
  ["the one before, if the runtime removed it", podIn(crashLoop, 2), removed, "old\n", ["old"]],
  ["the one before a silent restart", podIn({ running: {} }, 1), "", "a\n\nb\n", ["a", "b"]],
  ["no other of the first start", podIn({ running: {} }, 0), "", "old\n"],
  ["none if neither can be read", podIn(crashLoop, 1), removed, absent],
];

for (const [what, pod, current, previous, expected] of cases) {
  Deno.test(`lastLines() returns those of ${what}`, async () => {
    const client: Pick<KubeClient, "logs"> = {
      logs: (request) => {
        const answer = request.previous ? previous : current;
        if (answer instanceof Error) return Promise.reject(answer);
        return Promise.resolve(new Blob([answer]).stream());
      },
    };
    const log = await lastLines(client, pod, new AbortController().signal);
    assert.deepEqual(log?.lines, expected);
  });
}

async function endOf(
  client: KubeClient,
  clock: ManualClock,
  options: Partial<WaitOptions>,
): Promise<{ end: WaitEnd; reasons: string[]; everMet: ReadonlySet<string> }> {
  const host = { ...simulatedHost({}, { clock }).host, kube: () => Promise.resolve(client) };
  const events = await clock.runUntil(Array.fromAsync(wait(host, {
    allNamespaces: false,
    targets: [{ kind: "pods", labelSelector: "app=web" }],
    conditions: [{ kind: "ready" }],
    need: { kind: "all" },
    failOn: [],
    timeoutMs: 600_000,
    signal: new AbortController().signal,
    ...options,
  })));
  const last = events.at(-1);
  assert.ok(last?.kind === "ended");
  const reasons = last.states.flatMap(({ name, verdict }) =>
    verdict.kind === "met" ? [] : [`${name}: ${verdict.reason}`]
  );
  const all = events.flatMap((event) => "states" in event ? event.states : []);
  const everMet = all.filter(({ verdict }) => verdict.kind === "met").map(({ name }) => name);
  return { end: last.end, reasons, everMet: new Set(everMet) };
}

Deno.test("a wait for pods after a restart is over only when the new pods are ready", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...simulated),
      fc.integer({ min: 1, max: 4 }),
      fc.array(fc.nat(1000), { maxLength: 200, size: "max" }),
      async (kind, size, order) => {
        const simulation = new RolloutSimulation(kind, size);
        simulation.restart();
        const clock = new ManualClock();
        const server = simulatedServer(simulation, order, clock);
        const { end } = await endOf(server.client, clock, {});
        assert.deepEqual([end, server.wasDone], ["met", true]);
      },
    ),
    { numRuns: 200 },
  );
});

const isReady = { phase: "Running", conditions: [{ type: "Ready", status: "True" }] };
const owned = {
  ownerReferences: [
    { apiVersion: "apps/v1", kind: "ReplicaSet", name: "web-1", uid: "u-rs", controller: true },
  ],
};
const podOf = (name: string, status: object, metadata: object = {}): AnyObject => ({
  metadata: { name, namespace: "n", uid: `u-${name}`, labels: { app: "web" }, ...metadata },
  status,
});
const crashing = (reason: string) => ({
  phase: "Pending",
  containerStatuses: [{
    name: "main",
    ready: false,
    restartCount: 2,
    state: { waiting: { reason: "CrashLoopBackOff" } },
    lastState: { terminated: { reason, exitCode: 137 } },
  }],
});
const workloadOf = (status: object, spec: object = {}): AnyObject => ({
  metadata: { name: "web", namespace: "n", uid: "u-web", generation: 2 },
  spec: { replicas: 2, selector: { matchLabels: { app: "web" } }, ...spec },
  status: { observedGeneration: 2, ...status },
});
const warningAbout = (uid: string, reason: string, message: string): AnyObject => ({
  metadata: { name: `${uid}-1`, namespace: "n", uid: `u-event-${uid}` },
  ...{ type: "Warning", reason, message, involvedObject: { uid } },
});

type Objects = Readonly<Record<string, readonly AnyObject[]>>;

/** How a wait ends whose server has these objects by plural, one state after the other. */
const sequences: readonly (readonly [
  name: string,
  states: readonly Objects[],
  options: Partial<WaitOptions>,
  end: WaitEnd,
  ...reasons: string[],
])[] = [
  [
    "the last pod of a selector is deleted",
    [{ pods: [podOf("a", {})] }, { pods: [podOf("a", {}, { deletionTimestamp: "now" })] }, {}],
    {},
    "timeout",
    "pods: none is left",
  ],
  [
    "it is replaced by a pod that crashes",
    [{ pods: [podOf("a", {})] }, {}, { pods: [podOf("b", crashing("Error"))] }],
    {},
    "timeout",
    "pod/b: container main: CrashLoopBackOff (exit code 137, 2 restarts)",
  ],
  [
    "it is replaced by a pod that gets ready",
    [{ pods: [podOf("a", {})] }, {}, { pods: [podOf("b", isReady)] }],
    {},
    "met",
  ],
  [
    "all pods are to be deleted",
    [{ pods: [podOf("a", {})] }, {}],
    { conditions: [{ kind: "delete" }] },
    "met",
  ],
  [
    "the pods of a selector are to be created, and aren't",
    [{}],
    { conditions: [{ kind: "create" }] },
    "timeout",
    "pods: none exists",
  ],
  [
    "they are created",
    [{}, { pods: [podOf("a", {})] }],
    { conditions: [{ kind: "create" }] },
    "met",
  ],
  [
    "a ReplicaSet is still to replace a pod that was deleted",
    [{
      pods: [podOf("a", isReady, owned)],
      replicasets: [{
        metadata: { name: "web-1", namespace: "n", uid: "u-rs", generation: 1 },
        spec: { replicas: 2 },
        status: { observedGeneration: 1, replicas: 1 },
      }],
    }],
    {},
    "timeout",
    "pod/a: replicaset/web-1: it is still to create pods",
  ],
  [
    "a Deployment is replacing its pods, of which one is ready",
    [{
      pods: [podOf("old", isReady, owned), podOf("new", crashing("Error"))],
      replicasets: [{
        metadata: {
          ...{ name: "web-1", namespace: "n", uid: "u-rs", generation: 1 },
          ownerReferences: [
            {
              apiVersion: "apps/v1",
              kind: "Deployment",
              name: "web",
              uid: "u-web",
              controller: true,
            },
          ],
        },
        spec: { replicas: 1 },
        status: { observedGeneration: 1, replicas: 1 },
      }],
      deployments: [workloadOf({ replicas: 3, updatedReplicas: 2 })],
    }],
    {},
    "timeout",
    "pod/new: container main: CrashLoopBackOff (exit code 137, 2 restarts)",
    "pod/old: deployment/web: 1 old pods are still to be removed",
  ],
  [
    "a named pod is of an earlier template",
    [{
      pods: [podOf("web-0", isReady, {
        labels: { "controller-revision-hash": "a" },
        ownerReferences: [
          {
            apiVersion: "apps/v1",
            kind: "StatefulSet",
            name: "web",
            uid: "u-web",
            controller: true,
          },
        ],
      })],
      statefulsets: [workloadOf({
        ...{ replicas: 2, updatedReplicas: 1, currentRevision: "a", updateRevision: "b" },
      })],
    }],
    { targets: [{ kind: "pod", name: "web-0" }] },
    "timeout",
    "pod/web-0: statefulset/web: 1 of 2 pods are updated",
  ],
  [
    "a named pod is deleted",
    [{ pods: [podOf("a", {})] }, {}],
    { targets: [{ kind: "pod", name: "a" }], failOn: ["deleted"] },
    "stuck",
    "pod/a: it was deleted",
  ],
  [
    "a pod is killed for its memory",
    [{ pods: [podOf("a", crashing("OOMKilled"))] }],
    { failOn: ["oomkilled"] },
    "stuck",
    "pod/a: container main: CrashLoopBackOff (OOMKilled, exit code 137, 2 restarts)",
  ],
  [
    "no node takes a pod",
    [{
      pods: [podOf("a", {
        conditions: [{ type: "PodScheduled", status: "False", reason: "Unschedulable" }],
      })],
    }],
    { failOn: ["Unschedulable"] },
    "stuck",
    "pod/a: Unschedulable",
  ],
  [
    "no node takes a pod, which isn't forever",
    [{
      pods: [podOf("a", {
        conditions: [{ type: "PodScheduled", status: "False", reason: "Unschedulable" }],
      })],
    }],
    { failOn: ["any"] },
    "timeout",
    "pod/a: Unschedulable",
  ],
  [
    "a warning is the reason",
    [
      { pods: [podOf("a", { phase: "Pending" })] },
      {
        pods: [podOf("a", { phase: "Pending" })],
        events: [warningAbout("u-a", "FailedMount", "no such secret")],
      },
    ],
    { failOn: ["FailedMount"] },
    "stuck",
    "pod/a: it is Pending",
  ],
  [
    "a quota holds up a StatefulSet",
    [{
      statefulsets: [workloadOf({ replicas: 0 })],
      events: [warningAbout("u-web", "FailedCreate", "pods is forbidden: exceeded quota")],
    }],
    { targets: [{ kind: "sts", name: "web" }], failOn: ["any"] },
    "stuck",
    "statefulset/web: 0 of 2 pods are ready; FailedCreate: pods is forbidden: exceeded quota",
  ],
  [
    "a quota held up a StatefulSet, whose pods start now",
    [{
      statefulsets: [workloadOf({ replicas: 2 })],
      events: [warningAbout("u-web", "FailedCreate", "pods is forbidden: exceeded quota")],
    }],
    { targets: [{ kind: "sts", name: "web" }], failOn: ["any"] },
    "timeout",
    "statefulset/web: 0 of 2 pods are ready",
  ],
  [
    "the failed pod of a job was killed for its memory",
    [{
      jobs: [{
        metadata: { name: "web", namespace: "n", uid: "u-web" },
        spec: { selector: { matchLabels: { app: "web" } } },
        status: {
          conditions: [{ type: "Failed", status: "True", reason: "BackoffLimitExceeded" }],
        },
      }],
      pods: [podOf("web-1", {
        phase: "Failed",
        containerStatuses: [{
          name: "main",
          ready: false,
          restartCount: 0,
          state: { terminated: { reason: "OOMKilled", exitCode: 137 } },
        }],
      })],
    }],
    { targets: [{ kind: "job", name: "web" }], failOn: ["OOMKilled"] },
    "stuck",
    "job/web: BackoffLimitExceeded; pod/web-1: it has failed: container main: ended " +
    "(OOMKilled, exit code 137, 0 restarts)",
  ],
  [
    "an object is named several times, by several names of its kind",
    [{ pods: [podOf("a", isReady)] }],
    { targets: ["pod", "pods", "po", "pod"].map((kind) => ({ kind, name: "a" })) },
    "met",
  ],
  [
    "an object of a selector is named too, in the same group and in the one after it",
    [{ pods: [podOf("a", {})] }, { pods: [podOf("a", isReady)] }],
    {
      targets: [{ kind: "pods", labelSelector: "app=web" }, { kind: "po", name: "a" }],
      then: [[{ kind: "pod", name: "a" }]],
    },
    "met",
  ],
  [
    "an object of a selector that isn't ready is named too, in the group after it",
    [{ pods: [podOf("a", {})] }],
    {
      targets: [{ kind: "pods", labelSelector: "app=web" }],
      then: [[{ kind: "pod", name: "a" }]],
    },
    "timeout",
    ...["pod/a: it comes after pod/a", "pod/a: it is new"],
  ],
  [
    "one of the kinds that are to be created has an object",
    [{}, { pods: [podOf("a", {})] }],
    {
      targets: [{ kind: "deploy", labelSelector: "app=web" }, { kind: "pods" }],
      conditions: [{ kind: "create" }],
    },
    "met",
  ],
  [
    "an object of a file has no state",
    [{ configmaps: [podOf("c", {})] }],
    { targets: [{ kind: "cm", name: "c", mayLackState: true }] },
    "met",
  ],
];

for (const [name, states, options, end, ...reasons] of sequences) {
  Deno.test(`wait: ${name}`, async () => {
    const clock = new ManualClock();
    const now = ({ plural }: ApiResource) =>
      states[Math.min(states.length - 1, Math.floor(clock.elapsedMs() / 1000))]?.[plural] ?? [];
    const client = servedClient({
      list: now,
      get: (resource, name) => now(resource).find(({ metadata }) => metadata?.name === name),
    }, clock);
    const logs = { logs: () => Promise.reject(new KodamaError("notFound", "no log")) };
    const result = await endOf({ ...client, ...logs } as unknown as KubeClient, clock, {
      timeoutMs: 20_000,
      ...options,
    });
    assert.deepEqual([result.end, result.reasons], [end, reasons]);
    // An object that was printed as met stays met.
    if (end !== "met") assert.deepEqual([...result.everMet], []);
  });
}

Deno.test("a workload that may not be read isn't taken for one that is rolled out", async () => {
  const clock = new ManualClock();
  const client = servedClient({
    list: ({ plural }) => plural === "pods" ? [podOf("a", isReady, owned)] : [],
    get: () => {
      throw new KodamaError("forbidden", "no");
    },
  }, clock);
  await assert.rejects(endOf(client, clock, {}), { kind: "forbidden" });
  const alone = { conditions: [{ kind: "condition", type: "Ready", status: "True" }] } as const;
  assert.equal((await endOf(client, clock, alone)).end, "met");
});

Deno.test("a kind that is never ready is refused, however it is chosen", async () => {
  const clock = new ManualClock();
  const client = servedClient({ list: () => [], get: () => undefined }, clock);
  for (
    const target of [{ kind: "cm", name: "c" }, { kind: "svc" }, { kind: "cronjob", name: "c" }]
  ) {
    await assert.rejects(endOf(client, clock, { targets: [target] }), UsageError);
  }
});
