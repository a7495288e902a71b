import assert from "node:assert/strict";
import { counted } from "./counted.ts";

Deno.test("one is singular, and nothing else is", () => {
  const told = [0, 1, 2].map((count) => counted(count, "pod"));
  assert.deepEqual(told, ["0 pods", "1 pod", "2 pods"]);
  assert.equal(counted(2, "process", "processes"), "2 processes");
});
