/** Passes a user's keys to one stream after another: input that arrives between streams is dropped. */
import { orAborted } from "../../base/abort.ts";
import { BoundedQueue } from "../../base/bounded_queue.ts";
import type { InputReader } from "../../exec/run_options.ts";

/** Chunks queued for a slow stream; once the queue is full, the source waits too. */
const waitingChunks = 16;

/** Input that has one reader at a time. Disposing of it releases the source. */
export class LiveInput implements AsyncDisposable {
  readonly #source: AsyncIterator<Uint8Array>;
  #queue: BoundedQueue<Uint8Array> | undefined;
  #reading = false;
  #ended = false;
  #failed = false;

  /** Whether the source is gone: no more input will come. */
  get failed(): boolean {
    return this.#failed;
  }

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** Returns a reader for input from now on. Nothing is read before the first one. */
  open(): InputReader {
    const queue = new BoundedQueue<Uint8Array>(waitingChunks);
    this.#queue = queue;
    if (this.#ended) queue.close();
    if (!this.#reading) this.#read();
    const items = queue[Symbol.asyncIterator]();
    return {
      async read(signal) {
        const result = await orAborted(items.next(), signal);
        return result.done === true ? undefined : result.value;
      },
    };
  }

  /** Drops input until the next stream: the user can't see what it would go to. */
  drop(): void {
    this.#queue?.discard();
    this.#queue = undefined;
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.drop();
    // A read of a terminal never ends: request the return, but don't wait for it.
    this.#source.return?.().catch(() => {});
    return Promise.resolve();
  }

  #read(): void {
    this.#reading = true;
    const all = async () => {
      for (;;) {
        const result = await this.#source.next();
        if (result.done === true) break;
        await this.#queue?.push(result.value);
      }
    };
    all().then(() => {
      this.#ended = true;
      this.#queue?.close();
    }, (error: unknown) => {
      this.#failed = true;
      this.#queue?.fail(error);
    });
  }
}
