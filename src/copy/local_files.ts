/** This machine's files, as far as a copy needs them: handed in, so that copying itself touches none. */
import type { NativeChecksums } from "./checksum.ts";
import type { FileSource, TreeSource } from "./source.ts";
import type { PartialFile, UnpackFolder } from "./to_local.ts";

/** Paths are absolute. Everything rejects with a KodamaError that names the path. */
export interface LocalFiles extends NativeChecksums {
  /** What is there, links followed; undefined where there is nothing. */
  kindOf(path: string): Promise<"file" | "folder" | "other" | undefined>;
  /** What is to be copied; it may be read several times, also at the same time. */
  source(path: string): Promise<FileSource | TreeSource>;
  /** A file under a temporary name beside its own; folders that are missing are made. */
  partialFile(path: string, key: string): Promise<PartialFile>;
  /** A folder under a temporary name, beside its own or in it where it is there. */
  unpackFolder(path: string, key: string): Promise<UnpackFolder>;
}
