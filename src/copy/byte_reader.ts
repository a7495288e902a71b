/** Reads a stream of chunks in pieces of a requested length. */

/** Reads pieces out of chunks; pulls the next chunk only when it must. */
export class ByteReader {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #rest: Uint8Array = new Uint8Array();
  #ended = false;

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  /** Returns exactly `length` bytes, which stay as they are; undefined if the stream ends before. */
  async exactly(length: number): Promise<Uint8Array | undefined> {
    if (this.#rest.length >= length) return this.#take(length);
    const whole = new Uint8Array(length);
    for (let at = 0; at < length;) {
      const piece = await this.upTo(length - at);
      if (piece === undefined) return undefined;
      whole.set(piece, at);
      at += piece.length;
    }
    return whole;
  }

  /** Returns at least one byte and at most `length`; undefined at the end. */
  async upTo(length: number): Promise<Uint8Array | undefined> {
    while (this.#rest.length === 0) {
      if (this.#ended) return undefined;
      const result = await this.#chunks.next();
      if (result.done === true) this.#ended = true;
      else this.#rest = result.value;
    }
    return this.#take(Math.min(length, this.#rest.length));
  }

  /** Returns `length` bytes if they have arrived already; the reader doesn't advance. */
  atHand(length: number): Uint8Array | undefined {
    return this.#rest.length >= length ? this.#rest.subarray(0, length) : undefined;
  }

  /** Consumes the bytes that {@link atHand} returned. */
  take(length: number): Uint8Array {
    if (this.#rest.length < length) throw new RangeError("what is taken has to be at hand");
    return this.#take(length);
  }

  /** Puts back bytes that were read too far: the next read starts with them. Only right after a read. */
  unread(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    if (this.#rest.length === 0) this.#rest = bytes;
    else {
      const rest = new Uint8Array(bytes.length + this.#rest.length);
      rest.set(bytes);
      rest.set(this.#rest, bytes.length);
      this.#rest = rest;
    }
  }

  /** Skips `length` bytes; returns false if the stream ends before. */
  async skip(length: number): Promise<boolean> {
    for (let left = length; left > 0;) {
      const piece = await this.upTo(left);
      if (piece === undefined) return false;
      left -= piece.length;
    }
    return true;
  }

  /** Releases the stream. */
  async close(): Promise<void> {
    await this.#chunks.return?.();
  }

  #take(length: number): Uint8Array {
    const taken = this.#rest.subarray(0, length);
    this.#rest = this.#rest.subarray(length);
    return taken;
  }
}
