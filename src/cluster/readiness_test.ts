import assert from "node:assert/strict";
import type { Pod } from "kubernetes-types/core/v1.d.ts";
import { TestCluster } from "./controllers/testing/fixture.ts";
import { workloadSpec } from "./controllers/testing/workloads.ts";
import { readinessOf } from "./readiness.ts";

function readyNode(cluster: TestCluster): void {
  cluster.addNode();
  cluster.edit("nodes", ["", "node-1"], (node) => {
    Object.assign(node.status ?? {}, { conditions: [{ type: "Ready", status: "True" }] });
  });
}

function putSet(cluster: TestCluster, replicas: number): void {
  cluster.put("statefulSets", {
    apiVersion: "apps/v1",
    kind: "StatefulSet",
    metadata: { name: "db", namespace: "default" },
    spec: { replicas, serviceName: "db", podManagementPolicy: "Parallel", ...workloadSpec("db") },
  });
}

function waiting(reason: string): Partial<Pod> {
  const status = { name: "main", image: "", imageID: "", ready: false, restartCount: 0 };
  return {
    status: {
      phase: "Pending",
      containerStatuses: [{ ...status, state: { waiting: { reason } } }],
    },
  };
}

Deno.test("a world isn't ready before its node, its pods, and all of them", () => {
  const cluster = new TestCluster();
  assert.equal(readinessOf(cluster.state()).settled, false);
  readyNode(cluster);
  assert.equal(readinessOf(cluster.state()).settled, true);
  putSet(cluster, 2);
  assert.deepEqual(readinessOf(cluster.state()), {
    settled: false,
    pods: { ready: 0, expected: 2 },
  });
  cluster.settle();
  assert.deepEqual(readinessOf(cluster.state()), {
    settled: true,
    pods: { ready: 2, expected: 2 },
  });
});

Deno.test("a container that crashed is as far as it gets; one that was lost with its node is waited for", () => {
  const settled = (reason: string) => {
    const cluster = new TestCluster();
    readyNode(cluster);
    const { status } = waiting("ContainerCreating");
    const containerStatuses = status?.containerStatuses?.map((each) => ({
      ...each,
      restartCount: 1,
      lastState: { terminated: { exitCode: 1, reason } },
    }));
    cluster.put("pods", {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "one", namespace: "default" },
      spec: { containers: [], nodeName: "node-1" },
      status: { ...status, ...(containerStatuses && { containerStatuses }) },
    });
    return readinessOf(cluster.state()).settled;
  };
  assert.deepEqual([settled("Error"), settled("Unknown")], [true, false]);
});

Deno.test("a pod that no node takes is waited for no longer than until that is known", () => {
  const cluster = new TestCluster();
  readyNode(cluster);
  cluster.put("pods", {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "picky", namespace: "default" },
    spec: { containers: [], nodeSelector: { disk: "ssd" } },
  });
  assert.equal(readinessOf(cluster.state()).settled, false);
  cluster.settle();
  assert.deepEqual(readinessOf(cluster.state()), {
    settled: true,
    pods: { ready: 0, expected: 0 },
  });
});

const reasons: [string, boolean][] = [
  ["ContainerCreating", false],
  ["CrashLoopBackOff", true],
  ["ImagePullBackOff", true],
];

for (const [reason, settled] of reasons) {
  Deno.test(`a pod that waits with ${reason} is ${settled ? "as far as it gets" : "waited for"}`, () => {
    const cluster = new TestCluster();
    readyNode(cluster);
    cluster.put("pods", {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "one", namespace: "default" },
      spec: { containers: [], nodeName: "node-1" },
      ...waiting(reason),
    });
    assert.deepEqual(readinessOf(cluster.state()), { settled, pods: { ready: 0, expected: 1 } });
  });
}
