import assert from "node:assert/strict";
import fc from "fast-check";
import type { DaemonSet, Deployment, ReplicaSet, StatefulSet } from "kubernetes-types/apps/v1.d.ts";
import type { Job } from "kubernetes-types/batch/v1.d.ts";
import { isActive, isReady } from "./pods.ts";
import { TestCluster, workloadSpec } from "./testing.ts";

const namespace = "default";

function deployment(spec: Partial<NonNullable<Deployment["spec"]>> = {}): Deployment {
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "web", namespace },
    spec: { replicas: 3, ...workloadSpec("web"), ...spec },
  };
}

function statefulSet(spec: Partial<NonNullable<StatefulSet["spec"]>> = {}): StatefulSet {
  return {
    apiVersion: "apps/v1",
    kind: "StatefulSet",
    metadata: { name: "db", namespace },
    spec: { replicas: 3, serviceName: "db", ...workloadSpec("db"), ...spec },
  };
}

function daemonSet(): DaemonSet {
  return {
    apiVersion: "apps/v1",
    kind: "DaemonSet",
    metadata: { name: "agent", namespace },
    spec: workloadSpec("agent"),
  };
}

function job(spec: Partial<NonNullable<Job["spec"]>> = {}): Job {
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { name: "once", namespace },
    spec: { ...workloadSpec("once"), ...spec },
  };
}

function activePods(cluster: TestCluster, app: string) {
  return cluster.list("pods").filter((pod) =>
    isActive(pod) && pod.metadata.labels?.["app"] === app
  );
}

/** What a client may do to the workloads between two moments. */
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

Deno.test("a rolling update keeps within its limits at every step", () => {
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

function setImage(cluster: TestCluster, image: string): void {
  cluster.edit("deployments", [namespace, "web"], (it) => {
    it.spec!.template.spec!.containers[0]!.image = image;
  });
}

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

Deno.test("a rollout whose pods never become ready is told to have failed at its deadline", () => {
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

Deno.test("a StatefulSet's partition keeps the lower members as they are", () => {
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

const jobEnds: {
  name: string;
  spec: Partial<NonNullable<Job["spec"]>>;
  behaviour: "succeeded" | "failed";
  pods: number;
  reason: string;
}[] = [
  { name: "one", spec: {}, behaviour: "succeeded", pods: 1, reason: "CompletionsReached" },
  {
    name: "five, two at a time",
    spec: { completions: 5, parallelism: 2 },
    behaviour: "succeeded",
    pods: 5,
    reason: "CompletionsReached",
  },
  {
    name: "indexed",
    spec: { completions: 3, parallelism: 3, completionMode: "Indexed" },
    behaviour: "succeeded",
    pods: 3,
    reason: "CompletionsReached",
  },
  {
    name: "fails twice and once more",
    spec: { backoffLimit: 2 },
    behaviour: "failed",
    pods: 3,
    reason: "BackoffLimitExceeded",
  },
];

for (const { name, spec, behaviour, pods, reason } of jobEnds) {
  Deno.test(`a Job comes to its end: ${name}`, () => {
    const cluster = new TestCluster().addNode();
    cluster.behaviour = () => behaviour;
    cluster.put("jobs", job(spec));
    // Each attempt waits longer than the last.
    for (let attempt = 0; attempt < 8; attempt++) {
      cluster.settle();
      cluster.now = new Date(cluster.now.getTime() + 400_000);
    }
    assert.equal(cluster.list("pods").length, pods);
    const { conditions } = cluster.get("jobs", namespace, "once").status ?? {};
    assert.equal(conditions?.find(({ type }) => /^(Complete|Failed)$/.test(type))?.reason, reason);
  });
}

Deno.test("a failed attempt of a Job is not repeated before its back-off", () => {
  const cluster = new TestCluster().addNode();
  cluster.behaviour = () => "failed";
  cluster.put("jobs", job());
  cluster.settle();
  assert.equal(cluster.list("pods").length, 1);
  cluster.now = new Date(cluster.now.getTime() + 9_000);
  cluster.settle();
  assert.equal(cluster.list("pods").length, 1);
  cluster.now = new Date(cluster.now.getTime() + 1_000);
  cluster.settle();
  assert.equal(cluster.list("pods").length, 2);
});

Deno.test("a Job that ended goes with its pods after its time to live", () => {
  const cluster = new TestCluster().addNode();
  cluster.behaviour = () => "succeeded";
  cluster.put("jobs", job({ ttlSecondsAfterFinished: 30 }));
  cluster.settle();
  assert.equal(cluster.list("jobs").length, 1);
  cluster.now = new Date(cluster.now.getTime() + 30_000);
  cluster.settle();
  assert.deepEqual([cluster.list("jobs").length, cluster.list("pods").length], [0, 0]);
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
