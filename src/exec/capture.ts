/** The output of one stream of one target, stored up to a limit. */
import { ByteBuffer } from "../base/byte_buffer.ts";

/** How much of one stream is stored for folding, grouping and reports. */
export const captureLimitBytes = 1024 * 1024;

/** Stores the start; of the bytes beyond the limit, only their count and a hash. */
export class Capture {
  readonly #stored = new ByteBuffer();
  #omitted = 0;
  #omittedHash = 0x811c9dc5;

  constructor(readonly limitBytes: number = captureLimitBytes) {}

  /** The start, up to the limit. */
  get bytes(): Uint8Array {
    return this.#stored.bytes;
  }

  /** The number of omitted bytes. */
  get omittedBytes(): number {
    return this.#omitted;
  }

  /** Distinguishes omitted output from other omitted output, however it was split over chunks; FNV-1a of 32 bits. */
  get omittedHash(): number {
    return this.#omittedHash;
  }

  push(bytes: Uint8Array): void {
    const free = this.limitBytes - this.#stored.length;
    this.#stored.push(bytes.length <= free ? bytes : bytes.subarray(0, free));
    if (bytes.length <= free) return;
    this.#omitted += bytes.length - free;
    for (let at = free; at < bytes.length; at++) {
      this.#omittedHash = Math.imul(this.#omittedHash ^ (bytes[at] as number), 0x01000193);
    }
  }
}
