import assert from "node:assert/strict";
import type { KubeObject } from "../../kube/types.ts";
import { undone } from "./undo.ts";

const owner = (uid: string) => ({
  ownerReferences: [{ apiVersion: "apps/v1", kind: "x", name: "web", uid, controller: true }],
});

function template(image: string, hash?: string): Record<string, unknown> {
  const labels = { app: "web", ...(hash === undefined ? {} : { "pod-template-hash": hash }) };
  return { metadata: { labels }, spec: { containers: [{ name: "main", image }] } };
}

function replicaSet(revision: number, image: string, uid = "1"): KubeObject {
  return {
    apiVersion: "apps/v1",
    kind: "ReplicaSet",
    metadata: {
      name: `web-${revision}`,
      ...owner(uid),
      annotations: { "deployment.kubernetes.io/revision": `${revision}`, cause: image },
    },
    spec: { replicas: 1, template: template(image, "abc") },
  };
}

const deployment: KubeObject = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: {
    name: "web",
    uid: "1",
    annotations: { "deployment.kubernetes.io/revision": "10", cause: "c" },
  },
  spec: { replicas: 3, template: template("c") },
};

function imageOf(object: KubeObject | undefined): unknown {
  const { template } = (object?.spec ?? {}) as {
    template?: { spec?: { containers?: { image: string }[] } };
  };
  return template?.spec?.containers?.[0]?.image;
}

Deno.test("undone() has the template of the revision before, or of the one requested, and no hash", () => {
  // Revisions are sorted by number, not by text; those of another workload don't count.
  const revisions = [
    replicaSet(10, "c"),
    replicaSet(9, "b"),
    replicaSet(2, "a"),
    replicaSet(9, "z", "2"),
  ];
  const before = undone(deployment, revisions, 0);
  assert.deepEqual(before?.spec, { replicas: 3, template: template("b") });
  assert.deepEqual(before?.metadata.annotations, {
    "deployment.kubernetes.io/revision": "10",
    cause: "b",
  });
  assert.equal(imageOf(undone(deployment, revisions, 2)), "a");
  assert.equal(undone(deployment, revisions, 5), undefined);
  assert.equal(undone(deployment, [replicaSet(10, "c")], 0), undefined);
});

Deno.test("undone() reads the patch of a ControllerRevision", () => {
  const revision = (revision: number, image: string): KubeObject => ({
    apiVersion: "apps/v1",
    kind: "ControllerRevision",
    metadata: { name: `db-${revision}`, ...owner("1") },
    revision,
    data: { spec: { template: { $patch: "replace", ...template(image) } } },
  });
  const after = undone({ ...deployment, kind: "StatefulSet" }, [
    revision(2, "new"),
    revision(1, "old"),
  ], 0);
  assert.deepEqual(after?.spec, { replicas: 3, template: template("old") });
  assert.deepEqual(after?.metadata, deployment.metadata);
});
