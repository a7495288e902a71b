import assert from "node:assert/strict";
import fc from "fast-check";
import { BoundedQueue } from "./bounded_queue.ts";
import { quiet } from "./testing/manual_clock.ts";

Deno.test("`BoundedQueue` keeps each producer's order and its limit", async () => {
  const producers = fc.array(fc.nat(20), { minLength: 1, maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(producers, fc.integer({ min: 1, max: 4 }), async (all, capacity) => {
      const queue = new BoundedQueue<{ from: number; item: number }>(capacity);
      const done = all.map(async (count, from) => {
        for (let item = 0; item < count; item++) await queue.push({ from, item });
      });
      Promise.all(done).then(() => queue.close());
      const next = new Array(all.length).fill(0);
      for await (const { from, item } of queue) {
        assert.ok(queue.size <= capacity);
        assert.equal(item, next[from]++);
      }
      assert.deepEqual(next, all);
    }),
  );
});

Deno.test("`push()` waits while the queue is full", async () => {
  const queue = new BoundedQueue<number>(1);
  await queue.push(1);
  let pushed = false;
  const waiting = queue.push(2).then(() => pushed = true);
  await quiet();
  assert.equal(pushed, false);
  const items = queue[Symbol.asyncIterator]();
  assert.equal((await items.next()).value, 1);
  await waiting;
});

Deno.test("`BoundedQueue` yields queued items before an error, and a stopped consumer blocks no producer", async () => {
  const failing = new BoundedQueue<number>(2);
  await failing.push(1);
  failing.fail(new Error("broken"));
  const items = failing[Symbol.asyncIterator]();
  assert.equal((await items.next()).value, 1);
  await assert.rejects(items.next(), /broken/);

  const abandoned = new BoundedQueue<number>(1);
  await abandoned.push(1);
  const waiting = abandoned.push(2);
  abandoned.discard();
  await waiting;
  assert.deepEqual(await Array.fromAsync(abandoned), []);
});

Deno.test("`BoundedQueue` ends once: later errors and ends have no effect", async () => {
  const failed = new BoundedQueue<number>(1);
  failed.fail(new Error("first"));
  failed.fail(new Error("second"));
  failed.close();
  await assert.rejects(Array.fromAsync(failed), /first/);
  const closed = new BoundedQueue<number>(1);
  closed.close();
  closed.fail(new Error("late"));
  assert.deepEqual(await Array.fromAsync(closed), []);
});
