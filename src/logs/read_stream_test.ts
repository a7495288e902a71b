import assert from "node:assert/strict";
import fc from "fast-check";
import { type LogLine, logLineText, stampOf } from "./line.ts";
import { LineSplitter } from "./read_stream.ts";

const encoder = new TextEncoder();

function split(bytes: Uint8Array, cuts: readonly number[], limit?: number): LogLine[] {
  const splitter = new LineSplitter(7, limit);
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length];
  const sorted = places.toSorted((a, b) => a - b);
  const lines = sorted.flatMap((end, index) =>
    index === 0 ? [] : splitter.push(bytes.slice(sorted[index - 1], end))
  );
  return [...lines, ...splitter.end()];
}

const events = (line: LogLine) => [stampOf(line), logLineText(line), line.seconds, line.nanos];

Deno.test("lines are the same however the bytes are cut into chunks", () => {
  const text = fc.string({ unit: fc.constantFrom("a", "ä", "🌳", " ", "\r", "\0"), maxLength: 30 });
  fc.assert(fc.property(
    fc.array(text),
    fc.array(fc.nat()),
    fc.integer({ min: 40, max: 80 }),
    (texts, cuts, limit) => {
      const log = texts.map((one, index) => `2026-01-02T03:04:${10 + index % 50}.5Z ${one}\n`).join(
        "",
      );
      const bytes = encoder.encode(log);
      assert.deepEqual(
        split(bytes.slice(), cuts, limit).map(events),
        split(bytes, [], limit).map(events),
      );
      assert.deepEqual(split(bytes, cuts).map(logLineText), texts);
    },
  ));
});

Deno.test("a time is read to the nanosecond, in the node's own zone", () => {
  const times: readonly [string, number, number][] = [
    ["2026-01-02T03:04:05Z", 1767323045, 0],
    ["2026-01-02T03:04:05.000000001Z", 1767323045, 1],
    ["2026-01-02T03:04:05.12Z", 1767323045, 120_000_000],
    ["2026-01-02T05:04:05.999999999+02:00", 1767323045, 999_999_999],
    ["2026-01-01T21:34:05-05:30", 1767323045, 0],
    ["2026-12-31T23:59:60Z", 1798761600, 0],
  ];
  const lines = split(encoder.encode(times.map(([time]) => `${time} x\n`).join("")), []);
  assert.deepEqual(lines.map(events), times.map(([time, s, n]) => [time, "x", s, n]));
});

Deno.test("a line without a time is all text, at the time of the one before it", () => {
  const lines = split(
    encoder.encode("2026-01-02T03:04:05Z a\nno time here at all\n2026-13-xxT\n\n"),
    [],
  );
  assert.deepEqual(lines.map(logLineText), ["a", "no time here at all", "2026-13-xxT", ""]);
  assert.deepEqual(new Set(lines.map(({ seconds }) => seconds)), new Set([1767323045]));
});

Deno.test("a line above the limit comes in pieces, each with its time, and nothing of it is lost", () => {
  const head = "2026-01-02T03:04:05Z ";
  const lines = split(encoder.encode(`${head}${"0123456789".repeat(10)}\n${head}b\n`), [33], 51);
  assert.deepEqual(lines.map(logLineText).join(""), `${"0123456789".repeat(10)}b`);
  assert.deepEqual(lines.map(logLineText).map(({ length }) => length), [30, 30, 30, 10, 1]);
  assert.deepEqual(new Set(lines.map(stampOf)), new Set(["2026-01-02T03:04:05Z"]));
});
