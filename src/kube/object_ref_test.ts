import assert from "node:assert/strict";
import { eventsAbout, eventUids, type ObjectRef, storedObjectRef } from "./object_ref.ts";
import { kindName, NODES, PODS, shownKind, STATEFUL_SETS } from "./resources.ts";
import { isSelectable } from "./select/selection_scopes.ts";

const custom = { ...STATEFUL_SETS, group: "apps.example.com" };

Deno.test("only kinds of Kubernetes' own groups are selectable", () => {
  assert.equal(isSelectable(PODS), true);
  assert.equal(isSelectable({ ...STATEFUL_SETS }), true);
  assert.equal(isSelectable(custom), false);
  assert.equal(isSelectable({ ...PODS, group: "metrics.k8s.io" }), false);
  assert.equal(isSelectable(NODES), false);
});

Deno.test("a kind's name has its group", () => {
  assert.deepEqual([PODS, STATEFUL_SETS, custom].map(kindName), [
    "pods",
    "statefulsets.apps",
    "statefulsets.apps.example.com",
  ]);
  assert.deepEqual([PODS, STATEFUL_SETS, custom].map(shownKind), [
    "pods",
    "statefulsets",
    "statefulsets.apps.example.com",
  ]);
});

Deno.test("a stored reference is read back, unless a part of it is missing", () => {
  const ref: ObjectRef = {
    context: "prod",
    resource: custom,
    namespace: "shop",
    name: "db",
    uid: "u1",
  };
  assert.deepEqual(storedObjectRef(JSON.parse(JSON.stringify(ref))), ref);
  const { uid: _, namespace: _namespace, ...least } = ref;
  assert.deepEqual(storedObjectRef(least), least);
  for (const name of ["context", "resource", "name"] as const) {
    assert.equal(storedObjectRef({ ...ref, [name]: undefined }), undefined, name);
  }
  for (const name of ["group", "version", "plural", "kind", "namespaced"] as const) {
    const resource = { ...custom, [name]: undefined };
    assert.equal(storedObjectRef({ ...ref, resource }), undefined, name);
  }
});

Deno.test("Events are found by the uid of their object", () => {
  assert.deepEqual(eventsAbout(custom, { name: "db", namespace: "shop", uid: "u1" }), {
    namespace: "shop",
    fieldSelector: "involvedObject.uid=u1",
  });
});

Deno.test("Events about nodes and static pods have other uids too, so that kind and name select them", () => {
  const node = { name: "n1", uid: "u1" };
  assert.deepEqual(eventUids(NODES, node), ["u1", "n1"]);
  assert.deepEqual(eventsAbout(NODES, node), {
    namespace: "default",
    fieldSelector: "involvedObject.kind=Node,involvedObject.name=n1",
  });
  const annotations = { "kubernetes.io/config.mirror": "abc" };
  assert.deepEqual(eventUids(PODS, { name: "etcd-n1", uid: "u2", annotations }), ["u2", "abc"]);
  assert.deepEqual(eventUids(custom, { name: "db", uid: "u3", annotations }), ["u3"]);
});
