import assert from "node:assert/strict";
import { ManualClock } from "../../base/testing/manual_clock.ts";
import { inTime } from "./answer_limit.ts";

const never = () => new Promise<never>(() => {});

/** Fails if the time passes. */
function before<T>(clock: ManualClock, limitMs: number, promise: Promise<T>): Promise<T> {
  const late = new Promise<never>((_, reject) => {
    clock.timer(limitMs, () => reject(new Error("it waits for ever")));
  });
  return clock.runUntil(Promise.race([promise, late]));
}

Deno.test("a call that nobody answers ends in time, and when it isn't wanted any more", async () => {
  const clock = new ManualClock();
  const stop = new AbortController();
  await assert.rejects(before(clock, 60_000, inTime(clock, never, stop.signal)), {
    kind: "timeout",
    message: "the cluster gave no answer within 30s",
  });
  assert.equal(clock.elapsedMs(), 30_000);
  const waiting = inTime(clock, never, stop.signal);
  stop.abort(new Error("stopped"));
  await assert.rejects(waiting, { message: "stopped" });
});

Deno.test("what was answered is ended by no limit", async () => {
  const clock = new ManualClock();
  const { signal } = new AbortController();
  const open = await inTime(clock, (own) => Promise.resolve(own), signal);
  assert.equal(clock.step(), false);
  assert.equal(open.aborted, false);
});
