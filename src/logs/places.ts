/** So many at a time; the others wait for their turn, in the order in which they came. */
import { onAbort } from "../base/abort.ts";

/** Places that are taken and given back. */
export class Places {
  #free: number;
  readonly #waiting = new Set<() => void>();

  /** @param onWait told how many wait, whenever one has to. */
  constructor(count: number, private readonly onWait: (waiting: number) => void = () => {}) {
    this.#free = count;
  }

  /** A place, which is given back by disposing of it. Rejects with the signal's reason. */
  async take(signal: AbortSignal): Promise<Disposable> {
    signal.throwIfAborted();
    if (this.#free > 0) this.#free--;
    else await this.#turn(signal);
    let given = false;
    return {
      [Symbol.dispose]: () => {
        if (!given) this.#giveBack();
        given = true;
      },
    };
  }

  async #turn(signal: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#waiting.add(resolve);
    this.onWait(this.#waiting.size);
    using _listening = onAbort(signal, () => {
      // Who was given a place already keeps it.
      if (this.#waiting.delete(resolve)) reject(signal.reason);
    });
    await promise;
  }

  #giveBack(): void {
    const [next] = this.#waiting;
    if (next === undefined) this.#free++;
    else {
      this.#waiting.delete(next);
      next();
    }
  }
}
