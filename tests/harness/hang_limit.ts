/**
 * How long a test waits for an event before it reports what it has seen instead. It says nothing about speed: no machine
 * is so slow that an event that comes at all takes as long. Without it a test that fails would never end. The suites of
 * `deno task test` set a lower one, below the deadline of their tests.
 */
export const hangLimitMs = Number(Deno.env.get("KODAMA_TEST_HANG_MS") ?? 300_000);

/** The same as an argument of kubectl. */
export const hangTimeout = `--timeout=${hangLimitMs / 1000}s`;

/** Returns the result of a wait for an event; at the limit, rejects with what was seen instead. */
export async function beforeHang<T>(
  event: Promise<T>,
  seenInstead: () => Error | Promise<Error>,
): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(async () => reject(await seenInstead()), hangLimitMs);
  try {
    return await Promise.race([event, late]);
  } finally {
    clearTimeout(timer);
  }
}
