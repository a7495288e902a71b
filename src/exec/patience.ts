/** Asking a server that is down again and again: one asks, and whoever else wants something of it waits for that. */
import { orAborted, passed } from "../base/abort.ts";
import type { Clock } from "../base/clock.ts";
import { LinkError } from "../kube/failures.ts";

const firstDelayMs = 100;
const longestDelayMs = 1000;
/** Whoever comes after a server was waited for in vain looks for so long whether it is back. */
const lateLimitMs = 2000;

/** Whether nothing has reached the server: asking again does nothing twice, and it may be up by then. */
export function mayPass(error: unknown): error is LinkError {
  return error instanceof LinkError && error.failure.sent === "nothing";
}

/** Somebody asks a server that is down. */
interface Watch {
  /** What it said last. */
  last: LinkError;
  end: Promise<"back" | "hopeless">;
}

/**
 * The servers of one run. Without it, three hundred pods of a server that is down would be waited for one fanout
 * after the other.
 */
export class Outages {
  readonly #clock: Clock;
  readonly #limitMs: number;
  readonly #watched = new Map<string, Watch>();
  /** Waited for in vain, and not heard of since. */
  readonly #hopeless = new Set<string>();

  /** @param limitMs the longest wait for one server. */
  constructor(clock: Clock, limitMs: number) {
    this.#clock = clock;
    this.#limitMs = limitMs;
  }

  /** How long something may be asked of this server, as things are. */
  limitMs(server: string): number {
    return this.#hopeless.has(server) ? Math.min(lateLimitMs, this.#limitMs) : this.#limitMs;
  }

  /** Somebody has asked for as long as is allowed, and not even a connection was made. */
  silent(server: string): void {
    this.#hopeless.add(server);
  }

  /**
   * The answer, asked for again while the error is one that {@link mayPass}: after 100 ms, then twice as long up to a
   * second. When the signal aborts, or the server was waited for in vain, the last such error is thrown; without
   * one, what `ask` throws.
   *
   * @param ask rejects with the signal's reason where it gives up because of it.
   */
  async ask<T>(server: string, ask: () => Promise<T>, signal: AbortSignal): Promise<T> {
    for (;;) {
      const watch = this.#watched.get(server);
      if (watch !== undefined && await ended(watch, signal) === "hopeless") throw watch.last;
      try {
        return await this.#answer(server, ask);
      } catch (error) {
        if (!mayPass(error) || this.#hopeless.has(server)) throw error;
        if (!this.#watched.has(server)) return await this.#watch(server, { error, ask, signal });
      }
    }
  }

  async #watch<T>(
    server: string,
    { error, ask, signal }: { error: LinkError; ask: () => Promise<T>; signal: AbortSignal },
  ): Promise<T> {
    const { promise: end, resolve } = Promise.withResolvers<"back" | "hopeless">();
    const watch: Watch = { last: error, end };
    this.#watched.set(server, watch);
    try {
      for (let delayMs = firstDelayMs;; delayMs = Math.min(2 * delayMs, longestDelayMs)) {
        await passed(this.#clock, delayMs, { signal });
        if (signal.aborted) throw watch.last;
        try {
          return await this.#answer(server, ask);
        } catch (error) {
          if (mayPass(error)) watch.last = error;
          else throw signal.aborted && error === signal.reason ? watch.last : error;
        }
      }
    } catch (error) {
      if (error === watch.last) this.#hopeless.add(server);
      throw error;
    } finally {
      this.#watched.delete(server);
      resolve(this.#hopeless.has(server) ? "hopeless" : "back");
    }
  }

  async #answer<T>(server: string, ask: () => Promise<T>): Promise<T> {
    const answer = await ask();
    this.#hopeless.delete(server);
    return answer;
  }
}

/** How the watch ended; as a vain one where the signal aborts before. */
async function ended(watch: Watch, signal: AbortSignal): Promise<"back" | "hopeless"> {
  try {
    return await orAborted(watch.end, signal);
  } catch {
    return "hopeless";
  }
}
