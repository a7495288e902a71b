/** A person's keys for one stream after another: what is typed while there is none goes nowhere. */
import { orAborted } from "../base/abort.ts";
import { BoundedQueue } from "../base/bounded_queue.ts";
import type { InputReader } from "../exec/run_options.ts";

/** Chunks that wait for a stream that takes them slowly; the source waits with them. */
const waitingChunks = 16;

/** Input that is read by one reader at a time. Disposing of it lets go of the source. */
export class LiveInput implements AsyncDisposable {
  readonly #source: AsyncIterator<Uint8Array>;
  #queue: BoundedQueue<Uint8Array> | undefined;
  #reading = false;
  #ended = false;
  #failed = false;

  /** The source is gone: nobody types any more. */
  get failed(): boolean {
    return this.#failed;
  }

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** What comes from now on is this reader's. Nothing is read before the first one. */
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

  /** There is no stream: what comes is meant for one that the person can't see, and is dropped. */
  drop(): void {
    this.#queue?.discard();
    this.#queue = undefined;
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.drop();
    // A read of a terminal never ends: it is told, and not waited for.
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
