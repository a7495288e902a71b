/**
 * A stream to write to, of which nothing is lost: writes are gathered while the last one is under way,
 * a slow reader holds the writer back, and a reader that went away is noticed at once.
 */

import { KodamaError } from "../base/errors.ts";

/** What a sink writes to: standard output, a file, a test's array. May take fewer bytes than it is given. */
export interface ByteWriter {
  write(bytes: Uint8Array): Promise<number>;
}

/** A text, or bytes. They are copied before `write` returns: their memory may be used again at once. */
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

/**
 * What is written is gathered in blocks of this size, for a run writes millions of lines. They are used again: memory
 * outside of V8's heap that comes and goes by the megabyte makes it collect all of the heap each time.
 */
const blockBytes = 128 * 1024;
/** Blocks that are kept for what is to come. */
const keptBlocks = 4;

interface Block {
  bytes: Uint8Array;
  used: number;
}

/** A sink over a writer. */
export class PumpedSink implements Sink {
  readonly #writer: ByteWriter;
  readonly #what: string;
  readonly #encoder = new TextEncoder();
  readonly #broken = new AbortController();
  /** The last one is open. */
  #waiting: Block[] = [];
  readonly #free: Uint8Array[] = [];
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

  /** Whether all is written that was taken. */
  get isIdle(): boolean {
    return this.#pump === undefined;
  }

  async flush(): Promise<void> {
    while (this.#pump !== undefined) await this.#pump;
    this.#broken.signal.throwIfAborted();
  }

  /**
   * As {@link write}, behind what another sink was given before: two streams that are one terminal are one text.
   * Throws and waits as `write` does; that the other stream is broken is noticed there.
   */
  async writeAfter(other: PumpedSink, ...data: SinkData[]): Promise<void> {
    if (other.isIdle) return await this.write(...data);
    const copies = data.map((one) => typeof one === "string" ? one : one.slice());
    await other.flush().catch(() => {});
    await this.write(...copies);
  }

  #add(bytes: Uint8Array): void {
    this.#waitingBytes += bytes.length;
    for (let rest = bytes; rest.length > 0;) {
      const block = this.#openBlock();
      const room = blockBytes - block.used;
      const part = rest.length <= room ? rest : rest.subarray(0, room);
      block.bytes.set(part, block.used);
      block.used += part.length;
      rest = rest.subarray(part.length);
    }
  }

  #openBlock(): Block {
    const last = this.#waiting.at(-1);
    if (last !== undefined && last.used < blockBytes) return last;
    const block = { bytes: this.#free.pop() ?? new Uint8Array(blockBytes), used: 0 };
    this.#waiting.push(block);
    return block;
  }

  /** Never rejects: the error is kept in `broken`, where every later call finds it. */
  async #drain(): Promise<void> {
    // One turn of the queue, so that what is written in the same moment goes out in one piece.
    await Promise.resolve();
    try {
      while (this.#waitingBytes > 0) {
        const taken = this.#waiting;
        this.#waiting = [];
        this.#waitingBytes = 0;
        for (const { bytes, used } of taken) {
          await this.#writeAll(bytes.subarray(0, used));
          if (this.#free.length < keptBlocks) this.#free.push(bytes);
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
