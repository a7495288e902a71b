/** A pipe in memory. */

/** What a kernel's pipe holds. */
const capacityBytes = 64 * 1024;

/** One reader, any number of writers. */
export class Pipe implements AsyncIterable<Uint8Array> {
  readonly #chunks: Uint8Array[] = [];
  #bytes = 0;
  #ended = false;
  #discards = false;
  #changed = Promise.withResolvers<void>();

  /** Resolves when the pipe has room for more. Bytes after its end are dropped. */
  async write(bytes: Uint8Array): Promise<void> {
    if (this.#ended || this.#discards || bytes.length === 0) return;
    this.#chunks.push(bytes.slice());
    this.#bytes += bytes.length;
    this.#notify();
    while (this.#bytes >= capacityBytes && !this.#ended && !this.#discards) {
      await this.#changed.promise;
    }
  }

  /** Ends it after the bytes that it holds. */
  end(): void {
    this.#ended = true;
    this.#notify();
  }

  /** Drops what it holds, and all later bytes: there is no reader any more. */
  discard(): void {
    this.#discards = true;
    this.#chunks.length = 0;
    this.#bytes = 0;
    this.#notify();
  }

  /** Returns the next bytes; undefined at the end. */
  async read(): Promise<Uint8Array | undefined> {
    for (;;) {
      const bytes = this.#chunks.shift();
      if (bytes !== undefined) {
        this.#bytes -= bytes.length;
        this.#notify();
        return bytes;
      }
      if (this.#ended || this.#discards) return undefined;
      await this.#changed.promise;
    }
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void> {
    for (let bytes = await this.read(); bytes !== undefined; bytes = await this.read()) yield bytes;
  }

  /** Returns its bytes as a stream that is read on demand. */
  readable(): ReadableStream<Uint8Array> {
    return new ReadableStream({
      pull: async (controller) => {
        const bytes = await this.read();
        if (bytes === undefined) controller.close();
        else controller.enqueue(bytes);
      },
      cancel: () => this.discard(),
    }, { highWaterMark: 0 });
  }

  #notify(): void {
    const { resolve } = this.#changed;
    this.#changed = Promise.withResolvers();
    resolve();
  }
}
