/** The common retry policy: its delays, its ends, and its errors. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { KodamaError } from "./errors.ts";
import { Backoff, retry, retryDelayMs, type RetryPolicy } from "./retry.ts";
import { ManualClock } from "./testing/manual_clock.ts";

const policies: fc.Arbitrary<Required<Omit<RetryPolicy, "attempts">>> = fc.record({
  delayMs: fc.integer({ min: 1, max: 5000 }),
  factor: fc.double({ min: 1, max: 4, noNaN: true }),
  maxDelayMs: fc.integer({ min: 5000, max: 60_000 }),
  jitter: fc.double({ min: 0, max: 1, noNaN: true }),
});
const failures = fc.integer({ min: 1, max: 200 });

Deno.test("`retryDelayMs()` doubles up to the longest delay", () => {
  const policy = { delayMs: 100, maxDelayMs: 1000 };
  const delays = [1, 2, 3, 4, 5, 6, 2000].map((count) => retryDelayMs(policy, count));
  assert.deepEqual(delays, [100, 200, 400, 800, 1000, 1000, 1000]);
  assert.equal(retryDelayMs({ delayMs: 10, factor: 3 }, 4), 270);
});

Deno.test("`retryDelayMs()` without jitter starts at `delayMs`, never falls, and stays below the longest", () => {
  fc.assert(fc.property(policies, failures, (policy, count) => {
    assert.equal(retryDelayMs(policy, 1), policy.delayMs);
    const [one, next] = [retryDelayMs(policy, count), retryDelayMs(policy, count + 1)];
    assert.ok(one <= next && next <= policy.maxDelayMs);
  }));
});

Deno.test("`retryDelayMs()` spreads a delay by its jitter either way, and no further", () => {
  const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  fc.assert(fc.property(policies, failures, random, (policy, count, random) => {
    const [middle, delay] = [retryDelayMs(policy, count), retryDelayMs(policy, count, random)];
    // Doubles round: by less than this part of the delay, and not of the jitter, which may be tiny.
    const spread = middle * (policy.jitter + 1e-12);
    assert.ok(delay >= 0 && Math.abs(delay - middle) <= spread);
  }));
  assert.equal(retryDelayMs({ delayMs: 100, jitter: 0.5 }, 1, 0), 50);
  assert.equal(retryDelayMs({ delayMs: 100, jitter: 0.5 }, 1, 0.75), 125);
});

Deno.test("`Backoff` counts from the start again after progress", () => {
  const backoff = new Backoff({ delayMs: 10, attempts: 4 }, { clock: new ManualClock() });
  assert.deepEqual([backoff.next(), backoff.next(), backoff.next()], [10, 20, 40]);
  assert.equal(backoff.next(), undefined);
  backoff.reset();
  assert.equal(backoff.next(), 10);
});

Deno.test("`Backoff.wait()` ends early for what it was waiting for, and has no next attempt after an abort", async () => {
  const clock = new ManualClock();
  const stop = new AbortController();
  const backoff = new Backoff({ delayMs: 1000 }, { clock, signal: stop.signal });
  assert.equal(await backoff.wait(Promise.resolve()), true);
  assert.equal(clock.elapsedMs(), 0);
  const waiting = backoff.wait();
  stop.abort();
  assert.equal(await waiting, false);
  assert.equal(await backoff.wait(), false);
  assert.deepEqual([clock.elapsedMs(), clock.waiting], [0, 0]);
});

/** Runs {@link retry} with attempts that take a millisecond each and fail, and returns the start of each. */
async function startsOf(
  errors: readonly unknown[],
  options: Partial<Parameters<typeof retry>[1]> & { policy: RetryPolicy },
  { clock = new ManualClock(), attemptMs = 0 } = {},
) {
  const starts: number[] = [];
  const attempt = (signal: AbortSignal) => {
    const error = errors[starts.length];
    starts.push(clock.elapsedMs());
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const timer = clock.timer(attemptMs, () => error === undefined ? resolve("ok") : reject(error));
    signal.addEventListener("abort", () => {
      timer[Symbol.dispose]();
      reject(signal.reason);
    }, { once: true });
    return promise;
  };
  const running = retry(attempt, { clock, mayRetry: () => true, ...options });
  const result = await clock.runUntil(running.catch((error: unknown) => ({ error })));
  return { starts, result, endMs: clock.elapsedMs(), timers: clock.waiting };
}

const down = new KodamaError("unreachable", "down");
const forbidden = new KodamaError("forbidden", "no");

Deno.test("`retry()` returns the first success, and throws what isn't worth another attempt", async () => {
  const policy = { delayMs: 100, maxDelayMs: 300 };
  const table = [
    [[], [0], "ok"],
    [[down, down, down, down], [0, 100, 300, 600, 900], "ok"],
    [[down, forbidden], [0, 100], { error: forbidden }],
  ] as const;
  for (const [errors, starts, result] of table) {
    const mayRetry = (error: unknown) => error === down;
    const ran = await startsOf(errors, { policy, mayRetry });
    assert.deepEqual([ran.starts, ran.result, ran.timers], [starts, result, 0]);
  }
});

Deno.test("`retry()` makes as many attempts as the policy has, and throws what the last one threw", async () => {
  const errors = [1, 2, 3, 4].map((count) => new Error(`attempt ${count}`));
  for (const attempts of [1, 2, 3]) {
    const { starts, result } = await startsOf(errors, { policy: { delayMs: 10, attempts } });
    assert.equal(starts.length, attempts);
    assert.deepEqual(result, { error: errors[attempts - 1] });
  }
});

Deno.test("`retry()` ends at its limit, in a delay or in an attempt, with the last error of its own", async () => {
  const policy = { delayMs: 100 };
  const errors = Array.from({ length: 9 }, () => down);
  const inDelay = await startsOf(errors, { policy, limitMs: 500 });
  assert.deepEqual([inDelay.starts, inDelay.endMs], [[0, 100, 300], 500]);
  assert.deepEqual(inDelay.result, { error: down });
  const inAttempt = await startsOf(errors, { policy, limitMs: 500 }, { attemptMs: 150 });
  assert.deepEqual([inAttempt.starts, inAttempt.endMs], [[0, 250], 500]);
  assert.deepEqual([inAttempt.result, inAttempt.timers], [{ error: down }, 0]);
});

Deno.test("`retry()` never starts an attempt at or after its limit", async () => {
  await fc.assert(
    fc.asyncProperty(
      policies,
      fc.integer({ min: 1, max: 100_000 }),
      async ({ delayMs, factor, maxDelayMs }, limitMs) => {
        const policy = { delayMs, factor, maxDelayMs, attempts: 50 };
        const errors = Array.from({ length: 50 }, () => down);
        const { starts, endMs } = await startsOf(errors, { policy, limitMs });
        assert.ok(starts.every((at) => at < limitMs) && endMs <= limitMs);
      },
    ),
    { numRuns: 25 },
  );
});

Deno.test("`retry()` ends at once when the signal aborts", async () => {
  const clock = new ManualClock();
  const stop = new AbortController();
  clock.timer(120, () => stop.abort());
  const errors = Array.from({ length: 9 }, () => down);
  const { starts, endMs, result, timers } = await startsOf(
    errors,
    { policy: { delayMs: 50 }, signal: stop.signal },
    { clock },
  );
  assert.deepEqual([starts, endMs, timers], [[0, 50], 120, 0]);
  assert.deepEqual(result, { error: down });
});
