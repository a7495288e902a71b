/** A line of a container's log, as bytes: nothing is decoded that nobody looks at. */

/** A moment of a server's clock, to the nanosecond. */
export interface Moment {
  /** Since 1970, UTC. */
  seconds: number;
  nanos: number;
}

/** One line. Offsets are into `bytes`, which it shares with its neighbours. */
export interface LogLine extends Moment {
  /** Index of the container among those that are read. */
  source: number;
  bytes: Uint8Array;
  /** Where the time begins, as the server wrote it. */
  stamp: number;
  /** Where the time ends; equal to `stamp` where the server gave none. */
  stampEnd: number;
  /** Where the text begins, and where it ends, without the line's end. */
  text: number;
  end: number;
}

const decoder = new TextDecoder();

/** The text of a line. What isn't UTF-8 becomes U+FFFD. */
export function textOf({ bytes, text, end }: LogLine): string {
  return decoder.decode(bytes.subarray(text, end));
}

/** The time of a line, as the server wrote it; empty where it gave none. */
export function stampOf({ bytes, stamp, stampEnd }: LogLine): string {
  return decoder.decode(bytes.subarray(stamp, stampEnd));
}

/** Below zero where `a` comes first. */
export function compareMoments(a: Moment, b: Moment): number {
  return a.seconds - b.seconds || a.nanos - b.nanos;
}
