/** The files of this machine, as copying uses them. */
import { KodamaError } from "../../base/errors.ts";
import type { LocalFiles } from "../local_files.ts";
import { type FileSource, keyOf } from "../source.ts";
import { nativeChecksums } from "./checksums.ts";
import { partialFile } from "./partial.ts";
import { localTree } from "./tree.ts";
import { unpackFolder } from "./unpack.ts";
import { fileError, isAbsent } from "../../files/errors.ts";
import { readFile } from "../../files/read_file.ts";

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
