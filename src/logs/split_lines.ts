/** Complete lines from the bytes of a log, each with its time. */
import { joinBytes } from "../base/join_bytes.ts";
import type { LogLine } from "./line.ts";
import { StampReader } from "./stamp.ts";

/** The longest line that is emitted in one piece; a longer one is emitted in pieces of this size. */
const maxLineBytes = 1024 * 1024;

const newline = 0x0a;

/** Splits the log of one container. Its pieces don't depend on the chunk boundaries. */
export class LineSplitter {
  readonly #stamps = new StampReader();
  /** The start of a line whose end hasn't arrived. */
  #rest = new Uint8Array(0);

  /** @param limitBytes longer lines are emitted in pieces. */
  constructor(private readonly source: number, private readonly limitBytes = maxLineBytes) {}

  /** Returns the lines that this chunk completes. They share its memory. */
  push(chunk: Uint8Array): LogLine[] {
    const kept = this.#rest.length;
    const bytes = kept === 0 ? chunk : joinBytes([this.#rest, chunk]);
    const lines: LogLine[] = [];
    let start = 0;
    for (let end = bytes.indexOf(newline, kept); end >= 0; end = bytes.indexOf(newline, start)) {
      start = this.#pieces(lines, bytes, start, end);
      lines.push(this.#line(bytes, start, end));
      start = end + 1;
    }
    // A copy: a few bytes of a line must not retain the complete chunk.
    this.#rest = bytes.slice(this.#pieces(lines, bytes, start, bytes.length));
    return lines;
  }

  /** Returns the unfinished line at the end of the log. */
  end(): LogLine[] {
    const bytes = this.#rest;
    this.#rest = new Uint8Array(0);
    return bytes.length === 0 ? [] : [this.#line(bytes, 0, bytes.length)];
  }

  /** Emits pieces of a line that is too long; returns the offset of the tail, which starts with the time again. */
  #pieces(lines: LogLine[], bytes: Uint8Array, start: number, end: number): number {
    while (end - start > this.limitBytes) {
      const piece = this.#line(bytes, start, start + this.limitBytes);
      // The time is copied in front of the tail, over bytes that have been emitted.
      const given = { ...piece, bytes: bytes.slice(start, piece.end) };
      lines.push({
        ...given,
        stamp: 0,
        stampEnd: piece.stampEnd - start,
        text: piece.text - start,
        end: piece.end - start,
      });
      const head = piece.text - start;
      bytes.copyWithin(piece.end - head, start, piece.text);
      start = piece.end - head;
    }
    return start;
  }

  #line(bytes: Uint8Array, start: number, end: number): LogLine {
    const after = this.#stamps.read(bytes, start, end);
    const { seconds, nanos } = this.#stamps;
    return {
      source: this.source,
      bytes,
      // A line without a time has that of the previous one.
      seconds,
      nanos,
      stamp: start,
      stampEnd: after < 0 ? start : after,
      text: after < 0 ? start : Math.min(after + 1, end),
      end,
    };
  }
}
