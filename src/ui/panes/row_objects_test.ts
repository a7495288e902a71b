import assert from "node:assert/strict";
import type { ObjectRef } from "../../kube/object_ref.ts";
import { DEPLOYMENTS, POD_METRICS, PODS, STATEFUL_SETS } from "../../kube/resources.ts";
import { objectsOfRows, objectsText, selectionOfRows } from "./row_objects.ts";

const pod: ObjectRef = { context: "prod", resource: PODS, namespace: "shop", name: "web-0" };
const web: ObjectRef = { ...pod, resource: DEPLOYMENTS, namespace: "blog", name: "web" };
const custom = { ...STATEFUL_SETS, group: "apps.example.com" };

Deno.test("a selection names each object with its namespace and context", () => {
  const { contexts, selection } = selectionOfRows([pod, web, { ...pod, context: "test" }]);
  assert.deepEqual(contexts, ["prod", "test"]);
  assert.deepEqual(selection.operands, [
    { kind: "pod", context: "prod", name: "web-0", namespace: "shop" },
    { kind: "workload", plural: "deployments", context: "prod", name: "web", namespace: "blog" },
    { kind: "pod", context: "test", name: "web-0", namespace: "shop" },
  ]);
});

Deno.test("a kind of another group is refused, and never taken for Kubernetes' own", () => {
  for (const resource of [custom, POD_METRICS]) {
    assert.throws(() => selectionOfRows([pod, { ...web, resource }]), {
      name: "UsageError",
      message: `pods can't be found by ${resource.plural}.${resource.group}`,
    });
  }
});

Deno.test("no object selects no pod", () => {
  assert.throws(() => selectionOfRows([]), { message: "no object is selected" });
  // Without a group, a stored object means nothing.
  const old = { context: "prod", namespace: "shop", name: "db", plural: "statefulsets" };
  assert.deepEqual(objectsOfRows({ objects: [old, web] }), [web]);
});

Deno.test("texts name the group of a kind that isn't Kubernetes' own", () => {
  assert.equal(objectsText([]), "nothing");
  assert.equal(objectsText([pod]), "web-0");
  assert.equal(objectsText([web]), "deployments web");
  assert.equal(objectsText([{ ...web, resource: custom }]), "statefulsets.apps.example.com web");
  assert.equal(objectsText([pod, pod]), "2 pods");
});
