/**
 * Reads logs ahead of their turn. A caller that merges by time reads one log after the other if each was written in a
 * burst of its own, and a server that may send only one log at a time leaves its other CPUs idle.
 */

/** Logs that share the memory for buffered bytes. */
export class ReadAhead {
  #waitingBytes = 0;
  readonly #stopped = new Set<AheadLog>();

  /** @param limitBytes above it only logs without buffered bytes are read, so that each can continue. */
  constructor(private readonly limitBytes: number) {}

  /** Returns the same pieces in the same order, read ahead. Closes the log when it is stopped early. */
  async *of(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
    const log = new AheadLog();
    const iterator = pieces[Symbol.asyncIterator]();
    const reading = this.#read(iterator, log);
    // It is awaited when the earlier pieces are consumed; until then a failure is unhandled.
    reading.catch(() => {});
    try {
      for (let piece = await log.take(); piece !== undefined; piece = await log.take()) {
        this.#release(piece.length);
        yield piece;
      }
      await reading;
    } finally {
      this.#stopped.delete(log);
      this.#release(log.drop());
      await iterator.return?.();
    }
  }

  async #read(iterator: AsyncIterator<Uint8Array>, log: AheadLog): Promise<void> {
    try {
      while (!log.dropped) {
        const { value, done } = await iterator.next();
        if (done === true) return;
        if (log.add(value)) this.#waitingBytes += value.length;
        if (this.#waitingBytes < this.limitBytes) continue;
        this.#stopped.add(log);
        await log.emptied();
        this.#stopped.delete(log);
      }
    } finally {
      log.end();
    }
  }

  /** Resumes readers when more than the next piece of one of them fits. */
  #release(bytes: number): void {
    this.#waitingBytes -= bytes;
    if (this.#waitingBytes > this.limitBytes * 3 / 4) return;
    for (const log of this.#stopped) log.goOn();
  }
}

/** The bytes that were read of one log and not consumed. */
class AheadLog {
  #pieces: Uint8Array[] = [];
  #ended = false;
  #dropped = false;
  #wakeTaker: (() => void) | undefined;
  #wakeReader: (() => void) | undefined;

  get dropped(): boolean {
    return this.#dropped;
  }

  /** Returns false if no one reads the log any more. */
  add(piece: Uint8Array): boolean {
    if (this.#dropped) return false;
    this.#pieces.push(piece);
    this.#wakeTaker?.();
    return true;
  }

  /** No more comes. */
  end(): void {
    this.#ended = true;
    this.#wakeTaker?.();
  }

  /** Returns the next piece; undefined at the end. */
  async take(): Promise<Uint8Array | undefined> {
    while (this.#pieces.length === 0 && !this.#ended) {
      await new Promise<void>((resolve) => this.#wakeTaker = resolve);
    }
    const piece = this.#pieces.shift();
    if (this.#pieces.length === 0) this.goOn();
    return piece;
  }

  /** Resolves when all of it is consumed, or with {@link goOn}. */
  async emptied(): Promise<void> {
    if (this.#pieces.length === 0 || this.#dropped) return;
    await new Promise<void>((resolve) => this.#wakeReader = resolve);
  }

  goOn(): void {
    this.#wakeReader?.();
    this.#wakeReader = undefined;
  }

  /** Discards the remaining bytes; returns their number. */
  drop(): number {
    this.#dropped = true;
    this.goOn();
    return this.#pieces.splice(0).reduce((sum, { length }) => sum + length, 0);
  }
}
