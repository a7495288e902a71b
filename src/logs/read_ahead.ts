/**
 * Logs that are read before their turn. Who merges by time takes one log after the other where each was written in a
 * burst of its own, and a server that may send but one log at a time has its other processors idle.
 */

/** Logs that share the memory for what waits. */
export class ReadAhead {
  #waitingBytes = 0;
  readonly #stopped = new Set<AheadLog>();

  /** @param limitBytes above so many only logs of which nothing waits are read, so that each can go on. */
  constructor(private readonly limitBytes: number) {}

  /** The same pieces in the same order, read before they are asked for. Lets go of the log when it is left early. */
  async *of(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
    const log = new AheadLog();
    const iterator = pieces[Symbol.asyncIterator]();
    const reading = this.#read(iterator, log);
    // It is awaited when what came before is taken; until then a failure is nobody's.
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

  /** Lets readers go on when there is room for more than the next piece of one of them. */
  #release(bytes: number): void {
    this.#waitingBytes -= bytes;
    if (this.#waitingBytes > this.limitBytes * 3 / 4) return;
    for (const log of this.#stopped) log.goOn();
  }
}

/** What was read of one log and not taken. */
class AheadLog {
  #pieces: Uint8Array[] = [];
  #ended = false;
  #dropped = false;
  #wakeTaker: (() => void) | undefined;
  #wakeReader: (() => void) | undefined;

  get dropped(): boolean {
    return this.#dropped;
  }

  /** False where nobody wants it. */
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

  /** The next piece; undefined at the end. */
  async take(): Promise<Uint8Array | undefined> {
    while (this.#pieces.length === 0 && !this.#ended) {
      await new Promise<void>((resolve) => this.#wakeTaker = resolve);
    }
    const piece = this.#pieces.shift();
    if (this.#pieces.length === 0) this.goOn();
    return piece;
  }

  /** Resolves when all of it is taken, or with {@link goOn}. */
  async emptied(): Promise<void> {
    if (this.#pieces.length === 0 || this.#dropped) return;
    await new Promise<void>((resolve) => this.#wakeReader = resolve);
  }

  goOn(): void {
    this.#wakeReader?.();
    this.#wakeReader = undefined;
  }

  /** Nobody wants what is left; how many bytes that is. */
  drop(): number {
    this.#dropped = true;
    this.goOn();
    return this.#pieces.splice(0).reduce((sum, { length }) => sum + length, 0);
  }
}
