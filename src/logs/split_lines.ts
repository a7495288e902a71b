/** Whole lines out of the bytes of a log, each with its time. */
import { joinBytes } from "../base/join_bytes.ts";
import type { LogLine } from "./line.ts";
import { StampReader } from "./stamp.ts";

/** The longest line that is kept together; what is longer is given in pieces of so many bytes. */
const maxLineBytes = 1024 * 1024;

const newline = 0x0a;

/** Splits the log of one container. Its pieces don't depend on how the bytes are cut into chunks. */
export class LineSplitter {
  readonly #stamps = new StampReader();
  /** The beginning of a line whose end hasn't come. */
  #rest = new Uint8Array(0);

  /** @param limitBytes longer lines are given in pieces. */
  constructor(private readonly source: number, private readonly limitBytes = maxLineBytes) {}

  /** The lines that this chunk ends. They keep its memory. */
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
    // A copy: a few bytes of a line must not keep the whole chunk.
    this.#rest = bytes.slice(this.#pieces(lines, bytes, start, bytes.length));
    return lines;
  }

  /** What is left of a line without an end, when the log is at its own. */
  end(): LogLine[] {
    const bytes = this.#rest;
    this.#rest = new Uint8Array(0);
    return bytes.length === 0 ? [] : [this.#line(bytes, 0, bytes.length)];
  }

  /** Gives pieces of a line that is too long; the offset of what is left, which begins with the time again. */
  #pieces(lines: LogLine[], bytes: Uint8Array, start: number, end: number): number {
    while (end - start > this.limitBytes) {
      const piece = this.#line(bytes, start, start + this.limitBytes);
      // The time is copied in front of the rest, over bytes that have been given.
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
      // Without a time of its own a line has that of the one before it.
      seconds,
      nanos,
      stamp: start,
      stampEnd: after < 0 ? start : after,
      text: after < 0 ? start : Math.min(after + 1, end),
      end,
    };
  }
}
