/** Limits of parallelism: a semaphore with a number of slots, and a limit for a list of tasks. */
import { onAbort } from "./abort.ts";

/** A counting semaphore. Its slots are given in the order of the requests. */
export class Semaphore {
  #free: number;
  readonly #waiting = new Set<() => void>();

  /** @param onWait called with the number of waiting requests when a request has to wait. */
  constructor(slots: number, private readonly onWait: (waiting: number) => void = () => {}) {
    this.#free = slots;
  }

  /** Returns a slot, which is released by disposing of it. Throws the signal's reason if it aborts before. */
  async acquire(signal?: AbortSignal): Promise<Disposable> {
    signal?.throwIfAborted();
    if (this.#free > 0) this.#free--;
    else await this.#turn(signal);
    let released = false;
    return {
      [Symbol.dispose]: () => {
        if (!released) {
          const [next] = this.#waiting;
          if (next === undefined) this.#free++;
          else {
            this.#waiting.delete(next);
            next();
          }
        }
        released = true;
      },
    };
  }

  async #turn(signal: AbortSignal | undefined): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#waiting.add(resolve);
    this.onWait(this.#waiting.size);
    using _listening = signal && onAbort(signal, () => {
      // A request that already has its slot retains it.
      if (this.#waiting.delete(resolve)) reject(signal.reason);
    });
    await promise;
  }
}

/**
 * Runs tasks, at most `limit` at a time, in their order. Returns their results in the same order; throws the first
 * failure.
 */
export async function inParallel<T>(
  tasks: readonly (() => Promise<T>)[],
  limit: number,
): Promise<T[]> {
  const results: T[] = [];
  let next = 0;
  const worker = async () => {
    while (next < tasks.length) {
      const index = next++;
      const task = tasks[index];
      if (task !== undefined) results[index] = await task();
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, tasks.length) }, worker));
  return results;
}
