/** What is copied, wherever it is. */
import type { Checksum, NewChecksum } from "./checksum.ts";
import type { TreeEntry } from "./entry.ts";

/** How far a copy is, told as it goes on. */
export interface Meter {
  /** So many bytes more. */
  moved(bytes: number): void;
  /** What was moved counts no more: the copy begins anew, with so many bytes that needn't be moved again. */
  restarted(bytes: number): void;
}

/** A kind of checksum that an image has. */
export interface NamedChecksum {
  name: string;
  make: NewChecksum;
}

/** One file. */
export interface FileSource {
  kind: "file";
  /** Undefined where the image has nothing to tell it with, as the next two. */
  size: number | undefined;
  mode: number | undefined;
  /** Seconds since 1970. */
  mtime: number | undefined;
  /** Tells this file from another one, or from what it was before: equal keys let a copy go on. */
  key: string;
  /**
   * All bytes from an offset to the size. Throws where they can't be read, or aren't what the source has.
   *
   * @param before checksum of what is before the offset, by `checksum`; the source looks whether it has the same.
   */
  read(offset: number, before?: Checksum): AsyncIterable<Uint8Array>;
  /** What the source is compared by; undefined where it has none. */
  checksum: NamedChecksum | undefined;
  /** The beginning of the file again, to be compared with what the other end has of it. */
  beginning?: (length: number) => AsyncIterable<Uint8Array>;
}

/** A file most of which is holes. */
export interface SparseSource extends Pick<FileSource, "mode" | "mtime" | "key" | "checksum"> {
  kind: "sparse";
  /** With its holes. */
  size: number;
  /** Its data with their places. Throws as {@link FileSource.read} does. */
  read(): AsyncIterable<{ offset: number; bytes: Uint8Array }>;
  /** The same file, its holes read as zeros. */
  whole: FileSource;
}

/** A folder. */
export interface TreeSource {
  kind: "tree";
  key: string;
  /** What the source is compared by; undefined where it has none. */
  checksum: NamedChecksum | undefined;
  /** Bytes of all files; undefined where nobody has counted. */
  bytes: number | undefined;
  /** The entries, each once, a folder before what is in it. Throws where they can't be read. */
  entries(): AsyncIterable<TreeEntry>;
  /** When all entries were read. Throws where they aren't what the source has; else gives what there is to say. */
  settle(): Promise<Settled>;
}

/** How much it is, where that is known before it is read. */
export function knownBytes(source: FileSource | SparseSource | TreeSource): number | undefined {
  return source.kind === "tree" ? source.bytes : source.size;
}

/** How a folder that was read stands to its source. */
export interface Settled {
  notes: readonly string[];
  /** What couldn't be read, while all else was: the copy is kept, and counts as failed. */
  failure: string | undefined;
}

/** What a copy came to. */
export interface CopyTotals {
  files: number;
  bytes: number;
  /** Of these, what an earlier attempt had brought. */
  resumedBytes: number;
  /** How it is known that the copy is what was copied; null where the image has nothing to tell it with. */
  checksum: string | null;
  /** What a person should know besides. */
  notes: readonly string[];
  /** What isn't in the copy, and why; it counts as failed then. */
  failure: string | undefined;
}

/** Checksums of a copy. */
export interface Checksums {
  /** Programs that may be used in a pod, the best first; with blanks between. */
  wanted: string;
  /** The maker of the one that a pod has chosen; undefined where it has none. */
  maker(word: string | undefined): Promise<NamedChecksum | undefined>;
}
