import assert from "node:assert/strict";
import fc from "fast-check";
import { processExitCode } from "./exit_code.ts";

Deno.test("property: only the exit code 0 is 0 for a shell", () => {
  const code = fc.oneof(fc.integer(), fc.constantFrom(0, -1, 255, 256, 2 ** 32, NaN));
  fc.assert(fc.property(code, (code) => {
    const seen = processExitCode(code);
    assert.equal(seen & 255, seen);
    assert.equal(seen === 0, code === 0);
    if (code >= 0 && code <= 255) assert.equal(seen, code);
  }));
});
