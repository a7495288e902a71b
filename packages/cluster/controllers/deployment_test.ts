import assert from "node:assert/strict";
import fc from "fast-check";
import { isReady } from "./pods.ts";
import { TestCluster } from "./testing/fixture.ts";
import { activePods, deployment, namespace, setImage } from "./testing/workloads.ts";

Deno.test("a rolling update stays within its limits at every step", () => {
  const limits = fc.record({
    replicas: fc.integer({ min: 1, max: 8 }),
    maxSurge: fc.oneof(fc.nat(3), fc.constantFrom("25%", "50%", "100%")),
    maxUnavailable: fc.oneof(fc.nat(3), fc.constantFrom("25%", "50%")),
  });
  fc.assert(fc.property(limits, ({ replicas, maxSurge, maxUnavailable }) => {
    const cluster = new TestCluster().addNode();
    const rollingUpdate = { maxSurge, maxUnavailable };
    cluster.put("deployments", deployment({ replicas, strategy: { rollingUpdate } }));
    cluster.settle();
    const share = (value: number | string, round: (n: number) => number) =>
      typeof value === "number" ? value : round(replicas * parseInt(value) / 100);
    const surge = share(maxSurge, Math.ceil);
    const missing = share(maxUnavailable, Math.floor);
    const mayMiss = surge === 0 && missing === 0 ? 1 : missing;
    setImage(cluster, "busybox:2");
    cluster.settle(() => {
      const pods = activePods(cluster, "web");
      assert.ok(pods.length <= replicas + surge, `${pods.length} pods`);
      assert.ok(pods.filter(isReady).length >= replicas - mayMiss, "too few are ready");
    });
    assert.ok(
      activePods(cluster, "web").every((pod) => pod.spec?.containers[0]?.image === "busybox:2"),
    );
  }));
});

Deno.test("Recreate never runs two revisions at once", () => {
  const cluster = new TestCluster().addNode();
  cluster.put("deployments", deployment({ strategy: { type: "Recreate" } }));
  cluster.settle();
  setImage(cluster, "busybox:2");
  cluster.settle(() => {
    const images = new Set(cluster.list("pods").map((pod) => pod.spec?.containers[0]?.image));
    assert.ok(images.size <= 1, [...images].join());
  });
  assert.equal(activePods(cluster, "web").length, 3);
});

function revisions(cluster: TestCluster): Record<string, string> {
  return Object.fromEntries(
    cluster.list("replicaSets").map((set) => [
      set.spec?.template?.spec?.containers[0]?.image ?? "",
      set.metadata.annotations?.["deployment.kubernetes.io/revision"] ?? "",
    ]),
  );
}

Deno.test("going back to an old template gives its ReplicaSet a new revision", () => {
  const cluster = new TestCluster().addNode();
  cluster.put("deployments", deployment());
  cluster.settle();
  setImage(cluster, "busybox:2");
  cluster.settle();
  assert.deepEqual(revisions(cluster), { "busybox:1": "1", "busybox:2": "2" });
  setImage(cluster, "busybox:1");
  cluster.settle();
  assert.deepEqual(revisions(cluster), { "busybox:1": "3", "busybox:2": "2" });
  const web = cluster.get("deployments", namespace, "web");
  assert.equal(web.metadata.annotations?.["deployment.kubernetes.io/revision"], "3");
});

Deno.test("the oldest revisions beyond the history limit go", () => {
  const cluster = new TestCluster().addNode();
  cluster.put("deployments", deployment({ revisionHistoryLimit: 1 }));
  for (const image of ["a:1", "a:2", "a:3"]) {
    setImage(cluster, image);
    cluster.settle();
  }
  assert.deepEqual(Object.keys(revisions(cluster)).sort(), ["a:2", "a:3"]);
});

Deno.test("a paused Deployment starts no new revision, and does when it is resumed", () => {
  const cluster = new TestCluster().addNode();
  cluster.put("deployments", deployment());
  cluster.settle();
  cluster.edit("deployments", [namespace, "web"], (it) => (it.spec!.paused = true));
  setImage(cluster, "busybox:2");
  cluster.settle();
  assert.deepEqual(revisions(cluster), { "busybox:1": "1" });
  const condition = () =>
    cluster.get("deployments", namespace, "web").status?.conditions
      ?.find(({ type }) => type === "Progressing")?.reason;
  assert.equal(condition(), "DeploymentPaused");
  cluster.edit("deployments", [namespace, "web"], (it) => (it.spec!.paused = false));
  cluster.settle();
  assert.equal(condition(), "NewReplicaSetAvailable");
});

Deno.test("a rollout whose pods never become ready fails at its deadline", () => {
  const cluster = new TestCluster().addNode();
  cluster.behaviour = () => "starting";
  cluster.put("deployments", deployment({ progressDeadlineSeconds: 60 }));
  cluster.settle();
  cluster.now = new Date(cluster.now.getTime() + 61_000);
  cluster.settle();
  const conditions = cluster.get("deployments", namespace, "web").status?.conditions ?? [];
  const of = (type: string) => conditions.find((each) => each.type === type);
  assert.equal(of("Progressing")?.reason, "ProgressDeadlineExceeded");
  assert.equal(of("Available")?.reason, "MinimumReplicasUnavailable");
});
