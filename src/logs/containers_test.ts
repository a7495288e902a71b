import assert from "node:assert/strict";
import type { Pod } from "../kube/types.ts";
import {
  chosenContainers,
  type ContainerChoice,
  containerState,
  hasCondition,
  previousLog,
} from "./containers.ts";

const all: ContainerChoice = {
  container: [],
  excludeContainer: [],
  initContainers: false,
  ephemeralContainers: false,
  containerState: [],
};
const exact = (name: string) => ({ kind: "exact" as const, name });

/** As a server sends it: the published types are older than some of its fields. */
const pod = {
  spec: {
    initContainers: [{ name: "setup" }, { name: "proxy", restartPolicy: "Always" }],
    containers: [{ name: "main" }, { name: "side" }],
    ephemeralContainers: [{ name: "debug" }],
  },
  status: {
    phase: "Running",
    conditions: [{ type: "Ready", status: "False" }],
    initContainerStatuses: [
      { name: "setup", restartCount: 0, state: { terminated: { exitCode: 0 } } },
    ],
    containerStatuses: [
      { name: "main", restartCount: 2, state: { running: {} } },
      {
        name: "side",
        restartCount: 4,
        state: { waiting: { reason: "CrashLoopBackOff" } },
        lastState: { terminated: { exitCode: 1 } },
      },
    ],
  },
} as unknown as Pod;

Deno.test("all containers and sidecars, and by option or by name the others", () => {
  const cases: readonly [Partial<ContainerChoice>, string[]][] = [
    [{}, ["proxy", "main", "side"]],
    [{ initContainers: true }, ["setup", "proxy", "main", "side"]],
    [{ ephemeralContainers: true }, ["proxy", "main", "side", "debug"]],
    [{ container: [exact("setup"), exact("debug")] }, ["setup", "debug"]],
    [{ container: [{ kind: "regExp", regExp: /^s/ }] }, ["setup", "side"]],
    [{ excludeContainer: [exact("proxy")] }, ["main", "side"]],
    [{ containerState: ["running"] }, ["main"]],
    [{ containerState: ["terminated"], initContainers: true }, ["setup"]],
  ];
  for (const [choice, expected] of cases) {
    assert.deepEqual(chosenContainers(pod, { ...all, ...choice }), expected);
  }
});

Deno.test("how far a container is: a crash loop has a log between its starts", () => {
  assert.deepEqual(containerState(pod, "main"), { kind: "running", instance: 2 });
  assert.deepEqual(containerState(pod, "side"), {
    kind: "ended",
    isWaiting: true,
    instance: 4,
    final: false,
    last: { exitCode: 1, reason: "" },
  });
  assert.deepEqual(containerState(pod, "setup"), { kind: "ended", instance: 0, final: true });
  assert.equal(containerState(pod, "debug").kind, "waiting");
  const failed: Pod = { status: { phase: "Failed" } };
  assert.deepEqual(containerState(failed, "main"), { kind: "gone" });
});

Deno.test("the log of a previous instance may be there, removed, or never have been", () => {
  assert.equal(previousLog(pod, "side"), "readable");
  assert.equal(previousLog(pod, "main"), "removed");
  for (const name of ["setup", "debug"]) assert.equal(previousLog(pod, name), "none", name);
});

Deno.test("a condition is compared without regard to case", () => {
  assert.ok(hasCondition(pod, { type: "ready", status: "false" }));
  assert.ok(!hasCondition(pod, { type: "ready", status: "true" }));
  assert.ok(!hasCondition(pod, { type: "other", status: "false" }));
});
