import assert from "node:assert/strict";
import { deletions } from "./kubectl.ts";
import type { RowObject } from "./resource_list.ts";

Deno.test("objects are deleted by a command line for each context, namespace and kind", () => {
  const one = (name: string, more: Partial<RowObject> = {}): RowObject => ({
    context: "prod",
    namespace: "shop",
    name,
    plural: "pods",
    group: "",
    labels: undefined,
    ...more,
  });
  const lines = deletions([
    one("web-0"),
    one("web-1"),
    one("web", { plural: "deployments", group: "apps" }),
    one("n1", { plural: "nodes", namespace: undefined }),
    one("web-0", { context: "test" }),
  ]);
  assert.deepEqual(lines.map((args) => args.join(" ")), [
    "delete pods --context prod -n shop --wait=false web-0 web-1",
    "delete deployments.apps --context prod -n shop --wait=false web",
    "delete nodes --context prod --wait=false n1",
    "delete pods --context test -n shop --wait=false web-0",
  ]);
});
