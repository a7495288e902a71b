import assert from "node:assert/strict";
import { TimerQueue } from "./clock.ts";

Deno.test("`TimerQueue` fires in the order of times, then of calls", async () => {
  // However long the calls take, all are at the same moment.
  let called: number | undefined = performance.now();
  const queue = new TimerQueue(() => called ?? performance.now());
  const fired: string[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  queue.add(20, () => {
    fired.push("last");
    resolve();
  });
  queue.add(5, () => fired.push("second"));
  queue.add(1, () => fired.push("first"));
  queue.add(5, () => fired.push("third"));
  called = undefined;
  await promise;
  assert.deepEqual(fired, ["first", "second", "third", "last"]);
});

Deno.test("`TimerQueue` never fires a timer early", async () => {
  const queue = new TimerQueue();
  const startMs = performance.now();
  const waits = [3, 7.5, 12].map((delayMs) =>
    new Promise<number>((resolve) =>
      queue.add(delayMs, () => resolve(performance.now() - startMs - delayMs))
    )
  );
  for (const late of await Promise.all(waits)) assert.ok(late >= 0, `${late} ms`);
});

Deno.test("`TimerQueue` doesn't fire a disposed timer, even one disposed of at the same moment", async () => {
  const queue = new TimerQueue();
  const fired: string[] = [];
  using _never = queue.add(1, () => fired.push("never"));
  _never[Symbol.dispose]();
  const { promise, resolve } = Promise.withResolvers<void>();
  queue.add(2, () => other[Symbol.dispose]());
  const other = queue.add(2, () => fired.push("other"));
  queue.add(4, resolve);
  await promise;
  assert.deepEqual(fired, []);
});

Deno.test("`TimerQueue` accepts a timer from a timer, earlier than all others", async () => {
  // The test's own time: a machine that is slow between two lines makes no timer late.
  let nowMs = 0;
  const queue = new TimerQueue(() => nowMs);
  const fired: string[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  queue.add(40, () => {
    fired.push("late");
    resolve();
  });
  queue.add(1, () => {
    queue.add(1, () => {
      fired.push("early");
      nowMs = 40;
    });
    nowMs = 2;
  });
  nowMs = 1;
  await promise;
  assert.deepEqual(fired, ["early", "late"]);
});

Deno.test("`TimerQueue` keeps the order of times if several are due after a busy period", async () => {
  // However long the calls take, all are at the same moment.
  let called: number | undefined = performance.now();
  const queue = new TimerQueue(() => called ?? performance.now());
  const fired: string[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  queue.add(3, () => fired.push("second"));
  queue.add(1, () => fired.push("first"));
  queue.add(4, resolve);
  called = undefined;
  const startMs = performance.now();
  while (performance.now() - startMs < 10);
  await promise;
  assert.deepEqual(fired, ["first", "second"]);
});
