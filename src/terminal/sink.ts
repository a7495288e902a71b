/**
 * An output stream without loss: writes are gathered while the last write is in progress, a slow reader slows the
 * writer down, and a closed reader is noticed at once.
 */

import { KodamaError } from "../base/errors.ts";

/** The target of a sink: standard output, a file, a test's array. May accept fewer bytes than it is given. */
export interface ByteWriter {
  write(bytes: Uint8Array): Promise<number>;
}

/** A text, or bytes. They are copied before `write` returns: their memory may be used again at once. */
export type SinkData = string | Uint8Array;

/** The output of a command. */
export interface Sink {
  /**
   * Takes texts or bytes; resolves when more may come, which is at once while little is buffered. Rejects
   * with {@link ClosedSinkError} when the reader has gone, and with a KodamaError (a full disk) otherwise.
   */
  write(...data: SinkData[]): Promise<void>;
  /** Resolves when all is written. Rejects like `write`. */
  flush(): Promise<void>;
  /** Aborts when the stream can't be written to any more: a closed pipe, a full disk. The reason is the error. */
  readonly broken: AbortSignal;
}

/** The reader has gone, as with `| head`: the end of the work, and not an error to report. */
export class ClosedSinkError extends Error {
  override readonly name = "ClosedSinkError";
}

/** A writer waits if more bytes than this are buffered. */
const highWaterBytes = 256 * 1024;

/**
 * Writes are gathered in blocks of this size, since a run writes millions of lines. They are reused: allocating and
 * freeing memory outside of V8's heap by the megabyte makes it collect the whole heap each time.
 */
const blockBytes = 128 * 1024;
/** Blocks that are retained for later writes. */
const maxFreeBlocks = 4;

interface Block {
  bytes: Uint8Array;
  used: number;
}

/** A sink over a writer. */
export class PumpedSink implements Sink {
  readonly #encoder = new TextEncoder();
  readonly #broken = new AbortController();
  /** Buffered blocks; the last block accepts more data. */
  #waiting: Block[] = [];
  readonly #free: Uint8Array[] = [];
  #waitingBytes = 0;
  #pump: Promise<void> | undefined;

  /** `what` is the stream's name in an error: `standard output`. */
  constructor(private readonly writer: ByteWriter, private readonly what: string) {}

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

  /** Returns whether everything accepted has been written. */
  get isIdle(): boolean {
    return this.#pump === undefined;
  }

  async flush(): Promise<void> {
    while (this.#pump !== undefined) await this.#pump;
    this.#broken.signal.throwIfAborted();
  }

  /**
   * Like {@link write}, after earlier data of another sink: two streams on the same terminal are a single text. Throws
   * and waits like `write`; an error of the other stream is reported there.
   */
  async writeAfter(other: PumpedSink, ...data: SinkData[]): Promise<void> {
    if (other.isIdle) return await this.write(...data);
    const copies = data.map((one) => typeof one === "string" ? one : one.slice());
    await other.flush().catch(() => {});
    await this.write(...copies);
  }

  #add(bytes: Uint8Array): void {
    this.#waitingBytes += bytes.length;
    for (let remaining = bytes; remaining.length > 0;) {
      const block = this.#openBlock();
      const free = blockBytes - block.used;
      const part = remaining.length <= free ? remaining : remaining.subarray(0, free);
      block.bytes.set(part, block.used);
      block.used += part.length;
      remaining = remaining.subarray(part.length);
    }
  }

  #openBlock(): Block {
    const last = this.#waiting.at(-1);
    if (last !== undefined && last.used < blockBytes) return last;
    const block = { bytes: this.#free.pop() ?? new Uint8Array(blockBytes), used: 0 };
    this.#waiting.push(block);
    return block;
  }

  /** Never rejects: the error is stored in `broken`, and every later call reports it. */
  async #drain(): Promise<void> {
    // A turn of the queue, so that writes of the same moment are written in a single piece.
    await Promise.resolve();
    try {
      while (this.#waitingBytes > 0) {
        const taken = this.#waiting;
        this.#waiting = [];
        this.#waitingBytes = 0;
        for (const { bytes, used } of taken) {
          await this.#writeAll(bytes.subarray(0, used));
          if (this.#free.length < maxFreeBlocks) this.#free.push(bytes);
        }
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
    while (at < bytes.length) at += await this.writer.write(bytes.subarray(at));
  }

  #errorOf(error: unknown): Error {
    if (error instanceof Deno.errors.BrokenPipe) {
      return new ClosedSinkError("the reader has gone", { cause: error });
    }
    const message = error instanceof Error ? error.message : String(error);
    return new KodamaError("environment", `cannot write to ${this.what}: ${message}`, {
      cause: error,
    });
  }
}
