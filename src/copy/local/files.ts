/** The files of this machine, as copying uses them. */
import { KodamaError } from "../../base/errors.ts";
import type { LocalFiles } from "../local_files.ts";
import { type FileSource, keyOf, type SourceResult, type TreeSource } from "../source.ts";
import { partialFile } from "./partial.ts";
import { unpackFolder } from "./unpack.ts";
import { fileError, isAbsent } from "../../files/errors.ts";
import { type TreeEntry, WholeBody } from "../entry.ts";
import type { DataPart } from "../sparse.ts";
import type { NativeChecksums } from "../checksum.ts";

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
    throw fileError(`cannot inspect ${path}`, error);
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
    readPrefix: (length) => readFile(path, { offset: 0, end: length, modifiedMs }),
  };
}

/* A folder of this machine to copy: scanned once, then read for each pod. */

/** A scanned entry; the file of a hard link precedes it. */
interface Found {
  kind: "folder" | "file" | "symbolicLink" | "hardLink";
  /** Relative to the folder. */
  path: string;
  mode: number;
  modifiedMs: number;
  size: number;
  /** The file consists mostly of holes. */
  sparse: boolean;
  /** The path of the file that a hard link leads to. */
  target: string;
}

/** A larger folder isn't copied deliberately, and would fill the memory. */
const maxEntries = 5_000_000;
/** Read at once, without yielding in between: a thousand small files are read in the time of ten. */
const smallBytes = 128 * 1024;
const encoder = new TextEncoder();

/** Scans the folder. Rejects if something in it can't be read, or has a name that isn't UTF-8. */
async function localTree(root: string): Promise<TreeSource> {
  const onOmitted: string[] = [];
  const found = await look(root, onOmitted);
  const files = found.filter(({ kind }) => kind === "file");
  const result: SourceResult = { notes: onOmitted, failure: undefined };
  return {
    kind: "tree",
    key: await keyOf([root]),
    checksum: undefined,
    bytes: files.reduce((sum, { size }) => sum + size, 0),
    entries: () => entriesOf(root, found),
    finish: () => Promise.resolve(result),
  };
}

async function look(root: string, onOmitted: string[]): Promise<Found[]> {
  const found: Found[] = [];
  const files = new Map<string, string>();
  const add = async (path: string): Promise<void> => {
    const full = path === "" ? root : `${root}/${path}`;
    // The folder itself may be named by a link.
    const info = path === "" ? Deno.statSync(full) : inspectPath(full);
    if (found.length >= maxEntries) throw new KodamaError("conflict", `${root} holds too much`);
    const one = foundOf(path, info);
    if (one === undefined) {
      onOmitted.push(`left out ${path}: neither a file, a folder nor a link`);
      return;
    }
    const id = `${info.dev}:${info.ino}`;
    const target = one.kind === "file" && (info.nlink ?? 1) > 1 ? files.get(id) : undefined;
    if (one.kind === "file") files.set(id, path);
    found.push(target === undefined ? one : { ...one, kind: "hardLink", target });
    if (one.kind !== "folder") return;
    const names = (await Array.fromAsync(Deno.readDir(full))).map(({ name }) => name).sort();
    for (const name of names) await add(path === "" ? name : `${path}/${name}`);
  };
  try {
    await add("");
  } catch (error) {
    throw fileError(`cannot read ${root}`, error);
  }
  return found;
}

/** The runtime returns a name that isn't UTF-8 in a form under which nothing is found. */
function inspectPath(path: string): Deno.FileInfo {
  try {
    return Deno.lstatSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound) || !path.includes("\ufffd")) throw error;
    throw new KodamaError("conflict", `the name of ${path} isn't UTF-8`, {
      hint: "rename it, or pack the folder with tar and copy that",
      cause: error,
    });
  }
}

function foundOf(path: string, info: Deno.FileInfo): Found | undefined {
  const { isFile, isDirectory, isSymlink, size, mode, mtime, blocks } = info;
  if (!isFile && !isDirectory && !isSymlink) return undefined;
  return {
    kind: isDirectory ? "folder" : isSymlink ? "symbolicLink" : "file",
    path,
    mode: (mode ?? (isDirectory ? 0o755 : 0o644)) & 0o7777,
    modifiedMs: mtime?.getTime() ?? 0,
    size: isFile ? size : 0,
    sparse: isFile && blocks !== null && blocks * 512 < size - smallBytes,
    target: "",
  };
}

async function* entriesOf(
  root: string,
  found: readonly Found[],
): AsyncGenerator<TreeEntry, void> {
  for (const one of found) {
    const path = encoder.encode(one.path);
    const named = { path, mode: one.mode, mtime: Math.floor(one.modifiedMs / 1000) };
    const full = `${root}/${one.path}`;
    switch (one.kind) {
      case "folder":
        yield { ...named, kind: "folder" };
        break;
      case "symbolicLink":
        yield { ...named, kind: "symbolicLink", target: encoder.encode(linkTarget(full)) };
        break;
      case "hardLink":
        yield { ...named, kind: "hardLink", target: encoder.encode(one.target) };
        break;
      case "file":
        yield { ...named, kind: "file", ...await contentOf(full, one) };
    }
  }
}

async function contentOf(full: string, { size, modifiedMs, sparse }: Found) {
  if (sparse) {
    const parts = await dataParts(full, { size, modifiedMs });
    return { size, sparse: { size, parts }, body: dataOf(full, parts, modifiedMs) };
  }
  if (size > smallBytes) {
    return { size, body: readFile(full, { offset: 0, end: size, modifiedMs }) };
  }
  return { size, body: new WholeBody(() => smallFile(full, size)) };
}

async function* dataOf(
  full: string,
  parts: readonly { offset: number; length: number }[],
  modifiedMs: number,
): AsyncGenerator<Uint8Array, void> {
  for (const { offset, length } of parts) {
    yield* readFile(full, { offset, end: offset + length, modifiedMs });
  }
}

function smallFile(full: string, size: number): Uint8Array {
  if (size === 0) return new Uint8Array();
  let bytes: Uint8Array;
  try {
    bytes = Deno.readFileSync(full);
  } catch (error) {
    throw fileError(`cannot read ${full}`, error);
  }
  if (bytes.length !== size) {
    throw new KodamaError("conflict", `${full} changed while it was copied`);
  }
  return bytes;
}

function linkTarget(full: string): string {
  try {
    return Deno.readLinkSync(full);
  } catch (error) {
    throw fileError(`cannot read ${full}`, error);
  }
}

/* Finds the data of a sparse file. The runtime can't ask the system for holes; so the file is read. */

/** The granularity of holes: the allocation unit of file systems. */
const grainBytes = 64 * 1024;

/** Returns the parts that aren't zeros. */
async function dataParts(
  path: string,
  { size, modifiedMs }: { size: number; modifiedMs: number },
): Promise<DataPart[]> {
  const parts: DataPart[] = [];
  let offset = 0;
  for await (const piece of readFile(path, { offset: 0, end: size, modifiedMs })) {
    for (let at = 0; at < piece.length; at += grainBytes) {
      const grain = piece.subarray(at, at + grainBytes);
      if (!isZero(grain)) addPart(parts, offset + at, grain.length);
    }
    offset += piece.length;
  }
  return parts;
}

function addPart(parts: DataPart[], offset: number, length: number): void {
  const last = parts.at(-1);
  if (last !== undefined && last.offset + last.length === offset) last.length += length;
  else parts.push({ offset, length });
}

function isZero(bytes: Uint8Array): boolean {
  const words = bytes.length >> 3;
  const aligned = bytes.byteOffset % 8 === 0;
  if (aligned) {
    const wide = new BigUint64Array(bytes.buffer, bytes.byteOffset, words);
    for (let at = 0; at < words; at++) if (wide[at] !== 0n) return false;
  }
  for (let at = aligned ? words * 8 : 0; at < bytes.length; at++) if (bytes[at] !== 0) return false;
  return true;
}

/** `crc32` and `sha256sum`, as these programs print them. */
export const nativeChecksums: NativeChecksums = {
  crc32: async () => (await import("./node.ts")).crc32,
  sha256: async () => (await import("./node.ts")).sha256,
};

/* Reads a part of a file of this machine, a piece ahead; notices if it changes meanwhile. */

const pieceBytes = 256 * 1024;

/**
 * Yields the bytes between two offsets; each piece is read while the previous piece is processed. The arrays are
 * reused: a consumer that stores an array must copy it.
 */
async function* readFile(
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

/** The sent part may be half of the old content and half of the new. */
function changed(path: string): KodamaError {
  return new KodamaError("conflict", `${path} changed while it was copied`);
}
