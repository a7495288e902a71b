/**
 * The threads that close connections of Deno's TLS: whoever closes one leaves it to a thread that sleeps until what
 * was sent last has surely arrived. There are 32 in the process, and files are read and written by the same ones.
 */
import type { Clock } from "../base/clock.ts";

/** So long a thread sleeps, and can do nothing else. Deno 2.9. */
const sleepMs = 100;

/** As many as are left to connections; files keep the others. */
export class TlsClosers {
  #free = 24;

  constructor(private readonly clock: Clock) {}

  /** One for a connection, to be disposed of when that is closed; undefined where none is free. */
  take(): Disposable | undefined {
    if (this.#free === 0) return undefined;
    this.#free--;
    let kept = true;
    return {
      [Symbol.dispose]: () => {
        if (kept) this.clock.timer(sleepMs, () => this.#free++);
        kept = false;
      },
    };
  }
}
