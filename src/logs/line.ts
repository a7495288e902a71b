/** A line of a container's log, as bytes: only lines that are inspected are decoded. */

import type { LogReading } from "./logs.ts";

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

/** Patterns for the text of lines, without its time: any of `grep`, unless it is empty, and none of the others. */
export type LineFilter = Pick<LogReading, "grep" | "excludeLines">;

/** Returns the lines that pass, in order. An empty filter inspects nothing. */
export function filterLines(lines: LogLine[], { grep, excludeLines }: LineFilter): LogLine[] {
  if (grep.length === 0 && excludeLines.length === 0) return lines;
  return lines.filter((line) => {
    const text = logLineText(line);
    return (grep.length === 0 || grep.some((pattern) => found(pattern, text))) &&
      !excludeLines.some((pattern) => found(pattern, text));
  });
}

function found(pattern: RegExp, text: string): boolean {
  // A pattern with the flag g stores its last position.
  pattern.lastIndex = 0;
  return pattern.test(text);
}

/** Where the reading of a log ends before its own end. */
export type LineLimits = Pick<LogReading, "limitBytes" | "untilTime">;

/**
 * Ends at the first line that is later, and at a number of bytes: it counts those of lines including their newlines, and
 * truncates the line that reaches it.
 */
export class LineLimit {
  #remaining: number;
  readonly #untilMs: number;

  constructor({ limitBytes = Infinity, untilTime }: LineLimits) {
    this.#remaining = limitBytes;
    this.#untilMs = untilTime?.getTime() ?? Infinity;
  }

  /** Whether no further line is read. */
  get isReached(): boolean {
    return this.#remaining <= 0;
  }

  /** Returns the lines up to the limits. */
  take(lines: readonly LogLine[]): LogLine[] {
    const taken: LogLine[] = [];
    for (const line of lines) {
      if (line.seconds * 1000 + line.nanos / 1e6 > this.#untilMs) this.#remaining = 0;
      if (this.isReached) break;
      const bytes = line.end - line.text + 1;
      const isWhole = bytes <= this.#remaining;
      taken.push(isWhole ? line : { ...line, end: line.text + this.#remaining });
      this.#remaining -= bytes;
    }
    return taken;
  }
}

/** Returns whether a log is read as it is, because nothing limits or filters its lines. */
export function isWholeLog(
  { grep, excludeLines, limitBytes, untilTime }: LineFilter & LineLimits,
): boolean {
  return grep.length === 0 && excludeLines.length === 0 && limitBytes === undefined &&
    untilTime === undefined;
}
