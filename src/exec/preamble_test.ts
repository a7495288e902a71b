import assert from "node:assert/strict";
import fc from "fast-check";
import { PreambleReader } from "./preamble.ts";
import type { ProcessSession } from "./session_signal.ts";

const encoder = new TextEncoder();

function read(
  chunks: readonly Uint8Array[],
): { output: number[]; session: ProcessSession | undefined } {
  const reader = new PreambleReader("n0nce");
  const output = chunks.flatMap((chunk) => [...reader.push(chunk)]);
  return { output: [...output, ...reader.finish()], session: reader.session };
}

/** The bytes, cut at random places. */
function cut(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const at = [...new Set(places.map((place) => place % (bytes.length + 1)))].sort((a, b) => a - b);
  return [...at, bytes.length].map((end, index) => bytes.subarray(at[index - 1] ?? 0, end));
}

function concat(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

Deno.test("`PreambleReader` removes the first line and nothing else, however output is split", () => {
  fc.assert(fc.property(
    fc.uint8Array({ maxLength: 40 }),
    fc.integer({ min: 1, max: 4_194_304 }),
    fc.option(fc.integer({ min: 1, max: 4_194_304 }), { nil: undefined }),
    fc.constantFrom("\n", "\r\n"),
    fc.array(fc.nat(200), { maxLength: 12 }),
    (own, leader, watcher, newline, places) => {
      const session = watcher === undefined ? { leader } : { leader, watcher };
      const ids = Object.values(session).join(" ");
      const whole = concat(encoder.encode(`kodama:n0nce:${ids}${newline}`), own);
      assert.deepEqual(read(cut(whole, places)), { output: [...own], session });
    },
  ));
});

Deno.test("`PreambleReader` passes on a shell's warning, and output without the line", () => {
  const warning = encoder.encode("sh: warning: setlocale\r\n");
  const line = encoder.encode("kodama:n0nce:7\r\n");
  const after = encoder.encode("hi\r\n");
  assert.deepEqual(read([warning, line, after]), {
    output: [...concat(warning, after)],
    session: { leader: 7 },
  });
  fc.assert(fc.property(
    fc.uint8Array({ maxLength: 9000 }),
    fc.array(fc.nat(9000), { maxLength: 5 }),
    (own, places) => {
      assert.deepEqual(read(cut(own, places)), { output: [...own], session: undefined });
    },
  ));
});

Deno.test("`PreambleReader` passes on a second line, and one with another nonce", () => {
  const own = encoder.encode("kodama:n0nce:8\nkodama:other:9\n");
  const whole = concat(encoder.encode("kodama:n0nce:7\n"), own);
  assert.deepEqual(read([whole]), { output: [...own], session: { leader: 7 } });
});
