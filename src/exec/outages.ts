/** Servers that are down: one caller retries, and the others wait for its result. */
import { orAborted } from "../base/abort.ts";
import type { Clock } from "../base/clock.ts";
import { Backoff, outagePolicy } from "../base/retry.ts";
import { isUnsent, type LinkError } from "../kube/failures.ts";

/** The time for a connection to a server that was given up before. */
const givenUpLimitMs = 2000;

/** A caller retries a server that is down. */
interface Outage {
  lastError: LinkError;
  end: Promise<"back" | "givenUp">;
}

/**
 * The servers of one run that are down. Without it, 300 pods of such a server would be retried one fan-out after the
 * other.
 */
export class Outages {
  readonly #limitMs: number;
  readonly #outages = new Map<string, Outage>();
  /** Servers that didn't come back in time, and haven't answered since. */
  readonly #givenUp = new Set<string>();

  /** @param limitMs the longest wait for one server. */
  constructor(private readonly clock: Clock, limitMs: number) {
    this.#limitMs = limitMs;
  }

  /** Returns how long a caller may wait for this server: briefly if it was given up. */
  limitMs(server: string): number {
    return this.#givenUp.has(server) ? Math.min(givenUpLimitMs, this.#limitMs) : this.#limitMs;
  }

  /** Reports that no connection to the server was made within the limit. */
  giveUp(server: string): void {
    this.#givenUp.add(server);
  }

  /**
   * Returns the result of `call`, which is repeated while it fails with an error that {@link isUnsent}: after 100 ms,
   * then after twice as long each time, at most a second. If another caller retries this server, waits for it first.
   *
   * @param call rejects with the signal's reason if it gives up because of the signal.
   * @throws the last such error if the signal aborts or the server is given up; else what `call` throws.
   */
  async retry<T>(server: string, call: () => Promise<T>, signal: AbortSignal): Promise<T> {
    for (;;) {
      const outage = this.#outages.get(server);
      if (outage !== undefined && await endOf(outage, signal) === "givenUp") throw outage.lastError;
      try {
        return await this.#answer(server, call);
      } catch (error) {
        if (!isUnsent(error) || this.#givenUp.has(server)) throw error;
        if (!this.#outages.has(server)) {
          return await this.#retryForAll(server, { error, call, signal });
        }
      }
    }
  }

  async #retryForAll<T>(
    server: string,
    { error, call, signal }: { error: LinkError; call: () => Promise<T>; signal: AbortSignal },
  ): Promise<T> {
    const { promise: end, resolve } = Promise.withResolvers<"back" | "givenUp">();
    const outage: Outage = { lastError: error, end };
    this.#outages.set(server, outage);
    const backoff = new Backoff(outagePolicy.interactive, { clock: this.clock, signal });
    try {
      while (await backoff.wait()) {
        try {
          return await this.#answer(server, call);
        } catch (error) {
          if (isUnsent(error)) outage.lastError = error;
          else if (!signal.aborted || error !== signal.reason) throw error;
        }
      }
      this.#givenUp.add(server);
      throw outage.lastError;
    } finally {
      this.#outages.delete(server);
      resolve(this.#givenUp.has(server) ? "givenUp" : "back");
    }
  }

  async #answer<T>(server: string, call: () => Promise<T>): Promise<T> {
    const result = await call();
    this.#givenUp.delete(server);
    return result;
  }
}

/** Returns how the outage ended; `givenUp` if the signal aborts before. */
async function endOf(outage: Outage, signal: AbortSignal): Promise<"back" | "givenUp"> {
  try {
    return await orAborted(outage.end, signal);
  } catch {
    return "givenUp";
  }
}
