import assert from "node:assert/strict";
import fc from "fast-check";
import { compareMoments, type LogLine } from "./line.ts";
import { mergeByTime, ReadAhead } from "./merge_by_time.ts";

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

/** Lets everything run that doesn't wait for an outside event. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await Promise.resolve();
}

/** A log of N pieces of ten bytes, and the number of requested ones. */
class CountedLog {
  asked = 0;
  left = false;

  constructor(private readonly pieces: number, private readonly failure?: Error) {}

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void> {
    try {
      while (this.asked < this.pieces) {
        await Promise.resolve();
        yield new Uint8Array(10).fill(this.asked++);
      }
      if (this.failure !== undefined) throw this.failure;
    } finally {
      this.left = true;
    }
  }
}

Deno.test("a log that isn't consumed yet is read, up to the common limit", async () => {
  const ahead = new ReadAhead(100);
  const logs = [new CountedLog(50), new CountedLog(50)];
  const readers = logs.map((log) => ahead.of(log));
  for (const reader of readers) await reader.next();
  await settled();
  const asked = logs.reduce((sum, log) => sum + log.asked, 0);
  // Two were consumed; each reader may hold one piece when the limit is reached.
  assert.ok(asked >= 12 && asked <= 14, String(asked));
  for (const reader of readers) await reader.return();
  assert.ok(logs.every((log) => log.left));
});

Deno.test("a log whose turn it is goes on, whatever waits of the others", async () => {
  const ahead = new ReadAhead(30);
  const [waiting, taken] = [new CountedLog(50), new CountedLog(50)];
  const other = ahead.of(waiting);
  await other.next();
  await settled();
  assert.equal((await Array.fromAsync(ahead.of(taken))).length, 50);
  await other.return();
  assert.ok(waiting.asked < 10);
});

Deno.test("property: every piece arrives once and in order, for any order of reads", async () => {
  await fc.assert(fc.asyncProperty(
    fc.array(fc.integer({ min: 0, max: 30 }), { minLength: 1, maxLength: 5 }),
    fc.integer({ min: 1, max: 200 }),
    fc.array(fc.nat(), { maxLength: 200 }),
    async (lengths, limit, turns) => {
      const ahead = new ReadAhead(limit);
      const readers = lengths.map((length) => ahead.of(new CountedLog(length)));
      const got = readers.map((): number[] => []);
      const take = async (at: number) => {
        const { value } = await (readers[at] as AsyncGenerator<Uint8Array, void>).next();
        if (value !== undefined) got[at]?.push(value[0] as number);
        return value !== undefined;
      };
      for (const turn of turns) await take(turn % readers.length);
      for (const at of readers.keys()) while (await take(at));
      assert.deepEqual(got, lengths.map((length) => Array.from({ length }, (_, at) => at)));
    },
  ));
});

Deno.test("a failure comes behind what was read before it", async () => {
  const failure = new Error("the link broke");
  const reader = new ReadAhead(1000).of(new CountedLog(3, failure));
  await reader.next();
  await settled();
  await reader.next();
  await reader.next();
  await assert.rejects(reader.next(), failure);
});
