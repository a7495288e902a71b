/**
 * A stream to write to, of which nothing is lost: writes are gathered while the last one is under way,
 * a slow reader holds the writer back, and a reader that went away is noticed at once.
 */

/** What a sink writes to: standard output, a file, a test's array. May take fewer bytes than it is given. */
export interface ByteWriter {
  write(bytes: Uint8Array): Promise<number>;
}

/** Where a command writes. */
export interface Sink {
  /**
   * Takes text or bytes; resolves when more may come, which is at once while little is waiting. Rejects
   * with {@link ClosedSinkError} when the reader has gone, and with the writer's own error (a full disk) else.
   */
  write(data: string | Uint8Array): Promise<void>;
  /** Resolves when all is written. Rejects as `write` does. */
  flush(): Promise<void>;
  /** Aborts when the stream can't take more: a closed pipe, a full disk. The reason is the error. */
  readonly broken: AbortSignal;
}

/** The reader has gone, as `| head` goes: the end of the work, and not an error to speak of. */
export class ClosedSinkError extends Error {
  override readonly name = "ClosedSinkError";
}

/** Above so many waiting bytes a writer waits. */
const highWaterBytes = 256 * 1024;

/** A sink over a writer. */
export class PumpedSink implements Sink {
  readonly #writer: ByteWriter;
  readonly #encoder = new TextEncoder();
  readonly #broken = new AbortController();
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #pump: Promise<void> | undefined;

  constructor(writer: ByteWriter) {
    this.#writer = writer;
  }

  get broken(): AbortSignal {
    return this.#broken.signal;
  }

  async write(data: string | Uint8Array): Promise<void> {
    this.#broken.signal.throwIfAborted();
    const bytes = typeof data === "string" ? this.#encoder.encode(data) : data;
    if (bytes.length === 0) return;
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
    this.#pump ??= this.#drain();
    if (this.#waitingBytes > highWaterBytes) await this.flush();
  }

  async flush(): Promise<void> {
    while (this.#pump !== undefined) await this.#pump;
    this.#broken.signal.throwIfAborted();
  }

  /** Never rejects: the error is kept in `broken`, where every later call finds it. */
  async #drain(): Promise<void> {
    // One turn of the queue, so that what is written in the same moment goes out in one piece.
    await Promise.resolve();
    try {
      while (this.#waiting.length > 0) await this.#writeAll(this.#takeWaiting());
    } catch (error) {
      this.#waiting = [];
      this.#waitingBytes = 0;
      this.#broken.abort(
        error instanceof Deno.errors.BrokenPipe
          ? new ClosedSinkError("the reader has gone", { cause: error })
          : error,
      );
    } finally {
      this.#pump = undefined;
    }
  }

  #takeWaiting(): Uint8Array {
    const [first, ...rest] = this.#waiting;
    const total = this.#waitingBytes;
    this.#waiting = [];
    this.#waitingBytes = 0;
    if (first !== undefined && rest.length === 0) return first;
    const joined = new Uint8Array(total);
    let at = 0;
    for (const bytes of first === undefined ? rest : [first, ...rest]) {
      joined.set(bytes, at);
      at += bytes.length;
    }
    return joined;
  }

  async #writeAll(bytes: Uint8Array): Promise<void> {
    let at = 0;
    while (at < bytes.length) at += await this.#writer.write(bytes.subarray(at));
  }
}
