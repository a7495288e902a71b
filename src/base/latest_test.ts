import assert from "node:assert/strict";
import { Latest } from "./latest.ts";

Deno.test("each reader of `Latest` gets the current value first, then the last change, until the end", async () => {
  const sizes = new Latest(1);
  sizes.set(2);
  const first = sizes[Symbol.asyncIterator]();
  assert.equal((await first.next()).value, 2);
  for (const size of [3, 4, 5]) sizes.set(size);
  assert.equal((await first.next()).value, 5);
  const waiting = first.next();
  sizes.set(6);
  assert.equal((await waiting).value, 6);
  const second = sizes[Symbol.asyncIterator]();
  assert.equal((await second.next()).value, 6);
  const rest = [first.next(), second.next()];
  sizes.close();
  assert.deepEqual((await Promise.all(rest)).map(({ done }) => done), [true, true]);
  assert.equal(sizes.value, 6);
});
