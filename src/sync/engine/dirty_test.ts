/** When changed paths become due. */
import assert from "node:assert/strict";
import { ManualClock } from "../../base/testing/manual_clock.ts";
import { Dirty } from "./dirty.ts";

/** Sets the clock to a time, and runs the timers due by then. */
function at(clock: ManualClock, ms: number): void {
  using _timer = clock.timer(ms - clock.elapsedMs(), () => {});
  while (clock.elapsedMs() < ms) clock.step();
}

Deno.test("what is written is looked at when its writer has come to rest, and not before", () => {
  const clock = new ManualClock();
  using dirty = new Dirty(clock);
  dirty.add("local", "a");
  at(clock, 20);
  dirty.add("local", "a");
  dirty.add("local", "b");
  at(clock, 49);
  assert.equal(dirty.due, false, "it may be half a file");
  at(clock, 50);
  assert.equal(dirty.due, true);
  assert.deepEqual(dirty.take(), {
    paths: { local: new Set(["a", "b"]), remote: new Set() },
    anywhere: false,
  });
  assert.equal(dirty.due, false);
});

Deno.test("a writer that never rests is waited for half a second", () => {
  const clock = new ManualClock();
  using dirty = new Dirty(clock);
  for (let ms = 0; ms < 500; ms += 20) {
    at(clock, ms);
    assert.equal(dirty.due, false, `${ms} ms`);
    dirty.add("local", "log");
  }
  at(clock, 500);
  assert.equal(dirty.due, true);
});

Deno.test("more paths than are worth looking at one by one are as good as all", () => {
  using dirty = new Dirty(new ManualClock());
  for (let path = 0; path < 2000; path++) dirty.add("remote", String(path));
  assert.equal(dirty.take().anywhere, false);
  for (let path = 0; path <= 2000; path++) dirty.add("remote", String(path));
  assert.equal(dirty.take().anywhere, true);
});
