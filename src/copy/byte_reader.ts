/** Reading a stream of chunks in pieces of a wanted length. */

/** Takes from chunks what is asked for; asks for the next chunk only when it must. */
export class ByteReader {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #rest: Uint8Array = new Uint8Array();
  #ended = false;

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  /** Exactly so many bytes, which stay as they are; undefined where the stream ends before. */
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

  /** At least one byte and at most so many; undefined at the end. */
  async upTo(length: number): Promise<Uint8Array | undefined> {
    while (this.#rest.length === 0) {
      if (this.#ended) return undefined;
      const result = await this.#chunks.next();
      if (result.done === true) this.#ended = true;
      else this.#rest = result.value;
    }
    return this.#take(Math.min(length, this.#rest.length));
  }

  /** So many bytes where they have come already; the reader stays where it is. */
  atHand(length: number): Uint8Array | undefined {
    return this.#rest.length >= length ? this.#rest.subarray(0, length) : undefined;
  }

  /** Takes what was {@link atHand}. */
  take(length: number): Uint8Array {
    if (this.#rest.length < length) throw new RangeError("what is taken has to be at hand");
    return this.#take(length);
  }

  /** Gives back what was read too far: the next read begins with it. Only right after a read. */
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

  /** Takes so many bytes and drops them; false where the stream ends before. */
  async skip(length: number): Promise<boolean> {
    for (let left = length; left > 0;) {
      const piece = await this.upTo(left);
      if (piece === undefined) return false;
      left -= piece.length;
    }
    return true;
  }

  /** Lets go of the stream. */
  async close(): Promise<void> {
    await this.#chunks.return?.();
  }

  #take(length: number): Uint8Array {
    const taken = this.#rest.subarray(0, length);
    this.#rest = this.#rest.subarray(length);
    return taken;
  }
}
