/**
 * Whole lines out of the output of many targets, so that lines of different targets can stand beside each
 * other and never inside each other.
 */
import { GrowingBytes } from "../base/growing_bytes.ts";

/** A whole line of one target and one stream, or the piece of one that is known to be final. */
export interface Line {
  target: number;
  stream: "stdout" | "stderr";
  /** Exactly as they came, without the line's end. */
  bytes: Uint8Array;
  /**
   * What ended it: `newline`; `end`, the stream ended without one; `limit`, the line is longer than the
   * bound and goes on in the next event of this target and stream.
   */
  endedBy: "newline" | "end" | "limit";
}

/** The longest line that is kept together. */
export const maxLineBytes = 64 * 1024;

const newline = 0x0a;

/** Keeps each stream's unfinished line until its end, the target's end, or the bound. */
export class LineInterleaver {
  readonly #unfinished = new Map<string, GrowingBytes>();

  /** @param limitBytes longer lines are given in pieces of so many bytes. */
  constructor(readonly limitBytes: number = maxLineBytes) {}

  /** The lines that these bytes end. */
  *push(target: number, stream: Line["stream"], bytes: Uint8Array): Generator<Line, void> {
    let start = 0;
    while (start < bytes.length) {
      const end = bytes.indexOf(newline, start);
      const piece = bytes.subarray(start, end < 0 ? bytes.length : end);
      yield* this.#extend(target, stream, piece);
      if (end < 0) return;
      yield { target, stream, bytes: this.#take(target, stream), endedBy: "newline" };
      start = end + 1;
    }
  }

  /** The target says no more: what it left unfinished. */
  *end(target: number): Generator<Line, void> {
    for (const stream of ["stdout", "stderr"] as const) {
      const bytes = this.#take(target, stream);
      if (bytes.length > 0) yield { target, stream, bytes, endedBy: "end" };
    }
  }

  *#extend(target: number, stream: Line["stream"], piece: Uint8Array): Generator<Line, void> {
    let rest = piece;
    for (;;) {
      const held = this.#held(target, stream);
      const room = this.limitBytes - held.length;
      held.push(rest.subarray(0, room));
      if (rest.length <= room) return;
      rest = rest.subarray(room);
      yield { target, stream, bytes: this.#take(target, stream), endedBy: "limit" };
    }
  }

  #held(target: number, stream: Line["stream"]): GrowingBytes {
    const key = `${target}/${stream}`;
    let held = this.#unfinished.get(key);
    if (held === undefined) this.#unfinished.set(key, held = new GrowingBytes());
    return held;
  }

  #take(target: number, stream: Line["stream"]): Uint8Array {
    const key = `${target}/${stream}`;
    const bytes = this.#unfinished.get(key)?.bytes ?? new Uint8Array();
    this.#unfinished.delete(key);
    return bytes;
  }
}
