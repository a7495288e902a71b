/** The output of a target, stored up to a limit: by stream, or both streams in order. */
import { ByteBuffer } from "../base/byte_buffer.ts";
import type { OutputChunk } from "../kube/client.ts";

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

/* The output of one target in order of arrival, both streams together, stored up to a limit. */

/** The cost of a piece beside its bytes: a command that alternates streams at every byte may not outgrow the limit. */
const pieceCostBytes = 256;

/** Stores the start, and counts the bytes beyond the limit. */
export class OrderedCapture {
  readonly #pieces: { stream: OutputChunk["stream"]; bytes: ByteBuffer }[] = [];
  #stored = 0;
  #omitted = 0;

  constructor(readonly limitBytes: number) {}

  /** Adjacent pieces of one stream form one chunk. */
  get chunks(): OutputChunk[] {
    return this.#pieces.map(({ stream, bytes }) => ({ stream, bytes: bytes.bytes }));
  }

  get omittedBytes(): number {
    return this.#omitted;
  }

  push(stream: OutputChunk["stream"], bytes: Uint8Array): void {
    const last = this.#pieces.at(-1);
    const cost = last?.stream === stream ? 0 : pieceCostBytes;
    // After the first omitted byte, all are omitted: the stored output has no holes.
    const free = this.#omitted > 0 ? 0 : Math.max(0, this.limitBytes - this.#stored - cost);
    const fitting = bytes.length <= free ? bytes : bytes.subarray(0, free);
    this.#omitted += bytes.length - fitting.length;
    if (fitting.length === 0) return;
    this.#stored += fitting.length + cost;
    if (last !== undefined && last.stream === stream) return last.bytes.push(fitting);
    const piece = { stream, bytes: new ByteBuffer() };
    piece.bytes.push(fitting);
    this.#pieces.push(piece);
  }
}
