/** The output of one target in order of arrival, both streams together, stored up to a limit. */
import { GrowingBytes } from "../base/growing_bytes.ts";
import type { OutputChunk } from "../kube/client.ts";

/** The cost of a piece beside its bytes: a command that alternates streams at every byte may not outgrow the limit. */
const pieceCostBytes = 256;

/** Stores the start, and counts the bytes beyond the limit. */
export class OrderedCapture {
  readonly #pieces: { stream: OutputChunk["stream"]; bytes: GrowingBytes }[] = [];
  #kept = 0;
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
    const room = this.#omitted > 0 ? 0 : Math.max(0, this.limitBytes - this.#kept - cost);
    const fitting = bytes.length <= room ? bytes : bytes.subarray(0, room);
    this.#omitted += bytes.length - fitting.length;
    if (fitting.length === 0) return;
    this.#kept += fitting.length + cost;
    if (last !== undefined && last.stream === stream) return last.bytes.push(fitting);
    const piece = { stream, bytes: new GrowingBytes() };
    piece.bytes.push(fitting);
    this.#pieces.push(piece);
  }
}
