/**
 * A stream to write to, of which nothing is lost: writes are gathered while the last one is under way,
 * a slow reader holds the writer back, and a reader that went away is noticed at once.
 */

import { KodamaError } from "../base/errors.ts";

/** What a sink writes to: standard output, a file, a test's array. May take fewer bytes than it is given. */
export interface ByteWriter {
  write(bytes: Uint8Array): Promise<number>;
}

/** A text, or bytes that the writer won't change any more. */
export type SinkData = string | Uint8Array;

/** Where a command writes. */
export interface Sink {
  /**
   * Takes texts or bytes; resolves when more may come, which is at once while little is waiting. Rejects
   * with {@link ClosedSinkError} when the reader has gone, and with a KodamaError (a full disk) else.
   */
  write(...data: SinkData[]): Promise<void>;
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

/** Small pieces are gathered in blocks of this size: a run writes millions of lines. */
const blockBytes = 32 * 1024;

/** A sink over a writer. */
export class PumpedSink implements Sink {
  readonly #writer: ByteWriter;
  readonly #what: string;
  readonly #encoder = new TextEncoder();
  readonly #broken = new AbortController();
  /** What comes before the open block. */
  #waiting: Uint8Array[] = [];
  #block = new Uint8Array(0);
  #blockUsed = 0;
  #waitingBytes = 0;
  #pump: Promise<void> | undefined;

  /** `what` is the stream's name in an error: `standard output`. */
  constructor(writer: ByteWriter, what: string) {
    this.#writer = writer;
    this.#what = what;
  }

  get broken(): AbortSignal {
    return this.#broken.signal;
  }

  async write(...data: SinkData[]): Promise<void> {
    this.#broken.signal.throwIfAborted();
    for (const one of data) this.#add(typeof one === "string" ? this.#encoder.encode(one) : one);
    if (this.#waitingBytes === 0) return;
    this.#pump ??= this.#drain();
    if (this.#waitingBytes > highWaterBytes) await this.flush();
  }

  async flush(): Promise<void> {
    while (this.#pump !== undefined) await this.#pump;
    this.#broken.signal.throwIfAborted();
  }

  #add(bytes: Uint8Array): void {
    this.#waitingBytes += bytes.length;
    if (bytes.length > this.#block.length - this.#blockUsed) {
      this.#closeBlock();
      if (bytes.length >= blockBytes) {
        this.#waiting.push(bytes);
        return;
      }
      this.#block = new Uint8Array(blockBytes);
    }
    this.#block.set(bytes, this.#blockUsed);
    this.#blockUsed += bytes.length;
  }

  #closeBlock(): void {
    if (this.#blockUsed > 0) this.#waiting.push(this.#block.subarray(0, this.#blockUsed));
    this.#block = new Uint8Array(0);
    this.#blockUsed = 0;
  }

  /** Never rejects: the error is kept in `broken`, where every later call finds it. */
  async #drain(): Promise<void> {
    // One turn of the queue, so that what is written in the same moment goes out in one piece.
    await Promise.resolve();
    try {
      while (this.#waitingBytes > 0) {
        this.#closeBlock();
        const taken = this.#waiting;
        this.#waiting = [];
        this.#waitingBytes = 0;
        for (const bytes of taken) await this.#writeAll(bytes);
      }
    } catch (error) {
      this.#waiting = [];
      this.#waitingBytes = 0;
      this.#broken.abort(this.#errorOf(error));
    } finally {
      this.#pump = undefined;
    }
  }

  async #writeAll(bytes: Uint8Array): Promise<void> {
    let at = 0;
    while (at < bytes.length) at += await this.#writer.write(bytes.subarray(at));
  }

  #errorOf(error: unknown): Error {
    if (error instanceof Deno.errors.BrokenPipe) {
      return new ClosedSinkError("the reader has gone", { cause: error });
    }
    const said = error instanceof Error ? error.message : String(error);
    return new KodamaError("environment", `cannot write to ${this.#what}: ${said}`, {
      cause: error,
    });
  }
}
