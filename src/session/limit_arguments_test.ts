import assert from "node:assert/strict";
import { lifeOf } from "./limit_arguments.ts";

Deno.test("a watcher's files are read as they are written, and nothing else is", () => {
  assert.deepEqual(lifeOf("130\n100\n120 task 2 of its agent\n"), {
    now: 130,
    began: 100,
    active: 120,
    use: "task 2 of its agent",
  });
  assert.deepEqual(lifeOf("130\n100\n100\n")?.use, "");
  assert.equal(lifeOf("130\n100\n120 \x1b]0;owned\x07x\n")?.use, "x");
  for (
    const wrong of ["", "130\n100\n", "130\n100\nsoon\n", "130\n100\n120 a\nb\n", "x".repeat(9999)]
  ) {
    assert.equal(lifeOf(wrong), undefined);
  }
});
