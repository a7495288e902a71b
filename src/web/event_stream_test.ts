import assert from "node:assert/strict";
import * as fc from "fast-check";
import { ManualClock, quiet } from "../base/testing/manual_clock.ts";
import { eventBody, eventBytes, EventLog, type LoggedEvent } from "./event_stream.ts";

const decoder = new TextDecoder();
const never = new AbortController().signal;

async function* endless(signal: AbortSignal) {
  yield eventBytes("1");
  yield eventBytes("2");
  await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
}

function opened(open: Parameters<typeof eventBody>[0], clock = new ManualClock()) {
  const state = { ended: 0 };
  const body = eventBody(open, {
    clock,
    signal: never,
    failed: (error) => eventBytes(JSON.stringify(String(error)), { name: "failed" }),
    onEnd: () => state.ended++,
  });
  return { body, state, clock };
}

Deno.test("eventBody() takes an event when the one before was read, and a stream that isn't read ends", async () => {
  const { body, state, clock } = opened(endless);
  const reader = body.getReader();
  assert.equal(decoder.decode((await reader.read()).value), "data: 1\n\n");
  assert.equal(decoder.decode((await reader.read()).value), "data: 2\n\n");
  // It waits for the next event, and gets beats meanwhile.
  const beat = reader.read();
  await quiet();
  clock.advance(15_000);
  assert.equal(decoder.decode((await beat).value), ":\n\n");
  // One more beat waits to be read; no other is added to it.
  for (let count = 0; count < 5; count++) clock.advance(15_000);
  assert.equal(state.ended, 0);
  clock.advance(15_000);
  assert.equal(state.ended, 1);
  await assert.rejects(reader.read(), { name: "TimeoutError" });
  assert.equal(clock.waiting, 0);
});

Deno.test("eventBody() ends with an event that says so, or with the error", async () => {
  const read = async (open: Parameters<typeof eventBody>[0]) => {
    const { body, state, clock } = opened(open);
    const text = await new Response(body).text();
    assert.deepEqual([state.ended, clock.waiting], [1, 0]);
    return text;
  };
  const none = (_signal: AbortSignal): AsyncGenerator<Uint8Array<ArrayBuffer>, void> =>
    (async function* () {})();
  assert.equal(await read(none), "event: end\ndata: {}\n\n");
  const failing = () => {
    // deno-lint-ignore require-yield -- it fails before its first piece
    return (async function* (): AsyncGenerator<Uint8Array<ArrayBuffer>, void> {
      throw new Error("gone");
    })();
  };
  assert.equal(await read(failing), 'event: failed\ndata: "Error: gone"\n\n');
});

Deno.test("eventBody() ends its source when the client is gone", async () => {
  const { body, state, clock } = opened(endless);
  const reader = body.getReader();
  await reader.read();
  await reader.cancel();
  assert.deepEqual([state.ended, clock.waiting], [1, 0]);
});

async function collect(log: EventLog, after: number): Promise<LoggedEvent[]> {
  return await Array.fromAsync(log.read(after, never));
}

Deno.test("EventLog: a reader from any point gets what is stored, in order, and the number of the rest", async () => {
  const event = fc.record({ size: fc.nat(40), isLine: fc.boolean() });
  await fc.assert(
    fc.asyncProperty(fc.array(event, { maxLength: 60 }), fc.nat(70), async (events, after) => {
      const log = new EventLog(200);
      // A reader that was there from the start, but reads only now.
      const early = log.read(0, never);
      for (const { size, isLine } of events) log.push("x".repeat(size), { isLine });
      log.end();
      const from = after > events.length ? 0 : after;
      for (
        const [read, start] of [[await Array.fromAsync(early), 0], [
          await collect(log, after),
          from,
        ]] as const
      ) {
        const counted = read.reduce((sum, one) => sum + ("omitted" in one ? one.omitted : 1), 0);
        const last = read.at(-1)?.id ?? start;
        assert.equal(counted, last - start);
        const texts = read.filter((one) => "text" in one);
        assert.deepEqual(
          texts.map(({ text }) => text.length),
          texts.map(({ id }) => events[id - 1]?.size),
        );
        assert.ok(texts.reduce((sum, { text }) => sum + text.length, 0) <= 200);
        // Lines are dropped first.
        const isAnyLineLeft = texts.some(({ id }) => events[id - 1]?.isLine);
        const dropped = events.slice(start).filter((one, index) =>
          !one.isLine && !texts.some(({ id }) => id === start + index + 1)
        );
        if (isAnyLineLeft && events.length < 8) assert.equal(dropped.length, 0);
      }
    }),
  );
});

Deno.test("EventLog: a reader gets events as they come, until its signal aborts", async () => {
  const log = new EventLog();
  const stop = new AbortController();
  const reader = log.read(0, stop.signal);
  const first = reader.next();
  log.push("a");
  assert.deepEqual((await first).value, { id: 1, text: "a" });
  const second = reader.next();
  await quiet();
  stop.abort();
  assert.equal((await second).done, true);
});
