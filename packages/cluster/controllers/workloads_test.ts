import assert from "node:assert/strict";
import fc from "fast-check";
import type { ReplicaSet } from "kubernetes-types/apps/v1.d.ts";
import { isReady } from "./pods.ts";
import { TestCluster } from "./testing/fixture.ts";
import {
  activePods,
  daemonSet,
  deployment,
  namespace,
  statefulSet,
  workloadSpec,
} from "./testing/workloads.ts";

/** A client's change to the workloads between two moments. */
const edits = fc.oneof(
  fc.record({ verb: fc.constant("scale" as const), replicas: fc.nat(5) }),
  fc.record({ verb: fc.constant("image" as const), image: fc.constantFrom("a:1", "a:2", "a:3") }),
  fc.record({ verb: fc.constant("killPod" as const), which: fc.nat(9) }),
  fc.record({ verb: fc.constant("pause" as const), paused: fc.boolean() }),
  fc.record({ verb: fc.constant("pass" as const), passes: fc.nat(3) }),
);

function edit(
  cluster: TestCluster,
  change: typeof edits extends fc.Arbitrary<infer T> ? T : never,
) {
  switch (change.verb) {
    case "scale":
      cluster.edit(
        "deployments",
        [namespace, "web"],
        (it) => (it.spec!.replicas = change.replicas),
      );
      cluster.edit(
        "statefulSets",
        [namespace, "db"],
        (it) => (it.spec!.replicas = change.replicas),
      );
      return;
    case "image":
      for (const [type, name] of [["deployments", "web"], ["statefulSets", "db"]] as const) {
        cluster.edit(type, [namespace, name], (it) => {
          it.spec!.template.spec!.containers[0]!.image = change.image;
        });
      }
      return;
    case "killPod": {
      const pods = cluster.list("pods");
      const pod = pods[change.which % Math.max(1, pods.length)];
      if (pod === undefined) return;
      const name = pod.metadata.name;
      const action = { kind: "delete", type: "pods", namespace, name } as const;
      return cluster.perform("client", [{ ...action, propagation: "background" }]);
    }
    case "pause":
      return cluster.edit("deployments", [namespace, "web"], (it) => {
        it.spec!.paused = change.paused;
      });
    case "pass":
      for (let count = 0; count < change.passes; count++) {
        cluster.pass();
        cluster.obeyNode();
      }
  }
}

Deno.test("from any state the workloads converge, and the pass after that is empty", () => {
  fc.assert(
    fc.property(fc.array(edits, { maxLength: 12 }), fc.constantFrom("OrderedReady", "Parallel"), (
      changes,
      podManagementPolicy,
    ) => {
      const cluster = new TestCluster().addNode();
      cluster.put("deployments", deployment());
      cluster.put("statefulSets", statefulSet({ podManagementPolicy }));
      cluster.put("daemonSets", daemonSet());
      for (const change of changes) edit(cluster, change);
      cluster.edit("deployments", [namespace, "web"], (it) => (it.spec!.paused = false));
      cluster.settle();
      assert.equal(cluster.pass(), 0);

      const web = cluster.get("deployments", namespace, "web");
      const pods = activePods(cluster, "web");
      assert.equal(pods.length, web.spec?.replicas);
      const image = web.spec?.template.spec?.containers[0]?.image;
      assert.ok(pods.every((pod) => isReady(pod) && pod.spec?.containers[0]?.image === image));
      assert.equal(web.status?.updatedReplicas ?? 0, web.spec?.replicas);
      assert.equal(web.status?.observedGeneration, web.metadata.generation);

      const db = cluster.get("statefulSets", namespace, "db");
      assert.deepEqual(
        activePods(cluster, "db").map(({ metadata }) => metadata.name).sort(),
        Array.from({ length: db.spec?.replicas ?? 0 }, (_, ordinal) => `db-${ordinal}`),
      );
      assert.equal(db.status?.currentRevision, db.status?.updateRevision);
      assert.equal(activePods(cluster, "agent").length, 1);
    }),
    { numRuns: 150 },
  );
});

Deno.test("a ReplicaSet adopts a matching orphan and lets go of a pod that stopped matching", () => {
  const cluster = new TestCluster().addNode();
  const set: ReplicaSet = {
    apiVersion: "apps/v1",
    kind: "ReplicaSet",
    metadata: { name: "rs", namespace },
    spec: { replicas: 2, ...workloadSpec("web") },
  };
  cluster.put("pods", {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "orphan", namespace, labels: { app: "web" } },
    spec: { containers: [{ name: "main", image: "busybox" }] },
  });
  cluster.put("replicaSets", set);
  cluster.settle();
  const names = () => activePods(cluster, "web").map(({ metadata }) => metadata.name);
  assert.equal(names().length, 2);
  assert.ok(names().includes("orphan"));
  cluster.edit("pods", [namespace, "orphan"], (pod) => (pod.metadata.labels = { app: "other" }));
  cluster.settle();
  assert.equal(names().length, 2);
  assert.equal(cluster.get("pods", namespace, "orphan").metadata.ownerReferences, undefined);
});
