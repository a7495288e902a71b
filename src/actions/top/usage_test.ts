import assert from "node:assert/strict";
import type { Pod } from "../../kube/types.ts";
import { nodeUsage, podUsage, sortedUsage, type UsageRow } from "./usage.ts";

type Amounts = { cpu?: string; memory?: string };

function pod(containers: Record<string, { requests?: Amounts; limits?: Amounts }>): Pod {
  return {
    metadata: { name: "web-0", namespace: "shop" },
    spec: {
      nodeName: "n1",
      containers: Object.entries(containers).map(([name, resources]) => ({
        name,
        resources: resources as Record<string, Record<string, string>>,
      })),
    },
  };
}

const two = pod({
  app: { requests: { cpu: "250m", memory: "256Mi" }, limits: { cpu: "1", memory: "1Gi" } },
  side: { requests: { memory: "64Mi" } },
});

const measured = {
  timestamp: "2026-01-01T00:00:00Z",
  containers: [
    { name: "app", usage: { cpu: "125000000n", memory: "131072Ki" } },
    { name: "side", usage: { cpu: "25m", memory: "32Mi" } },
  ],
};

const options = { context: "lab", byContainer: false, only: undefined };

Deno.test("a pod's row is the sum of its containers, and has a limit only if each of them has one", () => {
  const [row, ...others] = podUsage(two, measured, options);
  assert.deepEqual(others, []);
  assert.deepEqual(row?.cpu, { used: 0.15, requested: 0.25, limit: undefined });
  assert.deepEqual(row?.memory, {
    used: 160 * 2 ** 20,
    requested: 320 * 2 ** 20,
    limit: undefined,
  });
});

Deno.test("a container's row has its own values, and one container can be chosen", () => {
  const rows = podUsage(two, measured, { ...options, byContainer: true });
  assert.deepEqual(rows.map(({ container, cpu }) => [container, cpu.used, cpu.limit]), [
    ["app", 0.125, 1],
    ["side", 0.025, undefined],
  ]);
  const [only] = podUsage(two, measured, { ...options, only: "app" });
  assert.deepEqual([only?.container, only?.cpu.used, only?.cpu.limit], ["app", 0.125, 1]);
});

Deno.test("a pod without metrics has no usage, and its requests", () => {
  const [row] = podUsage(two, undefined, options);
  assert.deepEqual([row?.cpu.used, row?.cpu.requested, row?.measuredAt], [
    undefined,
    0.25,
    undefined,
  ]);
});

Deno.test("sidecars count, and init containers that end don't", () => {
  const sidecar = pod({ app: { requests: { cpu: "1" } } });
  sidecar.spec!.initContainers = [
    { name: "setup", resources: { requests: { cpu: "4" } } },
    { name: "proxy", restartPolicy: "Always", resources: { requests: { cpu: "500m" } } },
  ];
  assert.equal(podUsage(sidecar, undefined, options)[0]?.cpu.requested, 1.5);
});

Deno.test("a node's row has what its pods request, without those that have ended", () => {
  const node = { metadata: { name: "n1" }, status: { allocatable: { cpu: "4", memory: "8Gi" } } };
  const ended: Pod = { ...two, status: { phase: "Succeeded" } };
  const usage = { usage: { cpu: "1", memory: "2Gi" } };
  const row = nodeUsage(node, usage, { context: "lab", pods: [two, ended] });
  assert.deepEqual(row.cpu, { used: 1, requested: 0.25, limit: 4 });
  assert.equal(
    nodeUsage(node, usage, { context: "lab", pods: undefined }).cpu.requested,
    undefined,
  );
});

Deno.test("rows are sorted by the largest consumer, and unmeasured ones come last", () => {
  const row = (name: string, used: number | undefined): UsageRow => ({
    context: "lab",
    namespace: "shop",
    name,
    node: "",
    cpu: { used, requested: undefined, limit: undefined },
    memory: { used: undefined, requested: undefined, limit: undefined },
    measuredAt: undefined,
  });
  const rows = [row("d", 1), row("c", undefined), row("b", 2), row("a", 1)];
  assert.deepEqual(sortedUsage(rows, "cpu").map(({ name }) => name), ["b", "a", "d", "c"]);
  assert.deepEqual(sortedUsage(rows, "name").map(({ name }) => name), ["a", "b", "c", "d"]);
});
