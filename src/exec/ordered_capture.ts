/** The output of one target in order of arrival, both streams together, stored up to a limit. */
import { ByteBuffer } from "../base/byte_buffer.ts";
import type { OutputChunk } from "../kube/client.ts";

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
