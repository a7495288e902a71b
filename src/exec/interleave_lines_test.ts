import assert from "node:assert/strict";
import fc from "fast-check";
import { LineInterleaver, type OutputLine } from "./interleave_lines.ts";

const chunks = fc.array(
  fc.record({
    target: fc.integer({ min: 0, max: 2 }),
    stream: fc.constantFrom("stdout" as const, "stderr" as const),
    bytes: fc.array(fc.constantFrom(10, 10, 65, 66, 13, 255), { maxLength: 30 })
      .map((bytes) => Uint8Array.from(bytes)),
  }),
  { maxLength: 30 },
);

function bytesOf(lines: readonly OutputLine[]): number[] {
  return lines.flatMap(({ bytes, endedBy }) => [...bytes, ...(endedBy === "newline" ? [10] : [])]);
}

Deno.test("`LineInterleaver` emits all bytes, and ends no line while it has memory for it", () => {
  fc.assert(fc.property(chunks, fc.integer({ min: 1, max: 20 }), (all, limit) => {
    const interleaver = new LineInterleaver(limit);
    const lines = all.flatMap(({ target, stream, bytes }) => [
      ...interleaver.push(target, stream, bytes),
    ]);
    for (const target of [0, 1, 2]) lines.push(...interleaver.end(target));
    for (const target of [0, 1, 2]) {
      for (const stream of ["stdout", "stderr"] as const) {
        const own = (item: { target: number; stream: string }) =>
          item.target === target && item.stream === stream;
        const sent = all.filter(own).flatMap(({ bytes }) => [...bytes]);
        assert.deepEqual(bytesOf(lines.filter(own)), sent);
      }
    }
    const longest = Math.max(0, ...all.map(({ bytes }) => bytes.length));
    for (const { bytes } of lines) {
      assert.ok(bytes.length <= limit + longest && !bytes.includes(10));
    }
    const total = all.reduce((sum, { bytes }) => sum + bytes.length, 0);
    if (total <= limit) assert.ok(lines.every(({ endedBy }) => endedBy !== "limit"));
  }));
});

Deno.test("`LineInterleaver` holds a partial line until its end or its target's", () => {
  const encoder = new TextEncoder();
  const interleaver = new LineInterleaver();
  const push = (target: number, text: string) =>
    [...interleaver.push(target, "stdout", encoder.encode(text))].map(({ bytes, endedBy }) =>
      `${new TextDecoder().decode(bytes)}/${endedBy}`
    );
  assert.deepEqual(push(0, "he"), []);
  assert.deepEqual(push(1, "other\n"), ["other/newline"]);
  assert.deepEqual(push(0, "llo\nrest"), ["hello/newline"]);
  assert.equal([...interleaver.end(0)][0]?.endedBy, "end");
});
