import assert from "node:assert/strict";
import { TestCluster } from "./testing/fixture.ts";
import { deployment, namespace } from "./testing/workloads.ts";

const cases: [Record<string, unknown>, unhealthy: number, [desired: number, allowed: number]][] = [
  [{ minAvailable: 2 }, 0, [2, 1]],
  [{ minAvailable: 2 }, 1, [2, 0]],
  [{ minAvailable: "50%" }, 0, [2, 1]],
  [{ maxUnavailable: 1 }, 0, [2, 1]],
  [{ maxUnavailable: 1 }, 1, [2, 0]],
  [{ maxUnavailable: "100%" }, 0, [0, 3]],
  [{}, 0, [3, 0]],
];

for (const [limits, unhealthy, expected] of cases) {
  Deno.test(`of three pods, ${unhealthy} not ready, ${JSON.stringify(limits)} allows ${expected[1]} evictions`, () => {
    const cluster = new TestCluster().addNode();
    const starting = new Set<string>();
    cluster.behaviour = ({ metadata: { uid } }) => {
      if (starting.size < unhealthy) starting.add(uid);
      return starting.has(uid) ? "starting" : "ready";
    };
    cluster.put("deployments", deployment());
    cluster.put("podDisruptionBudgets", {
      metadata: { name: "web", namespace },
      spec: { selector: { matchLabels: { app: "web" } }, ...limits },
    });
    cluster.settle();
    const { status } = cluster.get("podDisruptionBudgets", namespace, "web");
    assert.deepEqual([status?.desiredHealthy, status?.disruptionsAllowed], expected);
    assert.equal(status?.expectedPods, 3);
    assert.equal(status?.conditions?.[0]?.status, expected[1] > 0 ? "True" : "False");
  });
}
