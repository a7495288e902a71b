/**
 * When something that failed is tried again: exponential back-off with jitter.
 *
 * The rule for every retry of kodama: the delay before the second attempt is `delayMs`; each further delay is the delay
 * before times `factor`, at most `maxDelayMs`; then `jitter` spreads it, so that the many clients of a server that
 * comes back don't return together. Retrying ends with the last of `attempts`, after `limitMs`, or when the signal
 * aborts, whichever comes first. Progress resets it: the next delay is `delayMs` again.
 *
 * Which errors are worth a retry isn't decided here: see `isTransient` and `isUnsent` in `kube/failures.ts`.
 */
import { definedOnly } from "./json_value.ts";
import { Deadline, passed } from "./abort.ts";
import type { Clock } from "./clock.ts";
import { KodamaError } from "./errors.ts";

/** The number of attempts, and the delays between them. */
export interface RetryPolicy {
  /** Milliseconds before the second attempt. */
  delayMs: number;
  /** Each delay is the delay before times this; 2 if absent. */
  factor?: number;
  /** The longest delay, before jitter; no limit if absent. */
  maxDelayMs?: number;
  /** The share of a delay, from 0 to 1, that it may be shorter or longer by; 0 if absent. */
  jitter?: number;
  /** Attempts in all, the first included; 1 means no retry. No limit if absent. */
  attempts?: number;
}

/** How a server that is lost is tried again, by who waits for it. A caller adds how often, or how long in all. */
export const outagePolicy = {
  /** A person waits for an answer: a second is the most that an outage may last longer because of it. */
  interactive: { delayMs: 100, maxDelayMs: 1000, jitter: 0.2 },
  /** Something is followed: the end of an outage is seen within seconds, also if many programs follow. */
  follow: { delayMs: 250, maxDelayMs: 5000, jitter: 0.5 },
  /** Processes that run for days beside other work: the delays are those of Kubernetes' own clients. */
  background: { delayMs: 800, maxDelayMs: 30_000, jitter: 0.5 },
} as const satisfies Readonly<Record<string, RetryPolicy>>;

/** The dependencies of a retry. */
interface RetryParts {
  clock: Clock;
  /** Ends the retries at once when it aborts. */
  signal?: AbortSignal;
  /** In [0, 1), for the jitter; without it, delays have none. */
  random?: () => number;
}

/**
 * Returns the delay after the given number of failures in a row, from 1.
 *
 * @param random in [0, 1); the middle, 0.5, gives the delay without jitter.
 */
export function retryDelayMs(policy: RetryPolicy, failures: number, random = 0.5): number {
  const { delayMs, factor = 2, maxDelayMs = Infinity, jitter = 0 } = policy;
  const delay = Math.min(delayMs * factor ** (failures - 1), maxDelayMs);
  return delay * (1 + jitter * (2 * random - 1));
}

/** Counts the failures in a row of something that is tried again, for loops that {@link retry} doesn't fit. */
export class Backoff {
  #failures = 0;

  constructor(private readonly policy: RetryPolicy, private readonly parts: RetryParts) {}

  /** There was progress: the next failure counts as the first again. */
  reset(): void {
    this.#failures = 0;
  }

  /** Counts a failure. Returns the delay before the next attempt; undefined if the last attempt is over. */
  next(): number | undefined {
    this.#failures++;
    if (this.#failures >= (this.policy.attempts ?? Infinity)) return undefined;
    return retryDelayMs(this.policy, this.#failures, this.parts.random?.());
  }

  /**
   * Counts a failure and waits until the next attempt is due. Returns whether there is an attempt: the attempts aren't
   * used up, and the signal hasn't aborted.
   *
   * @param settled ends the wait early, and makes the next attempt due, when it settles.
   */
  async wait(settled?: Promise<unknown>): Promise<boolean> {
    const delayMs = this.next();
    if (delayMs === undefined) return false;
    const { clock, signal } = this.parts;
    if (signal?.aborted) return false;
    await passed(clock, delayMs, {
      ...definedOnly({ signal, settled }),
    });
    return signal?.aborted !== true;
  }
}

/** Options of {@link retry}. */
export interface RetryOptions extends RetryParts {
  policy: RetryPolicy;
  /** Milliseconds for all attempts and delays together; no limit if absent. */
  limitMs?: number;
  /** Returns whether another attempt may succeed after this error, and does no harm. */
  mayRetry: (error: unknown) => boolean;
  /** Called after each failure that is retried, before the delay. */
  onFailure?: (error: unknown) => Promise<void> | void;
}

/**
 * Returns the result of the first attempt that succeeds.
 *
 * @param attempt gets a signal that aborts with `signal` or at `limitMs`.
 * @throws the error of the last attempt; if `limitMs` only cut that attempt off, the error of the attempt before.
 */
export async function retry<T>(
  attempt: (signal: AbortSignal) => Promise<T>,
  { policy, clock, signal, random, limitMs, mayRetry, onFailure }: RetryOptions,
): Promise<T> {
  using deadline = new Deadline(clock, limitMs, signal);
  const backoff = new Backoff(policy, {
    clock,
    signal: deadline.signal,
    ...definedOnly({ random }),
  });
  let last: { error: unknown } | undefined;
  for (;;) {
    try {
      return await attempt(deadline.signal);
    } catch (error) {
      if (last !== undefined && deadline.expired && isAbort(error, deadline.signal)) {
        throw last.error;
      }
      if (!mayRetry(error)) throw error;
      last = { error };
      await onFailure?.(error);
      if (!await backoff.wait()) throw error;
    }
  }
}

/** Returns whether an error only reports that the signal aborted. */
function isAbort(error: unknown, signal: AbortSignal): boolean {
  if (error === signal.reason) return true;
  if (error instanceof KodamaError) return error.kind === "cancelled";
  return error instanceof DOMException &&
    (error.name === "AbortError" || error.name === "TimeoutError");
}
