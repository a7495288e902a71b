import assert from "node:assert/strict";
import { TestCluster } from "./testing/fixture.ts";
import { activePods, namespace, statefulSet } from "./testing/workloads.ts";

Deno.test("an ordered StatefulSet starts its members one after another and stops them from above", () => {
  const cluster = new TestCluster().addNode();
  cluster.put("statefulSets", statefulSet());
  const seen: string[] = [];
  cluster.settle(() => seen.push(activePods(cluster, "db").map((p) => p.metadata.name).join()));
  assert.deepEqual([...new Set(seen)].slice(-3), ["db-0", "db-0,db-1", "db-0,db-1,db-2"]);
  cluster.edit("statefulSets", [namespace, "db"], (it) => (it.spec!.replicas = 1));
  const left: string[] = [];
  cluster.settle(() => left.push(cluster.list("pods").map((p) => p.metadata.name).join()));
  assert.deepEqual([...new Set(left)], ["db-0,db-1", "db-0"]);
});

Deno.test("a StatefulSet adopts pods that have its names, and leaves others with its labels alone", () => {
  const cluster = new TestCluster().addNode();
  for (const name of ["tester", "db-x", "db-1"]) {
    const { metadata, spec } = statefulSet().spec!.template;
    cluster.put("pods", { metadata: { ...metadata, name, namespace }, spec: spec! });
  }
  cluster.put("statefulSets", statefulSet({ replicas: 2 }));
  cluster.settle();
  assert.deepEqual(
    cluster.list("pods").map((
      { metadata },
    ) => [metadata.name, metadata.ownerReferences?.[0]?.name]),
    [["db-0", "db"], ["db-1", "db"], ["db-x", undefined], ["tester", undefined]],
  );
});

Deno.test("a StatefulSet's claims are bound, outlive its pods and are taken up again", () => {
  const cluster = new TestCluster().addNode();
  const volumeClaimTemplates = [{
    metadata: { name: "data" },
    spec: {
      accessModes: ["ReadWriteOnce"],
      resources: { requests: { storage: "1Gi" } },
    },
  }];
  cluster.put("statefulSets", statefulSet({ replicas: 2, volumeClaimTemplates }));
  cluster.settle();
  const volumes = () =>
    cluster.list("persistentVolumeClaims").map(({ metadata, spec, status }) =>
      [metadata.name, spec?.volumeName, status?.phase] as const
    );
  const before = volumes();
  assert.deepEqual(before.map(([name, , phase]) => [name, phase]), [
    ["data-db-0", "Bound"],
    ["data-db-1", "Bound"],
  ]);
  for (const replicas of [0, 2]) {
    cluster.edit("statefulSets", [namespace, "db"], (it) => (it.spec!.replicas = replicas));
    cluster.settle();
  }
  assert.deepEqual(volumes(), before);
});

Deno.test("a StatefulSet's partition leaves the lower members unchanged", () => {
  const cluster = new TestCluster().addNode();
  const updateStrategy = { type: "RollingUpdate", rollingUpdate: { partition: 2 } };
  cluster.put("statefulSets", statefulSet({ updateStrategy }));
  cluster.settle();
  cluster.edit("statefulSets", [namespace, "db"], (it) => {
    it.spec!.template.spec!.containers[0]!.image = "busybox:2";
  });
  cluster.settle();
  assert.deepEqual(
    activePods(cluster, "db").map((pod) => pod.spec?.containers[0]?.image),
    ["busybox:1", "busybox:1", "busybox:2"],
  );
});
