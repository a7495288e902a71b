/** The output of one target in the order of its arrival, both streams together, kept up to a limit. */
import { GrowingBytes } from "../base/growing_bytes.ts";
import type { OutputChunk } from "../kube/client.ts";

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
    const room = this.limitBytes - this.#kept;
    const fitting = bytes.length <= room ? bytes : bytes.subarray(0, room);
    this.#omitted += bytes.length - fitting.length;
    if (fitting.length === 0) return;
    this.#kept += fitting.length;
    let last = this.#pieces.at(-1);
    if (last?.stream !== stream) this.#pieces.push(last = { stream, bytes: new GrowingBytes() });
    last.bytes.push(fitting);
  }
}
