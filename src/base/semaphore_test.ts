import assert from "node:assert/strict";
import fc from "fast-check";
import { inParallel, Semaphore } from "./semaphore.ts";
import { ManualClock } from "./testing/manual_clock.ts";
import { passed } from "./abort.ts";

const never = new AbortController().signal;

Deno.test("`Semaphore` gives slots in the order of the requests; one that is aborted loses no other's", async () => {
  const waiting: number[] = [];
  const slots = new Semaphore(1, (count) => waiting.push(count));
  const first = await slots.acquire(never);
  const leaver = new AbortController();
  const leaving = slots.acquire(leaver.signal);
  const second = slots.acquire(never);
  leaver.abort(new Error("gone"));
  await assert.rejects(leaving, /gone/);
  first[Symbol.dispose]();
  first[Symbol.dispose]();
  (await second)[Symbol.dispose]();
  (await slots.acquire(never))[Symbol.dispose]();
  assert.deepEqual(waiting, [1, 2]);
  await assert.rejects(slots.acquire(leaver.signal), /gone/);
});

/** Durations of work, each with a slot or as a task, and a limit. */
const loads = fc.tuple(
  fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 12 }),
  fc.integer({ min: 1, max: 4 }),
);

/** Work on a clock, and how much of it was done at the same time. */
function workload(durations: readonly number[]) {
  const clock = new ManualClock();
  const state = { running: 0, most: 0, started: [] as number[] };
  const works = durations.map((durationMs, index) => async () => {
    state.started.push(index);
    state.most = Math.max(state.most, ++state.running);
    await passed(clock, durationMs);
    state.running--;
    return index;
  });
  return { clock, state, works };
}

Deno.test("`Semaphore` never has more holders than slots, uses all of them, and serves everyone in order", async () => {
  await fc.assert(
    fc.asyncProperty(loads, async ([durations, limit]) => {
      const { clock, state, works } = workload(durations);
      const slots = new Semaphore(limit);
      const all = works.map(async (work) => {
        using _slot = await slots.acquire(never);
        return await work();
      });
      await clock.runUntil(Promise.all(all));
      assert.equal(state.most, Math.min(limit, durations.length));
      assert.deepEqual(state.started, durations.map((_, index) => index));
    }),
    { numRuns: 50 },
  );
});

Deno.test("`inParallel()` keeps to its limit, starts in order, and returns the results in order", async () => {
  await fc.assert(
    fc.asyncProperty(loads, async ([durations, limit]) => {
      const { clock, state, works } = workload(durations);
      const results = await clock.runUntil(inParallel(works, limit));
      assert.equal(state.most, Math.min(limit, durations.length));
      assert.deepEqual(results, durations.map((_, index) => index));
      assert.deepEqual(state.started, results);
    }),
    { numRuns: 50 },
  );
});

Deno.test("`inParallel()` throws the first failure", async () => {
  const failing = [1, 2].map((count) => () => Promise.reject(new Error(`task ${count}`)));
  await assert.rejects(inParallel(failing, 1), /task 1/);
});
