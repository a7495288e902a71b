import assert from "node:assert/strict";
import { queryOf, selectionFields, selectionOfFields } from "./selection.ts";

Deno.test("a selection survives its way through an address", () => {
  const text = "pods=deploy%2Fweb&pods=shop%2Fdb-0&match=%2Fa+b%2F&match=c&exclude=canary" +
    "&namespaces=shop&namespaces=prod&selector=app+in+%28a%2Cb%29&sample=3&allNamespaces=true";
  const fields = selectionFields(new URLSearchParams(text));
  assert.equal(fields.match, "/a b/ c");
  assert.equal(queryOf(fields).toString(), text);
  assert.deepEqual(selectionOfFields(fields), {
    pods: ["deploy/web", "shop/db-0"],
    match: ["/a b/", "c"],
    exclude: ["canary"],
    namespaces: ["shop", "prod"],
    selector: "app in (a,b)",
    sample: 3,
    allNamespaces: true,
  });
});

Deno.test("`selectionOfFields()` omits what isn't filled in, and a sample that is not a number", () => {
  const fields = { ...selectionFields(new URLSearchParams()), selector: "  ", sample: "x" };
  assert.deepEqual(selectionOfFields(fields), {});
});
