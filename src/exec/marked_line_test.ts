import assert from "node:assert/strict";
import fc from "fast-check";
import { endMarkOf, EndMarkReader, MarkedLine } from "./marked_line.ts";

const encoder = new TextEncoder();

function read(
  whole: Uint8Array,
  places: readonly number[],
): { output: number[]; exitCode: number | undefined } {
  const at = [...new Set(places.map((place) => place % (whole.length + 1)))].sort((a, b) => a - b);
  const chunks = [...at, whole.length].map((end, index) => whole.slice(at[index - 1] ?? 0, end));
  const reader = new EndMarkReader("n0nce");
  const output = chunks.flatMap((chunk) => [...reader.push(chunk)]);
  return { output: [...output, ...reader.finish()], exitCode: reader.exitCode };
}

const places = fc.array(fc.nat(400), { maxLength: 12 });
/** Bytes that often look like the start of a mark. */
const own = fc.array(
  fc.oneof(
    fc.uint8Array({ maxLength: 20 }),
    // Neither a digit nor a line end may follow it.
    fc.constant(encoder.encode(`${endMarkOf("n0nce")}$kodama_code`)),
    fc.nat(16).map((length) => encoder.encode(endMarkOf("n0nce").slice(0, length))),
  ),
  { maxLength: 6 },
).map((parts) => parts.flatMap((part) => [...part]));

Deno.test("`EndMarkReader` removes the mark and nothing else, however output is split", () => {
  fc.assert(
    fc.property(own, own, fc.integer({ min: 0, max: 255 }), places, (before, after, code, at) => {
      const mark = encoder.encode(`${endMarkOf("n0nce")}${code}\n`);
      const whole = Uint8Array.from([...before, ...mark, ...after]);
      assert.deepEqual(read(whole, at), { output: [...before, ...after], exitCode: code });
    }),
  );
});

Deno.test("`EndMarkReader` passes on output without a mark", () => {
  fc.assert(fc.property(own, places, (bytes, at) => {
    assert.deepEqual(read(Uint8Array.from(bytes), at), { output: bytes, exitCode: undefined });
  }));
});

Deno.test("a line that comes first, and is lost, isn't awaited beyond a program's first escape sequence", () => {
  const screen = "\x1b[?1049h\x1b[H\x1b[2J$ ";
  const cases: [string, string | undefined, string][] = [
    [`own:7\r\n${screen}`, "7", screen],
    [`sh: no job control\r\nown:7\r\n${screen}`, "7", `sh: no job control\r\n${screen}`],
    [screen, undefined, screen],
    [`own:${screen}\r\n`, undefined, `own:${screen}\r\n`],
  ];
  for (const [whole, value, output] of cases) {
    for (let at = 0; at <= whole.length; at++) {
      const line = new MarkedLine("own:", (text) => text, { isFirst: true });
      const pieces = [whole.slice(0, at), whole.slice(at)].map((text) => encoder.encode(text));
      const passed = pieces.flatMap((piece) => [...line.push(piece)]);
      assert.equal(new TextDecoder().decode(Uint8Array.from(passed)), output, whole);
      assert.equal(line.value, value);
      assert.equal(line.searching, false);
    }
  }
  const later = new MarkedLine("own:", (text) => text, { isFirst: false });
  assert.equal(later.push(encoder.encode(screen)).length, 0);
  later.push(encoder.encode("own:7\r\n"));
  assert.equal(later.value, "7");
});

Deno.test("`EndMarkReader` passes on a mark with another nonce or without a newline", () => {
  for (
    const text of [
      "kodama:other:end:0\n",
      "kodama:n0nce:end:",
      "kodama:n0nce:end:0",
      "kodama:n0nce:end:1000\n",
      "kodama:n0nce:end:1\r",
      "kodama:n0nce:end:\r\n",
    ]
  ) {
    const bytes = encoder.encode(text);
    assert.deepEqual(read(bytes, [3, 9]), { output: [...bytes], exitCode: undefined });
  }
});

Deno.test("`EndMarkReader` accepts a terminal's CR LF", () => {
  const bytes = encoder.encode("one\r\nkodama:n0nce:end:12\r\n");
  assert.deepEqual(read(bytes, [10, 24]), { output: [...encoder.encode("one\r\n")], exitCode: 12 });
});
