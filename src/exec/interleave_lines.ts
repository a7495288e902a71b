/**
 * Complete lines from the output of many targets, so that lines of different targets can be adjacent but never mixed.
 */
import { ByteBuffer } from "../base/byte_buffer.ts";

/** A complete line of one target and one stream, or a part of one that is known to be final. */
export interface OutputLine {
  target: number;
  stream: "stdout" | "stderr";
  /** Exactly as they arrived, without the line's end. */
  bytes: Uint8Array;
  /**
   * The line's end: `newline`; `end`, the stream ended without one; `limit`, the line is longer than the bound and
   * continues in the next event of this target and stream.
   */
  endedBy: "newline" | "end" | "limit";
}

/** The longest line that is emitted in one piece. */
const maxLineBytes = 64 * 1024;

const newline = 0x0a;

/** Buffers each stream's unfinished line until its end, the target's end, or the bound. */
export class LineInterleaver {
  readonly #unfinished = {
    stdout: new Map<number, ByteBuffer>(),
    stderr: new Map<number, ByteBuffer>(),
  };

  /** @param limitBytes longer lines are emitted in pieces of this size. */
  constructor(readonly limitBytes: number = maxLineBytes) {}

  /** Returns the lines that these bytes complete. */
  push(target: number, stream: OutputLine["stream"], bytes: Uint8Array): OutputLine[] {
    const lines: OutputLine[] = [];
    let start = 0;
    while (start < bytes.length) {
      const end = bytes.indexOf(newline, start);
      if (end < 0) {
        this.#hold(lines, { target, stream, bytes: bytes.subarray(start) });
        break;
      }
      this.#finish(lines, { target, stream, bytes: bytes.subarray(start, end) });
      start = end + 1;
    }
    return lines;
  }

  /** Returns the target's unfinished lines when it has ended. */
  end(target: number): OutputLine[] {
    return (["stdout", "stderr"] as const).flatMap((stream): OutputLine[] => {
      const bytes = this.#take(target, stream);
      return bytes === undefined ? [] : [{ target, stream, bytes, endedBy: "end" }];
    });
  }

  /** The last piece of a line. Most lines are one piece: those aren't copied. */
  #finish(lines: OutputLine[], piece: Omit<OutputLine, "endedBy">): void {
    const { target, stream } = piece;
    if (this.#unfinished[stream].has(target) || piece.bytes.length > this.limitBytes) {
      this.#hold(lines, piece);
      const bytes = this.#take(target, stream) ?? new Uint8Array();
      lines.push({ target, stream, bytes, endedBy: "newline" });
    } else lines.push({ ...piece, endedBy: "newline" });
  }

  /** Returns a piece that may be continued. */
  #hold(lines: OutputLine[], { target, stream, bytes }: Omit<OutputLine, "endedBy">): void {
    const unfinished = this.#unfinished[stream];
    let held = unfinished.get(target) ?? new ByteBuffer();
    let remaining = bytes;
    while (held.length + remaining.length > this.limitBytes) {
      const free = this.limitBytes - held.length;
      held.push(remaining.subarray(0, free));
      remaining = remaining.subarray(free);
      lines.push({ target, stream, bytes: held.bytes, endedBy: "limit" });
      held = new ByteBuffer();
    }
    held.push(remaining);
    unfinished.set(target, held);
  }

  #take(target: number, stream: OutputLine["stream"]): Uint8Array | undefined {
    const bytes = this.#unfinished[stream].get(target)?.bytes;
    this.#unfinished[stream].delete(target);
    return bytes;
  }
}
