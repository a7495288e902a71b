/** Frames of a protocol, parsed from a link's bytes: the network is read only when a frame is requested. */
import type { Link } from "../link/link.ts";
import type { KeepAliveMonitor } from "./keepalive.ts";

/** Finds frames in bytes, however they were cut. Throws if they aren't frames. */
interface FrameFinder<Frame> {
  decode(chunk: Uint8Array): Iterator<Frame, void>;
}

/** The source of the frames. */
export interface FrameSourceOptions<Frame> {
  /** Bytes that arrived with the answer to the upgrade. */
  first: Uint8Array;
  finder: FrameFinder<Frame>;
  /** Watches the link while a frame is awaited. */
  monitor: KeepAliveMonitor;
}

/** One reader. */
export class FrameSource<Frame> {
  readonly #finder: FrameFinder<Frame>;
  readonly #monitor: KeepAliveMonitor;
  #first: Uint8Array | undefined;
  #frames: Iterator<Frame, void> | undefined;

  constructor(
    private readonly link: Link,
    { first, finder, monitor }: FrameSourceOptions<Frame>,
  ) {
    this.#finder = finder;
    this.#monitor = monitor;
    this.#first = first.length > 0 ? first : undefined;
  }

  /** Returns the next frame; null if the connection was closed. Rejects if it broke, or if the bytes aren't a frame. */
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
    using _watch = this.#monitor.watch();
    return await this.link.read();
  }
}
