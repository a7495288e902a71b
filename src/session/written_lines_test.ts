import assert from "node:assert/strict";
import fc from "fast-check";
import { WrittenLines } from "./written_lines.ts";

function shown(chunks: readonly string[]): string {
  const lines = new WrittenLines();
  for (const chunk of chunks) lines.push(new TextEncoder().encode(chunk));
  return lines.end();
}

Deno.test("of progress the last step is kept, and the error behind it", () => {
  const steps = Array.from({ length: 100_000 }, (_, at) => `Receiving objects: ${at}\r`);
  const text = `Cloning\n${
    steps.join("")
  }Receiving objects: done.\nfatal: No space left on device\n`;
  const chunks = text.match(/[^]{1,997}/g) ?? [];
  assert.equal(
    shown(chunks),
    "Cloning\nReceiving objects: done.\nfatal: No space left on device\n",
  );
});

Deno.test("a line that Windows' way ends is a line, however it is cut", () => {
  fc.assert(fc.property(fc.array(fc.constantFrom("a", "\r", "\n", "\r\n", "bc")), (parts) => {
    const whole = shown([parts.join("")]);
    assert.equal(shown([...parts.join("")]), whole);
    assert.equal(shown(["one\r\n", ...parts]).split("\n")[0]?.trimEnd(), "one");
  }));
});
