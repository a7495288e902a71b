import assert from "node:assert/strict";
import fc from "fast-check";
import { compareMoments, type LogLine } from "./line.ts";
import { mergeByTime } from "./merge_by_time.ts";

const nothing = new Uint8Array(0);

function line(source: number, atNanos: number, order: number): LogLine {
  const seconds = Math.floor(atNanos / 10);
  const nanos = atNanos % 10;
  return { source, bytes: nothing, seconds, nanos, stamp: order, stampEnd: 0, text: 0, end: 0 };
}

async function* batches(lines: readonly LogLine[], size: number): AsyncGenerator<LogLine[], void> {
  for (let at = 0; at < lines.length; at += size) yield lines.slice(at, at + size);
}

Deno.test("merged logs are in the order of their times, equal times in that of their sources, none lost", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(fc.nat(60), { maxLength: 40 }), { maxLength: 12 }),
      fc.integer({ min: 1, max: 7 }),
      async (times, size) => {
        const logs = times.map((one, source) =>
          one.toSorted((a, b) => a - b).map((at, order) => line(source, at, order))
        );
        const merged = (await Array.fromAsync(mergeByTime(logs.map((log) => batches(log, size)))))
          .flat();
        const expected = logs.flat().toSorted((a, b) =>
          compareMoments(a, b) || a.source - b.source || a.stamp - b.stamp
        );
        assert.deepEqual(merged, expected);
      },
    ),
  );
});

Deno.test("a log that isn't in order keeps its own order", async () => {
  const log = [5, 1, 3].map((at, order) => line(0, at, order));
  const merged = (await Array.fromAsync(mergeByTime([batches(log, 2)]))).flat();
  assert.deepEqual(merged, log);
});

Deno.test("leaving early lets go of every log; no more than two batches of each are asked for", async () => {
  let [asked, closed] = [0, 0];
  async function* endless(source: number): AsyncGenerator<LogLine[], void> {
    try {
      for (let at = 0;; at++) {
        asked++;
        yield Array.from({ length: 600 }, (_, index) => line(source, at * 600 + index, index));
      }
    } finally {
      closed++;
    }
  }
  for await (const _lines of mergeByTime([endless(0), endless(1), endless(2)])) break;
  assert.equal(closed, 3);
  assert.ok(asked <= 3 * 3, `${asked} batches were asked for`);
});
