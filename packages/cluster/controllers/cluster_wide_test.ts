import assert from "node:assert/strict";
import type { ConfigMap, Namespace, Pod } from "kubernetes-types/core/v1.d.ts";
import type { OwnerReference } from "kubernetes-types/meta/v1.d.ts";
import { resources } from "../resources.ts";
import type { Propagation } from "./action.ts";
import { TestCluster } from "./testing/fixture.ts";
import { workloadSpec } from "./testing/workloads.ts";

const namespace = "default";

function pod(spec: Partial<NonNullable<Pod["spec"]>> = {}): Pod {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "p", namespace },
    spec: { containers: [{ name: "main", image: "busybox" }], ...spec },
  };
}

function requesting(cpu: string): Partial<NonNullable<Pod["spec"]>> {
  return {
    containers: [{ name: "main", image: "busybox", resources: { requests: { cpu } } }],
  };
}

const help = "preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.";
const noVictims =
  "preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod.";

const web = { app: "web" };
const beside = (kind: "podAffinity" | "podAntiAffinity", app: string, more: object = {}) => ({
  affinity: {
    [kind]: {
      requiredDuringSchedulingIgnoredDuringExecution: [{
        topologyKey: "kubernetes.io/hostname",
        labelSelector: { matchLabels: { app } },
        ...more,
      }],
    },
  },
});
const onHost = (hostPort: number, hostIP?: string) => ({
  containers: [{
    name: "main",
    image: "busybox",
    ports: [{ containerPort: 80, hostPort, ...(hostIP === undefined ? {} : { hostIP }) }],
  }],
});

type Spec = Partial<NonNullable<Pod["spec"]>>;

/** Returns whether the second of two pods labelled `app=web`, created one after the other, is scheduled. */
const pairs: [name: string, first: Spec, second: Spec, refused: string | undefined][] = [
  ["no rules", {}, {}, undefined],
  [
    "anti-affinity",
    {},
    beside("podAntiAffinity", "web"),
    `1 node(s) didn't match pod anti-affinity rules. ${noVictims}`,
  ],
  ["anti-affinity to others", {}, beside("podAntiAffinity", "db"), undefined],
  [
    "anti-affinity in another namespace",
    {},
    beside("podAntiAffinity", "web", { namespaces: ["other"] }),
    undefined,
  ],
  [
    "the anti-affinity of the first",
    beside("podAntiAffinity", "web"),
    {},
    `1 node(s) didn't satisfy existing pods anti-affinity rules. ${noVictims}`,
  ],
  ["affinity to each other", beside("podAffinity", "web"), beside("podAffinity", "web"), undefined],
  [
    "affinity to what isn't there",
    {},
    beside("podAffinity", "db"),
    `1 node(s) didn't match pod affinity rules. ${help}`,
  ],
  [
    "one host port",
    onHost(80),
    onHost(80, "127.0.0.1"),
    `1 node(s) didn't have free ports for the requested pod ports. ${noVictims}`,
  ],
  ["one host port at two addresses", onHost(80, "127.0.0.1"), onHost(80, "127.0.0.2"), undefined],
];

for (const [name, first, second, refused] of pairs) {
  Deno.test(`the scheduler, given two pods with ${name}`, () => {
    const cluster = new TestCluster().addNode();
    for (const [name, spec] of [["p1", first], ["p2", second]] as const) {
      cluster.put("pods", { ...pod(spec), metadata: { name, namespace, labels: web } });
      cluster.settle();
    }
    assert.equal(cluster.get("pods", namespace, "p1").spec?.nodeName, "node-1");
    const { status } = cluster.get("pods", namespace, "p2");
    const condition = status?.conditions?.find(({ type }) => type === "PodScheduled");
    assert.equal(
      condition?.message,
      refused === undefined ? undefined : `0/1 nodes are available: ${refused}`,
    );
    if (refused === undefined) return;
    cluster.store.remove(resources.pods, namespace, "p1");
    cluster.settle();
    const placed = cluster.get("pods", namespace, "p2").spec?.nodeName;
    assert.equal(placed, name.includes("isn't there") ? undefined : "node-1");
  });
}

const taints = [{ key: "disk", value: "slow", effect: "NoSchedule" }];
const required = (values: string[]) => ({
  affinity: {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [{ matchExpressions: [{ key: "zone", operator: "In", values }] }],
      },
    },
  },
});

/** `refused` is the message of the condition and the event; absent if the pod is bound. */
const placements: {
  name: string;
  node?: { labels?: Record<string, string>; spec?: object };
  spec?: Partial<NonNullable<Pod["spec"]>>;
  refused?: string;
}[] = [
  { name: "anything on an empty node" },
  {
    name: "a matching nodeSelector",
    node: { labels: { a: "b" } },
    spec: { nodeSelector: { a: "b" } },
  },
  {
    name: "a nodeSelector that no node has",
    spec: { nodeSelector: { a: "b" } },
    refused: `1 node(s) didn't match Pod's node affinity/selector. ${help}`,
  },
  { name: "an affinity", node: { labels: { zone: "x" } }, spec: required(["x", "y"]) },
  {
    name: "another affinity",
    node: { labels: { zone: "x" } },
    spec: required(["y"]),
    refused: `1 node(s) didn't match Pod's node affinity/selector. ${help}`,
  },
  {
    name: "a taint",
    node: { spec: { taints } },
    refused: `1 node(s) had untolerated taint {disk: slow}. ${help}`,
  },
  {
    name: "a tolerated taint",
    node: { spec: { taints } },
    spec: { tolerations: [{ key: "disk", operator: "Exists" }] },
  },
  {
    name: "a cordoned node",
    node: { spec: { unschedulable: true } },
    refused: `1 node(s) were unschedulable. ${help}`,
  },
  {
    name: "more than there is",
    spec: requesting("65"),
    refused: `1 Insufficient cpu. ${noVictims}`,
  },
  { name: "all that there is", spec: requesting("64000m") },
  {
    name: "a claim that isn't there",
    spec: { volumes: [{ name: "v", persistentVolumeClaim: { claimName: "gone" } }] },
    refused: `persistentvolumeclaim "gone" not found. ${help}`,
  },
];

for (const { name, node, spec, refused } of placements) {
  Deno.test(`the scheduler, given ${name}`, () => {
    const cluster = new TestCluster().addNode("node-1", node);
    cluster.put("pods", pod(spec));
    cluster.settle();
    const { spec: bound, status } = cluster.get("pods", namespace, "p");
    const condition = status?.conditions?.find(({ type }) => type === "PodScheduled");
    const events = cluster.list("events").filter((each) => each.involvedObject.name === "p");
    if (refused === undefined) {
      assert.equal(bound?.nodeName, "node-1");
      assert.deepEqual(events.map(({ message }) => message), [
        "Successfully assigned default/p to node-1",
      ]);
      return;
    }
    const message = `0/1 nodes are available: ${refused}`;
    assert.equal(bound?.nodeName, undefined);
    assert.deepEqual([condition?.reason, condition?.message], ["Unschedulable", message]);
    assert.deepEqual(events.map((each) => [each.type, each.reason, each.message]), [
      ["Warning", "FailedScheduling", message],
    ]);
  });
}

Deno.test("a pod that waits is bound once a node comes that takes it", () => {
  const cluster = new TestCluster();
  cluster.put("pods", pod());
  cluster.settle();
  const condition = cluster.get("pods", namespace, "p").status?.conditions?.[0];
  assert.equal(condition?.message, "no nodes available to schedule pods");
  cluster.addNode().settle();
  assert.equal(cluster.get("pods", namespace, "p").spec?.nodeName, "node-1");
});

function configMap(name: string, owners: OwnerReference[] = []): ConfigMap {
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name, namespace, ownerReferences: owners },
  };
}

const cascades: { propagation: Propagation; left: string[]; first: string }[] = [
  { propagation: "background", left: [], first: "owner" },
  { propagation: "foreground", left: [], first: "dependent" },
  { propagation: "orphan", left: ["dependent"], first: "owner" },
];

for (const { propagation, left, first } of cascades) {
  Deno.test(`deleting with ${propagation} propagation`, () => {
    const cluster = new TestCluster();
    const owner = cluster.put("configMaps", configMap("owner"));
    const reference = {
      apiVersion: "v1",
      kind: "ConfigMap",
      name: "owner",
      uid: owner.metadata.uid,
    };
    const references = [{ ...reference, controller: true, blockOwnerDeletion: true }];
    cluster.put("configMaps", configMap("dependent", references));
    cluster.settle();
    const action = { kind: "delete", type: "configMaps", namespace, name: "owner" } as const;
    cluster.perform("client", [{ ...action, propagation }]);
    const order: string[] = [];
    const names = () =>
      cluster.list("configMaps").map(({ metadata }) => metadata.name)
        .filter((name) => name !== "kube-root-ca.crt");
    const note = () => {
      for (const name of ["owner", "dependent"]) {
        if (!names().includes(name) && !order.includes(name)) order.push(name);
      }
    };
    note();
    cluster.settle(note);
    assert.deepEqual(names(), left);
    assert.equal(order[0], first);
  });
}

Deno.test("an object that still has one of its owners stays", () => {
  const cluster = new TestCluster();
  const [one, two] = ["one", "two"].map((name) => cluster.put("configMaps", configMap(name)));
  const references = [one, two].map((owner) => ({
    apiVersion: "v1",
    kind: "ConfigMap",
    name: owner!.metadata.name,
    uid: owner!.metadata.uid,
  }));
  cluster.put("configMaps", configMap("child", references));
  cluster.store.remove(resources.configMaps, namespace, "one");
  cluster.settle();
  assert.ok(cluster.get("configMaps", namespace, "child"));
  cluster.store.remove(resources.configMaps, namespace, "two");
  cluster.settle();
  assert.equal(cluster.state().get("configMaps", namespace, "child"), undefined);
});

Deno.test("every namespace gets its account and the authority; the initial ones are there", () => {
  const cluster = new TestCluster();
  cluster.settle();
  const names = ["default", "kube-node-lease", "kube-public", "kube-system"];
  assert.deepEqual(cluster.list("namespaces").map(({ metadata }) => metadata.name), names);
  for (const name of names) {
    assert.ok(cluster.get("serviceAccounts", name, "default"));
    assert.equal(cluster.get("configMaps", name, "kube-root-ca.crt").data?.["ca.crt"], "pem");
  }
});

Deno.test("a deleted namespace is emptied first, and nothing new starts in it", () => {
  const cluster = new TestCluster().addNode();
  const ending: Namespace = {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name: "ending", finalizers: ["test/held"] },
  };
  cluster.put("namespaces", ending);
  cluster.put("deployments", {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "web", namespace: "ending" },
    spec: { replicas: 2, ...workloadSpec("web") },
  });
  cluster.settle();
  assert.equal(cluster.list("pods").length, 2);
  cluster.edit("namespaces", ["", "ending"], ({ metadata }) => {
    Object.assign(metadata, { deletionTimestamp: "2026-01-01T00:00:00Z" });
  });
  cluster.settle();
  assert.deepEqual([cluster.list("pods").length, cluster.list("replicaSets").length], [0, 0]);
  assert.equal(cluster.state().get("namespaces", "", "ending"), undefined);
});

Deno.test("a claim is bound to a fitting volume that is there, rather than to a new one", () => {
  const cluster = new TestCluster();
  const volume = (name: string, storage: string) =>
    cluster.put("persistentVolumes", {
      apiVersion: "v1",
      kind: "PersistentVolume",
      metadata: { name },
      spec: {
        capacity: { storage },
        accessModes: ["ReadWriteOnce"],
        hostPath: { path: "/x" },
        storageClassName: "by-hand",
      },
    });
  volume("small", "1Gi");
  volume("large", "10Gi");
  cluster.put("persistentVolumeClaims", {
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: { name: "data", namespace },
    spec: {
      storageClassName: "by-hand",
      accessModes: ["ReadWriteOnce"],
      resources: { requests: { storage: "5Gi" } },
    },
  });
  cluster.settle();
  assert.equal(cluster.get("persistentVolumeClaims", namespace, "data").spec?.volumeName, "large");
  assert.deepEqual(
    cluster.list("persistentVolumes").map(({ metadata, status }) => [metadata.name, status?.phase]),
    [["large", "Bound"], ["small", "Available"]],
  );
});

Deno.test("a provisioned volume goes with its claim", () => {
  const cluster = new TestCluster();
  cluster.put("persistentVolumeClaims", {
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: { name: "data", namespace },
    spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } },
  });
  cluster.settle();
  const claim = cluster.get("persistentVolumeClaims", namespace, "data");
  assert.equal(claim.status?.phase, "Bound");
  assert.equal(claim.spec?.storageClassName, "standard");
  const path = cluster.list("persistentVolumes")[0]?.spec?.hostPath?.path;
  assert.equal(path, `/volumes/default_data_${claim.metadata.uid}`);
  cluster.store.remove(resources.persistentVolumeClaims, namespace, "data");
  cluster.settle();
  assert.deepEqual(cluster.list("persistentVolumes"), []);
});

Deno.test("the same event again is counted, and each goes after an hour", () => {
  const cluster = new TestCluster().addNode();
  const subject = { apiVersion: "v1", kind: "Pod", namespace, name: "p", uid: "u" };
  const action = { kind: "event", type: "Normal", subject, reason: "R", message: "m" } as const;
  cluster.perform("test", [action, action, { ...action, message: "other" }]);
  const counts = () => cluster.list("events").map(({ message, count }) => [message, count]).sort();
  assert.deepEqual(counts(), [["m", 2], ["other", 1]]);
  cluster.now = new Date(cluster.now.getTime() + 3_600_000);
  cluster.settle();
  assert.deepEqual(counts(), []);
});
