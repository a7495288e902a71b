/** A part of a file of this machine, read a piece ahead; one that changes meanwhile is noticed. */
import { KodamaError } from "../base/errors.ts";
import { fileError } from "./files.ts";

const pieceBytes = 256 * 1024;

/**
 * The bytes between two offsets, each piece read while the one before it is on its way. The arrays are used again: a
 * reader that keeps one, copies it.
 */
export async function* readFile(
  path: string,
  { offset, end, modifiedMs }: { offset: number; end: number; modifiedMs: number },
): AsyncGenerator<Uint8Array, void> {
  try {
    using file = await Deno.open(path);
    if (offset > 0) await file.seek(offset, Deno.SeekMode.Start);
    const pieces = new ReadAhead(file, end - offset);
    try {
      for (let left = end - offset; left > 0;) {
        const piece = await pieces.next();
        if (piece === undefined) throw changed(path);
        left -= piece.length;
        yield piece;
      }
    } finally {
      await pieces.settled();
    }
    const { mtime } = await file.stat();
    if ((mtime?.getTime() ?? 0) !== modifiedMs) throw changed(path);
  } catch (error) {
    throw fileError(`cannot read ${path}`, error);
  }
}

/** Reads a file from where it stands, a piece ahead of what was asked for. */
class ReadAhead {
  #buffer: Uint8Array;
  #spare: Uint8Array;
  #left: number;
  #coming: Promise<Uint8Array | undefined>;

  constructor(private readonly file: Deno.FsFile, length: number) {
    const bytes = Math.min(pieceBytes, Math.max(1, length));
    this.#buffer = new Uint8Array(bytes);
    this.#spare = new Uint8Array(length > bytes ? bytes : 0);
    this.#left = length;
    this.#coming = this.#read();
  }

  /** Undefined where the file ends before the length. */
  async next(): Promise<Uint8Array | undefined> {
    const piece = await this.#coming;
    if (piece === undefined) return undefined;
    this.#left -= piece.length;
    [this.#buffer, this.#spare] = [this.#spare, this.#buffer];
    if (this.#left > 0) this.#coming = this.#read();
    return piece;
  }

  /** When nothing is being read any more. Never rejects. */
  async settled(): Promise<void> {
    await this.#coming.catch(() => {});
  }

  async #read(): Promise<Uint8Array | undefined> {
    const room = this.#buffer.subarray(0, Math.min(this.#left, this.#buffer.length));
    const count = await this.file.read(room);
    return count === null ? undefined : room.subarray(0, count);
  }
}

/** What was sent of it may be half of the one and half of the other. */
function changed(path: string): KodamaError {
  return new KodamaError("conflict", `${path} changed while it was copied`);
}
