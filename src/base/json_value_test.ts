import assert from "node:assert/strict";
import { definedOnly } from "./json_value.ts";

Deno.test("`definedOnly()` omits undefined properties and no others", () => {
  const values = { a: 1, b: undefined, c: false, d: null, e: "", f: 0 };
  assert.deepEqual(Object.keys(definedOnly(values)), ["a", "c", "d", "e", "f"]);
});
