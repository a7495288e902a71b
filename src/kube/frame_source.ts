/** Frames of a protocol, taken out of what a link brings: the network is read when a frame is asked for, and not before. */
import type { Link } from "./link.ts";
import type { SilenceWatch } from "./silence.ts";

/** Finds frames in bytes, however they were cut. Throws where they are none. */
export interface FrameFinder<Frame> {
  decode(chunk: Uint8Array): Iterator<Frame, void>;
}

/** What frames come from. */
export interface FrameSourceOptions<Frame> {
  /** Bytes that came together with the answer to the upgrade. */
  first: Uint8Array;
  finder: FrameFinder<Frame>;
  /** Looks after the link while a frame is waited for. */
  silence: SilenceWatch;
}

/** One reader. */
export class FrameSource<Frame> {
  readonly #finder: FrameFinder<Frame>;
  readonly #silence: SilenceWatch;
  #first: Uint8Array | undefined;
  #frames: Iterator<Frame, void> | undefined;

  constructor(
    private readonly link: Link,
    { first, finder, silence }: FrameSourceOptions<Frame>,
  ) {
    this.#finder = finder;
    this.#silence = silence;
    this.#first = first.length > 0 ? first : undefined;
  }

  /** The next frame; null where the connection was closed. Rejects where it broke, and for what is no frame. */
  async next(): Promise<Frame | null> {
    for (;;) {
      const frame = this.#frames?.next();
      if (frame !== undefined && frame.done !== true) return frame.value;
      const chunk = await this.#read();
      if (chunk === null) return null;
      this.#frames = this.#finder.decode(chunk);
    }
  }

  async #read(): Promise<Uint8Array | null> {
    const first = this.#first;
    if (first !== undefined) {
      this.#first = undefined;
      return first;
    }
    using _watch = this.#silence.watch();
    return await this.link.read();
  }
}
