import assert from "node:assert/strict";
import { renderValue } from "./output.ts";

Deno.test("one value is a document, a line, or YAML", async () => {
  const value = { run: "a", pods: [1] };
  assert.equal(await renderValue(value, "jsonl"), '{"run":"a","pods":[1]}\n');
  assert.deepEqual(JSON.parse(await renderValue(value, "json")), value);
  assert.equal(await renderValue(value, "yaml"), "run: a\npods:\n  - 1\n");
});
