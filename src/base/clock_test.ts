import assert from "node:assert/strict";
import { TimerQueue } from "./clock.ts";

Deno.test("timers fire in the order of their times, then of their calls", async () => {
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

Deno.test("a timer never fires before its time", async () => {
  const queue = new TimerQueue();
  const began = performance.now();
  const waits = [3, 7.5, 12].map((delayMs) =>
    new Promise<number>((resolve) =>
      queue.add(delayMs, () => resolve(performance.now() - began - delayMs))
    )
  );
  for (const late of await Promise.all(waits)) assert.ok(late >= 0, `${late} ms`);
});

Deno.test("a timer that was disposed of doesn't fire, even by one that fired at the same moment", async () => {
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

Deno.test("a timer may add another, earlier than all that wait", async () => {
  const queue = new TimerQueue();
  const fired: string[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  queue.add(40, () => {
    fired.push("late");
    resolve();
  });
  queue.add(1, () => queue.add(1, () => fired.push("early")));
  await promise;
  assert.deepEqual(fired, ["early", "late"]);
});

Deno.test("timers that are due at one moment, the process having been busy, keep the order of their times", async () => {
  const queue = new TimerQueue();
  const fired: string[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  queue.add(3, () => fired.push("second"));
  queue.add(1, () => fired.push("first"));
  queue.add(4, resolve);
  const began = performance.now();
  while (performance.now() - began < 10);
  await promise;
  assert.deepEqual(fired, ["first", "second"]);
});
