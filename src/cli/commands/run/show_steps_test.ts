import assert from "node:assert/strict";
import { pickedIndexes } from "./show_steps.ts";

Deno.test("`pickedIndexes()` reads numbers, names, and all", () => {
  const choices = ["web-0", "web-1", "3"];
  assert.deepEqual(pickedIndexes("2, web-0", choices), [0, 1]);
  assert.deepEqual(pickedIndexes("all", choices), [0, 1, 2]);
  // A name wins over a number.
  assert.deepEqual(pickedIndexes("3", choices), [2]);
  assert.deepEqual(pickedIndexes("", choices), []);
  for (const wrong of ["4", "0", "web", "1,x", "-1"]) {
    assert.equal(pickedIndexes(wrong, choices), undefined, wrong);
  }
});
