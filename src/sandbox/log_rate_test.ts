import assert from "node:assert/strict";
import { ManualClock } from "../base/testing/manual_clock.ts";
import { LogRate } from "./log_rate.ts";

const perSecond = 10_000;

/** Adds as many lines as a second allows, after each of these times; returns whether each passed. */
function passing(timesMs: readonly number[]): boolean[] {
  const clock = new ManualClock();
  const rate = new LogRate(clock, () => {});
  return timesMs.map((atMs) => {
    clock.timer(atMs - clock.elapsedMs(), () => {});
    clock.step();
    return rate.add(Array(perSecond).fill("x").join("\n"));
  });
}

Deno.test("each second has its lines; what is beyond them is refused", () => {
  assert.deepEqual(passing([500, 1500, 2500]), [true, true, true]);
  assert.deepEqual(passing([500, 900]), [true, false]);
});
