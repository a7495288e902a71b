import assert from "node:assert/strict";
import { plural } from "./plural.ts";

Deno.test("`plural()` uses the singular for 1 alone", () => {
  const texts = [0, 1, 2].map((count) => plural(count, "pod"));
  assert.deepEqual(texts, ["0 pods", "1 pod", "2 pods"]);
  assert.equal(plural(2, "process", "processes"), "2 processes");
});
