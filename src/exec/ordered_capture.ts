/** The output of one target in the order of its arrival, both streams together, kept up to a limit. */
import { GrowingBytes } from "../base/growing_bytes.ts";
import type { OutputChunk } from "../kube/client.ts";

/** What a piece costs beside its bytes: a command that changes streams at every byte may not outgrow the limit. */
const pieceCostBytes = 256;

/** Keeps the beginning, and counts what is beyond the limit. */
export class OrderedCapture {
  readonly #pieces: { stream: OutputChunk["stream"]; bytes: GrowingBytes }[] = [];
  #kept = 0;
  #omitted = 0;

  constructor(readonly limitBytes: number) {}

  /** Neighbours of one stream are one chunk. */
  get chunks(): OutputChunk[] {
    return this.#pieces.map(({ stream, bytes }) => ({ stream, bytes: bytes.bytes }));
  }

  get omittedBytes(): number {
    return this.#omitted;
  }

  push(stream: OutputChunk["stream"], bytes: Uint8Array): void {
    const last = this.#pieces.at(-1);
    const cost = last?.stream === stream ? 0 : pieceCostBytes;
    // After the first byte that is left out, all are: what is kept has no holes.
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
