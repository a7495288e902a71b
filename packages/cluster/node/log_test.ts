/** Logs: the form on disk, tails, following, rotation. */
import assert from "node:assert/strict";
import fc from "fast-check";
import type { ContainerLogQuery } from "../model.ts";
import { ManualClock } from "../../../src/base/testing/manual_clock.ts";
import { LogFile, readLog } from "./log.ts";

const encode = (text: string) => new TextEncoder().encode(text);
const all: ContainerLogQuery = { follow: false, previous: false, timestamps: false };
const never = new AbortController().signal;

async function withLog(
  body: (log: LogFile, clock: ManualClock) => Promise<void>,
  maxBytes?: number,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  const clock = new ManualClock();
  try {
    await using log = await LogFile.create(`${folder}/0.log`, {
      clock,
      ...(maxBytes === undefined ? {} : { maxBytes }),
    });
    await body(log, clock);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const read = (log: LogFile, query: Partial<ContainerLogQuery> = {}) =>
  new Response(readLog(log, { ...all, ...query }, never)).text();

Deno.test("a line has its time, its stream and whether it is whole", () =>
  withLog(async (log) => {
    await log.write("stdout", encode("one\ntw"));
    await log.write("stderr", encode("bad\n"));
    await log.write("stdout", encode("o\nrest"));
    await log[Symbol.asyncDispose]();
    const time = "2026-01-01T00:00:00.000Z";
    assert.equal(
      await Deno.readTextFile(log.path),
      `${time} stdout F one\n${time} stderr F bad\n${time} stdout F two\n${time} stdout P rest\n`,
    );
    assert.equal(await read(log), "one\nbad\ntwo\nrest");
  }));

Deno.test("a line that comes in pieces is cut where one that comes at once is", () =>
  withLog(async (log) => {
    for (const piece of ["a", "b", "c"]) await log.write("stdout", encode(piece.repeat(10_000)));
    await log.write("stdout", encode("\n"));
    const lines = (await Deno.readTextFile(log.path)).trimEnd().split("\n");
    const parts = lines.map((line) => line.split(" ").slice(2)).map(([tag, text = ""]) => [
      tag,
      text.length,
    ]);
    assert.deepEqual(parts, [["P", 16_384], ["F", 30_000 - 16_384]]);
  }));

Deno.test("what was written comes out byte for byte, however it was cut", async () => {
  const chunks = fc.array(fc.uint8Array({ minLength: 1, maxLength: 40_000 }), { maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(chunks, (parts) =>
      withLog(async (log) => {
        for (const part of parts) await log.write("stdout", part);
        await log[Symbol.asyncDispose]();
        const bytes = await new Response(readLog(log, all, never)).bytes();
        assert.equal(Uint8Array.from(bytes).toHex(), parts.map((part) => part.toHex()).join(""));
      })),
    { numRuns: 30 },
  );
});

Deno.test("a tail is read from the end, across blocks", () =>
  withLog(async (log) => {
    const lines = Array.from({ length: 20_000 }, (_, index) => `line ${index}\n`);
    await log.write("stdout", encode(lines.join("")));
    for (const count of [0, 1, 2, 5000, 20_000, 30_000]) {
      assert.equal(
        await read(log, { tailLines: count }),
        count === 0 ? "" : lines.slice(-count).join(""),
        String(count),
      );
    }
  }));

Deno.test("since, limit and timestamps", () =>
  withLog(async (log, clock) => {
    await log.write("stdout", encode("old\n"));
    clock.advance(60_000);
    await log.write("stdout", encode("new\n"));
    assert.equal(await read(log, { sinceTime: new Date("2026-01-01T00:00:30Z") }), "new\n");
    assert.equal(await read(log, { limitBytes: 6 }), "old\nne");
    assert.equal(
      await read(log, { tailLines: 1, timestamps: true }),
      "2026-01-01T00:01:00.000Z new\n",
    );
  }));

Deno.test("a line that was written in parts has one time, before its first", () =>
  withLog(async (log, clock) => {
    const long = "x".repeat(40_000);
    await log.write("stdout", encode(long.slice(0, 20_000)));
    clock.advance(1000);
    await log.write("stdout", encode(`${long.slice(20_000)}\nshort\n`));
    assert.equal(
      await read(log, { timestamps: true }),
      `2026-01-01T00:00:00.000Z ${long}\n2026-01-01T00:00:01.000Z short\n`,
    );
  }));

Deno.test("following reads each write, continues in the next file, and ends with the log", () =>
  withLog(async (log) => {
    await log.write("stdout", encode("before\n"));
    const reader = readLog(log, { ...all, follow: true }, never)
      .pipeThrough(new TextDecoderStream() as TransformStream<Uint8Array, string>).getReader();
    const seen: string[] = [(await reader.read()).value ?? ""];
    for (const line of ["one\n", "two\n", "three\n", "four\n"]) {
      const next = reader.read();
      await log.write("stdout", encode(line));
      seen.push((await next).value ?? "");
    }
    assert.deepEqual(seen, ["before\n", "one\n", "two\n", "three\n", "four\n"]);
    assert.ok(log.rotations > 0);
    const last = reader.read();
    await log[Symbol.asyncDispose]();
    assert.equal((await last).done, true);
  }, 100));

Deno.test("following ends with its signal", () =>
  withLog(async (log) => {
    const stop = new AbortController();
    const text = new Response(readLog(log, { ...all, follow: true }, stop.signal)).text();
    await log.write("stdout", encode("one\n"));
    stop.abort();
    assert.match(await text, /^(one\n)?$/);
  }));
