/** Digests of this machine's files, computed once for as long as a file doesn't change. */
import type { Digests } from "../remote/digests.ts";
import type { Entry, FileEntry } from "../core/model.ts";
import { isAbsent } from "../../files/errors.ts";

interface Known {
  ino: number | null;
  size: number;
  mtimeMs: number;
  ctimeMs: number;
  digest: string;
}

/**
 * A file that changed this shortly before its stat may change again with the same times: the system's clock moves in
 * steps, file systems store times in units of up to two seconds, and Deno's `ctime` has whole seconds.
 */
const racyMs = 2_050;
const pieceBytes = 256 * 1024;

/** The digests of local files, by path. */
export class LocalDigests {
  readonly #known = new Map<string, Known>();
  readonly #buffer = new Uint8Array(pieceBytes);
  #digests: Digests | undefined;

  /** @param now milliseconds since 1970, by the clock of the file system. */
  constructor(private readonly now: () => number = Date.now) {}

  /** Sets the digests to use from now on. */
  use(digests: Digests): void {
    if (this.#digests?.name !== digests.name) this.#known.clear();
    this.#digests = digests;
  }

  /** Returns a new, empty checksum. */
  newSum() {
    if (this.#digests === undefined) {
      throw new Error("it is not known yet how contents are compared");
    }
    return this.#digests.make();
  }

  /** Returns the entry of a path; undefined for kinds that aren't synchronised, `unread` if it can't be read. */
  entryAt(root: string, path: string, info: Deno.FileInfo): Entry | "unread" | undefined {
    if (info.isDirectory) return { kind: "folder" };
    try {
      if (info.isSymlink) return { kind: "symlink", target: Deno.readLinkSync(`${root}/${path}`) };
      if (!info.isFile) return undefined;
      return this.fileEntry(info, this.#digestOf(root, path, info));
    } catch (error) {
      // The file was removed between stat and read, or isn't ours to read.
      if (isAbsent(error)) return undefined;
      if (error instanceof Deno.errors.PermissionDenied) return "unread";
      throw error;
    }
  }

  fileEntry(info: Deno.FileInfo, digest: string): FileEntry {
    const mtimeMs = info.mtime?.getTime() ?? 0;
    return { kind: "file", size: info.size, mtimeMs, mode: (info.mode ?? 0o644) & 0o7777, digest };
  }

  #digestOf(root: string, path: string, info: Deno.FileInfo): string {
    const known = this.#known.get(path);
    const stat = {
      ino: info.ino,
      size: info.size,
      mtimeMs: info.mtime?.getTime() ?? 0,
      ctimeMs: info.ctime?.getTime() ?? 0,
    };
    if (known !== undefined && isSame(known, stat)) return known.digest;
    // Before it is read: that may take longer.
    const isOld = this.now() - Math.max(stat.mtimeMs, stat.ctimeMs) > racyMs;
    const digest = this.#sum(`${root}/${path}`);
    if (isOld) this.#known.set(path, { ...stat, digest });
    else this.#known.delete(path);
    return digest;
  }

  #sum(file: string): string {
    const sum = this.newSum();
    using open = Deno.openSync(file);
    // A shared buffer: twenty thousand buffers would stay in memory until they are collected.
    const buffer = this.#buffer;
    for (let count = open.readSync(buffer); count !== null; count = open.readSync(buffer)) {
      sum.update(buffer.subarray(0, count));
    }
    return sum.result();
  }

  /** Forgets a file that is said to have changed: not every system has a time that reveals that. */
  forget(path: string): void {
    this.#known.delete(path);
  }

  /** Forgets entries that don't exist any more. */
  keepOnly(entries: ReadonlyMap<string, Entry>): void {
    for (const path of this.#known.keys()) if (!entries.has(path)) this.#known.delete(path);
  }
}

function isSame(one: Omit<Known, "digest">, other: Omit<Known, "digest">): boolean {
  return one.ino === other.ino && one.size === other.size && one.mtimeMs === other.mtimeMs &&
    one.ctimeMs === other.ctimeMs;
}
