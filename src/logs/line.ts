/** A line of a container's log, as bytes: only lines that are inspected are decoded. */

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
  /** Start of the time, as the server wrote it. */
  stamp: number;
  /** End of the time; equal to `stamp` if the server sent none. */
  stampEnd: number;
  /** Start and end of the text, without the line's end. */
  text: number;
  end: number;
}

const decoder = new TextDecoder();

/** Returns the text of a line. Invalid UTF-8 becomes U+FFFD. */
export function logLineText({ bytes, text, end }: LogLine): string {
  return decoder.decode(bytes.subarray(text, end));
}

/** Returns the time of a line, as the server wrote it; empty if it sent none. */
export function stampOf({ bytes, stamp, stampEnd }: LogLine): string {
  return decoder.decode(bytes.subarray(stamp, stampEnd));
}

/** Returns a negative number if `a` comes first. */
export function compareMoments(a: Moment, b: Moment): number {
  return a.seconds - b.seconds || a.nanos - b.nanos;
}

/* Filters lines. */

/** Patterns for the text of lines, without its time. */
export interface LineFilter {
  /** Any of them; all lines if empty. */
  include: readonly RegExp[];
  /** None of them. */
  exclude: readonly RegExp[];
}

/** Returns the lines that pass, in order. An empty filter inspects nothing. */
export function filterLines(lines: LogLine[], { include, exclude }: LineFilter): LogLine[] {
  if (include.length === 0 && exclude.length === 0) return lines;
  return lines.filter((line) => {
    const text = logLineText(line);
    return (include.length === 0 || include.some((pattern) => found(pattern, text))) &&
      !exclude.some((pattern) => found(pattern, text));
  });
}

function found(pattern: RegExp, text: string): boolean {
  // A pattern with the flag g stores its last position.
  pattern.lastIndex = 0;
  return pattern.test(text);
}
