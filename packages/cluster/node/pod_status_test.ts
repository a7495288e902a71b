import assert from "node:assert/strict";
import type { Pod } from "../../../src/kube/types.ts";
import { BackOff, goDuration } from "./back_off.ts";
import { type ContainerRecord, type ContainerRole, newRecord } from "./container_state.ts";
import { PodAddresses } from "./node.ts";
import { podPhase, podStatus } from "./pod_status.ts";
import { unenforcedFields } from "./pod_worker.ts";

const now = new Date("2026-01-01T00:00:00Z");

function record(
  state: "waiting" | "running" | number,
  { role = "main" as ContainerRole, crashed = false } = {},
): ContainerRecord {
  const made = newRecord({ name: "c", image: "busybox" }, role);
  const end = (exitCode: number) => ({
    exitCode,
    reason: "Error" as const,
    startedAt: now,
    finishedAt: now,
    containerId: "",
  });
  if (state === "running") made.phase = { kind: "running", startedAt: now };
  else if (state !== "waiting") made.phase = { kind: "terminated", termination: end(state) };
  if (crashed) made.last = end(1);
  return made;
}

const podWith = (restartPolicy: string): Pod => ({
  metadata: {},
  spec: { restartPolicy: restartPolicy as "Always", containers: [] },
});

Deno.test("a pod with readiness gates is ready when others have opened all of them", () => {
  const gates = ["example.com/a", "example.com/b"];
  const statusWith = (written: Record<string, string>) => {
    const conditions = Object.entries(written).map(([type, status]) => ({ type, status }));
    const pod: Pod = {
      metadata: {},
      spec: { containers: [], readinessGates: gates.map((conditionType) => ({ conditionType })) },
      status: { conditions },
    };
    const facts = { pod, records: [ready], podIp: "", hostIp: "", startedAt: now, now };
    return podStatus(facts).conditions ?? [];
  };
  const ready = { ...record("running"), ready: true };
  const readiness = (written: Record<string, string>) => {
    const found = statusWith(written).find(({ type }) => type === "Ready");
    return [found?.status, found?.reason, found?.message];
  };
  const missing = (gate: string) =>
    `corresponding condition of pod readiness gate "${gate}" does not exist.`;
  assert.deepEqual(readiness({}), [
    "False",
    "ReadinessGatesNotReady",
    gates.map(missing).join("; "),
  ]);
  assert.deepEqual(readiness({ "example.com/a": "True", "example.com/b": "False" }), [
    "False",
    "ReadinessGatesNotReady",
    'the status of pod readiness gate "example.com/b" is not "True", but False',
  ]);
  const open = { "example.com/a": "True", "example.com/b": "True" };
  assert.deepEqual(readiness(open), ["True", undefined, undefined]);
  const types = statusWith(open).map(({ type }) => type);
  assert.deepEqual(types.filter((type) => type.includes("/")), gates);
});

Deno.test("the phase follows from the containers and the policy", () => {
  const init = { role: "init" as const };
  const cases: [string, ContainerRecord[], string][] = [
    ["Always", [record("waiting")], "Pending"],
    ["Always", [record("running"), record("waiting")], "Pending"],
    ["Always", [record("running"), record("waiting", { crashed: true })], "Running"],
    ["Always", [record("waiting", { crashed: true })], "Running"],
    ["Always", [record(0)], "Running"],
    ["OnFailure", [record(1)], "Running"],
    ["OnFailure", [record(0), record(0)], "Succeeded"],
    ["Never", [record(0), record(1)], "Failed"],
    ["Never", [record(0), record("running")], "Running"],
    ["Always", [record("running", init), record("waiting")], "Pending"],
    ["Never", [record(1, init), record("waiting")], "Failed"],
    ["Always", [record(1, init), record("waiting")], "Pending"],
    ["Always", [record(0, init), record("running")], "Running"],
  ];
  for (const [policy, records, phase] of cases) {
    assert.equal(podPhase(podWith(policy), records), phase, `${policy} ${JSON.stringify(records)}`);
  }
});

Deno.test("a condition keeps its time until it changes", () => {
  const facts = { podIp: "10.244.0.2", hostIp: "127.0.0.1", startedAt: now, now };
  const running = record("running");
  const before = podStatus({ ...facts, pod: podWith("Always"), records: [running] });
  running.ready = true;
  const later = new Date(now.getTime() + 60_000);
  const pod = { ...podWith("Always"), status: before };
  const after = podStatus({ ...facts, pod, records: [running], now: later });
  const time = (type: string) =>
    after.conditions?.find((each) => each.type === type)?.lastTransitionTime;
  assert.equal(time("PodScheduled"), "2026-01-01T00:00:00Z");
  assert.equal(time("Ready"), "2026-01-01T00:01:00Z");
});

Deno.test("the quality of service follows from requests and limits", () => {
  const facts = { podIp: "", hostIp: "", startedAt: now, now, records: [] };
  const qos = (resources: object) =>
    podStatus({
      ...facts,
      pod: { spec: { containers: [{ name: "c", resources }] } },
    }).qosClass;
  assert.equal(qos({}), "BestEffort");
  assert.equal(qos({ requests: { cpu: "1" } }), "Burstable");
  assert.equal(qos({ limits: { cpu: "1", memory: "1Gi" } }), "Guaranteed");
});

Deno.test("waiting doubles from 10 s to 5 min, and is forgotten after quiet", () => {
  const backOff = new BackOff();
  const immediateFirst = true;
  const delays = Array.from({ length: 8 }, () => backOff.next(now, { immediateFirst }) / 1000);
  assert.deepEqual(delays, [0, 10, 20, 40, 80, 160, 300, 300]);
  const quiet = new Date(now.getTime() + 1000_000);
  assert.equal(backOff.next(quiet, { immediateFirst }), 0);
  assert.deepEqual([10_000, 80_000, 300_000].map(goDuration), ["10s", "1m20s", "5m0s"]);
});

Deno.test("addresses are unique, in the pods' range, and come back", () => {
  const addresses = new PodAddresses();
  const taken = Array.from({ length: 1000 }, () => addresses.take());
  assert.equal(new Set(taken).size, 1000);
  for (const address of taken) assert.match(address, /^10\.244\.[0-3]\.\d+$/);
  addresses.release(taken[0] ?? "");
  assert.notEqual(addresses.take(), taken[0]);
});

const namespaces = { isolation: "namespaces", user: "root" } as const;

for (
  const [spec, fields] of [
    [{}, []],
    [{ securityContext: { runAsNonRoot: true, runAsUser: 1000 } }, ["runAsNonRoot", "runAsUser"]],
    [{ securityContext: { runAsUser: 0 } }, []],
    [{ containers: [{ securityContext: { runAsUser: 7 } }] }, ["runAsUser"]],
    [{ containers: [{ resources: { limits: { cpu: "1" }, requests: { cpu: "1" } } }] }, ["limits"]],
    [{ containers: [{ resources: { requests: { cpu: "1" } } }] }, []],
    [{ containers: [{ ports: [{ containerPort: 80, hostPort: 8080 }] }] }, ["hostPort"]],
    [{ containers: [{ ports: [{ containerPort: 80, hostPort: 80 }] }] }, []],
  ] as const
) {
  Deno.test(`\`unenforcedFields()\` of ${JSON.stringify(spec)}: ${fields.join(", ") || "none"}`, () => {
    assert.deepEqual(unenforcedFields({ spec } as unknown as Pod, namespaces), fields);
  });
}
