import assert from "node:assert/strict";
import type { ObjectRef } from "../../kube/object_ref.ts";
import { DEPLOYMENTS, NODES, PODS, STATEFUL_SETS } from "../../kube/resources.ts";
import { deletions } from "./kubectl.ts";

Deno.test("objects are deleted by a command line for each context, namespace and kind", () => {
  const one = (name: string, more: Partial<ObjectRef> = {}): ObjectRef => ({
    context: "prod",
    resource: PODS,
    namespace: "shop",
    name,
    ...more,
  });
  const lines = deletions([
    one("web-0"),
    one("web-1"),
    one("web", { resource: DEPLOYMENTS }),
    { context: "prod", resource: NODES, name: "n1" },
    one("web-0", { context: "test" }),
    one("db", { resource: STATEFUL_SETS }),
    one("db", { resource: { ...STATEFUL_SETS, group: "apps.example.com" } }),
  ]);
  assert.deepEqual(lines.map((args) => args.join(" ")), [
    "delete pods --context prod -n shop --wait=false web-0 web-1",
    "delete deployments.apps --context prod -n shop --wait=false web",
    "delete nodes --context prod --wait=false n1",
    "delete pods --context test -n shop --wait=false web-0",
    "delete statefulsets.apps --context prod -n shop --wait=false db",
    "delete statefulsets.apps.example.com --context prod -n shop --wait=false db",
  ]);
});
