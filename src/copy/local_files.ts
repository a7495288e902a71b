/** This machine's files as a copy needs them: injected, so that copying itself touches none. */
import type { NativeChecksums } from "./checksum.ts";
import type { FileSource, TreeSource } from "./source.ts";
import type { PartialFile, UnpackFolder } from "./to_local.ts";

/** Paths are absolute. Every method rejects with a KodamaError that names the path. */
export interface LocalFiles extends NativeChecksums {
  /** Returns the kind of the target, links followed; undefined if there is nothing. */
  kindOf(path: string): Promise<"file" | "folder" | "other" | undefined>;
  /** Returns the source of a copy; it may be read several times, also concurrently. */
  source(path: string): Promise<FileSource | TreeSource>;
  /** Opens a file under a temporary name beside its own; creates missing folders. */
  partialFile(path: string, key: string): Promise<PartialFile>;
  /** Opens a folder under a temporary name, beside its own, or in it if it exists. */
  unpackFolder(path: string, key: string): Promise<UnpackFolder>;
}
