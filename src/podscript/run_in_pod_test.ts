import assert from "node:assert/strict";
import fc from "fast-check";
import { WrittenLines } from "./run_in_pod.ts";

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

Deno.test("of many lines the first 64 KiB are kept; of one without an end, its last 4096 characters", () => {
  const lines = Array.from({ length: 10_000 }, (_, at) => `line ${at} of it\n`);
  assert.equal(shown(lines), lines.join("").slice(0, 64 * 1024));
  const pieces = Array.from({ length: 100 }, (_, at) => String(at % 10).repeat(100));
  assert.equal(shown(pieces), pieces.join("").slice(-4096));
});

Deno.test("progress that ends without a line's end is its last step", () => {
  assert.equal(shown(["Receiving: 1%\rReceiving: 2%"]), "Receiving: 2%");
  assert.equal(shown(["Receiving: 1%\r", "Receiving: 2%\r"]), "Receiving: 2%\r");
});
