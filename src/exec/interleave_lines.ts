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
   * The line's end: `newline`; `end`, the stream ended without one; `limit`, there is no memory for the rest of it, which
   * follows in the next event of this target and stream.
   */
  endedBy: "newline" | "end" | "limit";
}

/** The memory for unfinished lines of all targets together: a line of JSON may be long. */
const maxHeldBytes = 64 * 1024 * 1024;

const newline = 0x0a;

type Piece = Omit<OutputLine, "endedBy">;

/** Buffers each stream's unfinished line until its end, the target's end, or the bound. */
export class LineInterleaver {
  readonly #unfinished = {
    stdout: new Map<number, ByteBuffer>(),
    stderr: new Map<number, ByteBuffer>(),
  };
  #heldBytes = 0;

  /** @param limitBytes the unfinished lines of all targets together; the longest is emitted if they are longer. */
  constructor(readonly limitBytes: number = maxHeldBytes) {}

  /** Returns the lines that these bytes complete. */
  push(target: number, stream: OutputLine["stream"], bytes: Uint8Array): OutputLine[] {
    const lines: OutputLine[] = [];
    let start = 0;
    while (start < bytes.length) {
      const end = bytes.indexOf(newline, start);
      if (end < 0) {
        this.#hold({ target, stream, bytes: bytes.subarray(start) });
        if (this.#heldBytes > this.limitBytes) lines.push(this.#longest());
        break;
      }
      lines.push(this.#finished({ target, stream, bytes: bytes.subarray(start, end) }));
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
  #finished(piece: Piece): OutputLine {
    const { target, stream } = piece;
    if (!this.#unfinished[stream].has(target)) return { ...piece, endedBy: "newline" };
    this.#hold(piece);
    const bytes = this.#take(target, stream) ?? new Uint8Array();
    return { target, stream, bytes, endedBy: "newline" };
  }

  #hold({ target, stream, bytes }: Piece): void {
    const unfinished = this.#unfinished[stream];
    const held = unfinished.get(target) ?? new ByteBuffer();
    held.push(bytes);
    unfinished.set(target, held);
    this.#heldBytes += bytes.length;
  }

  /** The longest of the unfinished lines, without its end. */
  #longest(): OutputLine {
    let longest = { target: 0, stream: "stdout" as OutputLine["stream"], length: -1 };
    for (const stream of ["stdout", "stderr"] as const) {
      for (const [target, { length }] of this.#unfinished[stream]) {
        if (length > longest.length) longest = { target, stream, length };
      }
    }
    const { target, stream } = longest;
    const bytes = this.#take(target, stream) ?? new Uint8Array();
    return { target, stream, bytes, endedBy: "limit" };
  }

  #take(target: number, stream: OutputLine["stream"]): Uint8Array | undefined {
    const bytes = this.#unfinished[stream].get(target)?.bytes;
    this.#unfinished[stream].delete(target);
    this.#heldBytes -= bytes?.length ?? 0;
    return bytes;
  }
}
