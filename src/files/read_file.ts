/** Reads a part of a file of this machine, a piece ahead; notices if it changes meanwhile. */
import { KodamaError } from "../base/errors.ts";
import { fileError } from "./errors.ts";

const pieceBytes = 256 * 1024;

/**
 * Yields the bytes between two offsets; each piece is read while the previous one is processed. The arrays are reused:
 * a consumer that stores one must copy it.
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

/** Reads a file from its position, a piece ahead of the requests. */
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

  /** Returns undefined if the file ends before the length. */
  async next(): Promise<Uint8Array | undefined> {
    const piece = await this.#coming;
    if (piece === undefined) return undefined;
    this.#left -= piece.length;
    [this.#buffer, this.#spare] = [this.#spare, this.#buffer];
    if (this.#left > 0) this.#coming = this.#read();
    return piece;
  }

  /** Resolves when no read is pending. Never rejects. */
  async settled(): Promise<void> {
    await this.#coming.catch(() => {});
  }

  async #read(): Promise<Uint8Array | undefined> {
    const room = this.#buffer.subarray(0, Math.min(this.#left, this.#buffer.length));
    const count = await this.file.read(room);
    return count === null ? undefined : room.subarray(0, count);
  }
}

/** The part that was sent may be half of the one and half of the other. */
function changed(path: string): KodamaError {
  return new KodamaError("conflict", `${path} changed while it was copied`);
}
