import assert from "node:assert/strict";
import fc from "fast-check";
import { commandAdapter } from "./adapters.ts";
import { EventReader } from "./event_lines.ts";

/** Returns the events of bytes that arrive in these pieces, with the offset after each event. */
function read(pieces: readonly Uint8Array[]): { text: string; offset: number }[] {
  const reader = new EventReader(commandAdapter);
  const facts: { text: string; offset: number }[] = [];
  const take = (events: ReturnType<EventReader["take"]>) => {
    for (const event of events) {
      if (event.kind === "output") facts.push({ text: event.text, offset: reader.offset });
    }
  };
  for (const piece of pieces) take(reader.take(piece));
  take(reader.end());
  return facts;
}

Deno.test("lines and offsets are the same however the bytes are cut", () => {
  const line = fc.string({ unit: "grapheme", minLength: 1, maxLength: 20 })
    .filter((text) => !/[\n\r]/.test(text));
  const cuts = fc.array(fc.nat(400), { maxLength: 8 });
  fc.assert(fc.property(fc.array(line, { maxLength: 12 }), cuts, (lines, places) => {
    const bytes = new TextEncoder().encode(lines.map((text) => `${text}\n`).join(""));
    const at = [0, ...places.map((place) => Math.min(place, bytes.length)), bytes.length]
      .sort((a, b) => a - b);
    const pieces = at.slice(1).map((end, index) => bytes.subarray(at[index] ?? 0, end));
    let offset = 0;
    const expected = lines.map((text) => {
      offset += new TextEncoder().encode(text).length + 1;
      return { text, offset };
    });
    assert.deepEqual(read(pieces), expected);
  }));
});

Deno.test("a line beyond all bounds is cut, and the next one is read", () => {
  const reader = new EventReader(commandAdapter);
  const piece = new Uint8Array(1024 * 1024).fill(120);
  for (let mib = 0; mib < 6; mib++) assert.deepEqual([...reader.take(piece)], []);
  const rest = [...reader.take(new TextEncoder().encode("\nnext\n"))];
  assert.deepEqual(rest, [
    { kind: "unknown", type: "a line that is too long" },
    { kind: "output", text: "next" },
  ]);
});
