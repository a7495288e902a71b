/** Asking a server that is down again and again. */
import { passed } from "../base/abort.ts";
import type { Clock } from "../base/clock.ts";
import { LinkError } from "../kube/failures.ts";

const firstDelayMs = 100;
const longestDelayMs = 1000;

/** Whether nothing has reached the server: asking again does nothing twice, and it may be up by then. */
export function mayPass(error: unknown): error is LinkError {
  return error instanceof LinkError && error.failure.sent === "nothing";
}

/**
 * The answer, asked for again while the error is one that {@link mayPass}: after 100 ms, then twice as long up to
 * a second. When the signal aborts, the last such error is thrown; without one, what `ask` throws.
 *
 * @param ask rejects with the signal's reason where it gives up because of it.
 */
export async function patiently<T>(
  ask: () => Promise<T>,
  { clock, signal }: { clock: Clock; signal: AbortSignal },
): Promise<T> {
  let last: LinkError | undefined;
  for (let delayMs = firstDelayMs;; delayMs = Math.min(2 * delayMs, longestDelayMs)) {
    try {
      return await ask();
    } catch (error) {
      if (mayPass(error)) last = error;
      else throw last !== undefined && signal.aborted && error === signal.reason ? last : error;
    }
    await passed(clock, delayMs, { signal });
    if (signal.aborted) throw last;
  }
}
