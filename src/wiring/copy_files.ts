/** The files of this machine, as copying uses them. */
import { KodamaError } from "../base/errors.ts";
import type { LocalFiles } from "../copy/local_files.ts";
import type { FileSource } from "../copy/source.ts";
import { keyOf } from "../copy/copy_key.ts";
import { nativeChecksums } from "./checksums.ts";
import { partialFile } from "./copy_partial.ts";
import { localTree } from "./copy_tree.ts";
import { unpackFolder } from "./copy_unpack.ts";
import { fileError, isAbsent } from "./files.ts";

const pieceBytes = 256 * 1024;

/** This machine's files. */
export function localCopyFiles(): LocalFiles {
  return { ...nativeChecksums, kindOf, source, partialFile, unpackFolder };
}

async function kindOf(path: string): Promise<"file" | "folder" | "other" | undefined> {
  try {
    const { isFile, isDirectory } = await Deno.stat(path);
    return isFile ? "file" : isDirectory ? "folder" : "other";
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw fileError(`cannot look at ${path}`, error);
  }
}

async function source(path: string) {
  const kind = await kindOf(path);
  switch (kind) {
    case undefined:
      throw new KodamaError("notFound", `no such file or folder here: ${path}`);
    case "other":
      throw new KodamaError("conflict", `${path} is neither a file nor a folder`);
    case "folder":
      return await localTree(path);
    case "file":
      return await localFile(path);
  }
}

async function localFile(path: string): Promise<FileSource> {
  const { size, mode, mtime } = await Deno.stat(path);
  const modifiedMs = mtime?.getTime() ?? 0;
  return {
    kind: "file",
    size,
    mode: (mode ?? 0o644) & 0o7777,
    mtime: Math.floor(modifiedMs / 1000),
    key: await keyOf([path, String(size), String(modifiedMs)]),
    checksum: undefined,
    read: (offset) => readFile(path, { offset, end: size, modifiedMs }),
    beginning: (length) => readFile(path, { offset: 0, end: length, modifiedMs }),
  };
}

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
