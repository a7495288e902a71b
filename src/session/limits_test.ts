import assert from "node:assert/strict";
import { limitsOf, limitText, parseLimit, remainingTime } from "./limits.ts";

Deno.test("a limit is a duration of a second or more, or none", () => {
  assert.deepEqual(["8h", "30m", "90s", "1h30m", "never"].map(parseLimit), [
    28_800,
    1800,
    90,
    5400,
    "never",
  ]);
  for (const wrong of ["", "0", "8", "0s", "200ms", "8 h", "-1h", "tomorrow"]) {
    assert.equal(parseLimit(wrong), undefined, wrong);
  }
  assert.deepEqual([28_800, 90, 5400].map(limitText), ["8h", "1m30s", "1h30m"]);
});

Deno.test("a wish for none is none", () => {
  assert.deepEqual(limitsOf({ ttl: "never", idleTimeout: undefined }), {});
  assert.deepEqual(limitsOf({ ttl: 60, idleTimeout: 5 }), { ttlSeconds: 60, idleSeconds: 5 });
});

Deno.test("what is left counts from the beginning, and from the last use; what uses it now is said", () => {
  const limits = { ttlSeconds: 28_800, idleSeconds: 1800 };
  const state = { now: 1100, startedAt: 100, usedAt: 1090, use: "task 1 of its agent" };
  assert.deepEqual(remainingTime(limits, state), {
    ttlSeconds: 27_800,
    idleSeconds: 1790,
    use: "task 1 of its agent",
  });
  assert.deepEqual(remainingTime(limits, { ...state, usedAt: 500 }), {
    ttlSeconds: 27_800,
    idleSeconds: 1200,
  });
  assert.deepEqual(remainingTime({ ttlSeconds: 60 }, state), { ttlSeconds: 0 });
});
