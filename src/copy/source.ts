/** The source of a copy, local or in a pod. */
import {
  type Checksum,
  type ChecksumChoice,
  checksumMaker,
  checksumNamed,
  checksumPreferences,
  type NativeChecksums,
  type NewChecksum,
} from "./checksum.ts";
import type { TreeEntry } from "./entry.ts";

/** Reports the progress of a copy. */
export interface Meter {
  /** This many bytes were moved in addition. */
  moved(bytes: number): void;
  /** Progress so far is void: the copy starts again, with this many bytes that needn't be moved again. */
  restarted(bytes: number): void;
}

/** A kind of checksum that an image can compute. */
export interface NamedChecksum {
  name: string;
  make: NewChecksum;
}

/** A file. */
export interface FileSource {
  kind: "file";
  /** Undefined if the image has no program that reports it; so are the next two. */
  size: number | undefined;
  mode: number | undefined;
  /** Seconds since 1970. */
  mtime: number | undefined;
  /** Distinguishes this file from others and from its earlier versions: a copy with an equal key can resume. */
  key: string;
  /**
   * Reads all bytes from an offset to the size. Throws if they can't be read, or differ from the source's.
   *
   * @param before checksum of the bytes before the offset, by `checksum`; the source compares it with its own.
   */
  read(offset: number, before?: Checksum): AsyncIterable<Uint8Array>;
  /** The checksum that the source is compared by; undefined if it has none. */
  checksum: NamedChecksum | undefined;
  /** Reads the beginning of the file again, to be compared with the other end's. */
  readPrefix?: (length: number) => AsyncIterable<Uint8Array>;
}

/** A file that consists mostly of holes. */
export interface SparseSource extends Pick<FileSource, "mode" | "mtime" | "key" | "checksum"> {
  kind: "sparse";
  /** Including its holes. */
  size: number;
  /** Reads its data with their offsets. Throws as {@link FileSource.read} does. */
  read(): AsyncIterable<{ offset: number; bytes: Uint8Array }>;
  /** The same file, its holes read as zeros. */
  whole: FileSource;
}

/** A folder. */
export interface TreeSource {
  kind: "tree";
  key: string;
  /** The checksum that the source is compared by; undefined if it has none. */
  checksum: NamedChecksum | undefined;
  /** Bytes of all files; undefined if they weren't counted. */
  bytes: number | undefined;
  /** Yields the entries, each once, a folder before its content. Throws if they can't be read. */
  entries(): AsyncIterable<TreeEntry>;
  /**
   * Called when all entries were read. Throws if they differ from the source's; otherwise returns the result to report.
   */
  finish(): Promise<SourceResult>;
}

/** Returns the size if it is known before reading. */
export function knownBytes(source: FileSource | SparseSource | TreeSource): number | undefined {
  return source.kind === "tree" ? source.bytes : source.size;
}

/** The comparison of a folder that was read with its source. */
export interface SourceResult {
  notes: readonly string[];
  /** The files that couldn't be read, while everything else was: the copy is retained, and counts as failed. */
  failure: string | undefined;
}

/** The result of a copy. */
export interface CopyTotals {
  files: number;
  bytes: number;
  /** How many of these bytes an earlier attempt has copied. */
  resumedBytes: number;
  /** The checksum that verified the copy; null if the image has no program for a checksum. */
  checksum: string | null;
  /** Further notes for the user. */
  notes: readonly string[];
  /** The files that aren't in the copy, and why; the copy counts as failed if set. */
  failure: string | undefined;
}

/** Checksums of a copy. */
export interface Checksums {
  /** Programs that may be used in a pod, the best first, separated by blanks. */
  wanted: string;
  /** Returns the factory of the checksum that a pod has chosen; undefined if it has none. */
  maker(word: string | undefined): Promise<NamedChecksum | undefined>;
}

/** Returns the checksums that a choice allows. */
export function checksumsOf(choice: ChecksumChoice, native: NativeChecksums): Checksums {
  return {
    wanted: checksumPreferences[choice].join(" "),
    async maker(word) {
      const name = checksumNamed(word);
      return name === undefined ? undefined : { name, make: await checksumMaker(name, native) };
    },
  };
}

/** Returns sixteen digits that identify all of the strings. */
export async function keyOf(words: readonly string[]): Promise<string> {
  const bytes = new TextEncoder().encode(JSON.stringify(words));
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return hash.subarray(0, 8).toHex();
}
