/** One stream for several readers, of which one is always there. */

/** A reader's end. */
export interface Subscription {
  readonly stream: ReadableStream<Uint8Array>;
  /** Stops reading. A reader that only paused would hold up all others. */
  leave(): void;
  /** Ends the stream after the data that it already has. */
  end(): void;
}

/**
 * Reads `source` to its end. Each chunk goes to `sink` and to all subscribers; the next is read when all have taken it,
 * so a slow reader slows the writer and nothing is buffered.
 */
export class Broadcast {
  /** Resolves when the source has ended and all its data was taken. */
  readonly done: Promise<void>;
  readonly #readers = new Set<WritableStreamDefaultWriter<Uint8Array>>();
  #ended = false;

  constructor(source: ReadableStream<Uint8Array>, sink: (bytes: Uint8Array) => Promise<void>) {
    this.done = this.#pump(source, sink);
  }

  /** Returns the data from now on; ends with the source. */
  subscribe(): Subscription {
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const writer = writable.getWriter();
    const leave = () => {
      this.#readers.delete(writer);
      writer.abort().catch(() => {});
    };
    const end = () => {
      this.#readers.delete(writer);
      writer.close().catch(() => {});
    };
    writer.closed.catch(leave);
    if (this.#ended) writer.close().catch(() => {});
    else this.#readers.add(writer);
    return { stream: readable, leave, end };
  }

  async #pump(
    source: ReadableStream<Uint8Array>,
    sink: (bytes: Uint8Array) => Promise<void>,
  ): Promise<void> {
    for await (const bytes of source) {
      await sink(bytes);
      await Promise.all([...this.#readers].map((writer) => this.#give(writer, bytes)));
    }
    this.#ended = true;
    for (const writer of this.#readers) writer.close().catch(() => {});
    this.#readers.clear();
  }

  async #give(writer: WritableStreamDefaultWriter<Uint8Array>, bytes: Uint8Array): Promise<void> {
    try {
      await writer.ready;
      await writer.write(bytes);
    } catch {
      this.#readers.delete(writer);
    }
  }
}
