/** The output of one stream of one target, kept up to a limit. */
import { GrowingBytes } from "../base/growing_bytes.ts";

/** How much of one stream is kept for folding, grouping and reports. */
export const captureLimitBytes = 1024 * 1024;

/** Keeps the beginning; of what is beyond the limit, only its length and a hash. */
export class Capture {
  readonly #kept = new GrowingBytes();
  #omitted = 0;
  #omittedHash = 0x811c9dc5;

  constructor(readonly limitBytes: number = captureLimitBytes) {}

  /** The beginning, up to the limit. */
  get bytes(): Uint8Array {
    return this.#kept.bytes;
  }

  /** How many bytes are not in it. */
  get omittedBytes(): number {
    return this.#omitted;
  }

  /** Tells what was omitted from other such, however it was split over chunks; FNV-1a of 32 bits. */
  get omittedHash(): number {
    return this.#omittedHash;
  }

  push(bytes: Uint8Array): void {
    const room = this.limitBytes - this.#kept.length;
    this.#kept.push(bytes.length <= room ? bytes : bytes.subarray(0, room));
    if (bytes.length <= room) return;
    this.#omitted += bytes.length - room;
    for (let at = room; at < bytes.length; at++) {
      this.#omittedHash = Math.imul(this.#omittedHash ^ (bytes[at] as number), 0x01000193);
    }
  }
}
