/** Collects bytes for one write. */

const firstBytes = 64 * 1024;
/** Below it a loop is faster than a call that copies. */
const shortBytes = 32;

/** Grows as it is written to. */
export class ByteWriter {
  #buffer = new Uint8Array(0);
  #used = 0;

  /** Reserves at least N bytes, from `used` on. They count once they are passed to {@link advance}. */
  room(bytes: number): Uint8Array {
    const needed = this.#used + bytes;
    if (needed > this.#buffer.length) {
      const grown = new Uint8Array(Math.max(needed, 2 * this.#buffer.length, firstBytes));
      grown.set(this.#buffer.subarray(0, this.#used));
      this.#buffer = grown;
    }
    return this.#buffer;
  }

  /** Offset of the next byte. */
  get used(): number {
    return this.#used;
  }

  /** Marks the bytes up to this offset as written. */
  advance(used: number): void {
    this.#used = used;
  }

  /** Copies a range of some bytes. */
  add(bytes: Uint8Array, start = 0, end = bytes.length): void {
    const length = end - start;
    const buffer = this.room(length);
    let at = this.#used;
    if (length > shortBytes) buffer.set(bytes.subarray(start, end), at);
    else for (let from = start; from < end; from++) buffer[at++] = bytes[from] as number;
    this.#used += length;
  }

  /** Returns all bytes and resets; the memory is used again. */
  take(): Uint8Array {
    const bytes = this.#buffer.subarray(0, this.#used);
    this.#used = 0;
    return bytes;
  }
}
