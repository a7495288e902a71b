/**
 * The model of a folder: plain values that a scan creates. Paths are relative to the folder's top, with `/` between the
 * names and none at either end.
 */

/** The two ends of a synchronisation: the user's machine, and the pod. */
export type Side = "local" | "remote";

/** Returns the other end. */
export function otherSide(side: Side): Side {
  return side === "local" ? "remote" : "local";
}

/** A regular file. */
export interface FileEntry {
  kind: "file";
  /** In bytes. */
  size: number;
  /** Milliseconds since 1970 by the clock of its own side; never compared with the other side's. */
  mtimeMs: number;
  /** Permission bits. Only the owner's execute bit is synchronised, as git does. */
  mode: number;
  /** The digest of the content, by an algorithm that both sides support. */
  digest: string;
}

/** A symbolic link. It is never followed: its text is its content. */
interface LinkEntry {
  kind: "symlink";
  target: string;
}

/** A folder. Its mode isn't synchronised. */
interface FolderEntry {
  kind: "folder";
  /** The folder also holds entries that aren't synchronised (ignored entries, sockets), so it can't be removed. */
  holdsOthers?: boolean;
}

/** A file or a symbolic link. */
export type LeafEntry = FileEntry | LinkEntry;

/** The entry at a path. */
export type Entry = LeafEntry | FolderEntry;

/** The state of one side when it was scanned. */
export interface Snapshot {
  /** Identifies the folder (device and inode, a volume's uid): another folder has another history. */
  root: string;
  /** The last agreement that is stored in the folder itself, as the pod's is. Absent or empty if there is none. */
  agreement?: string;
  /** Each entry's folder is in here too, except the top, which has no entry itself. */
  entries: ReadonlyMap<string, Entry>;
  /** Paths at and below which nothing is known; "" if the scan didn't reach its end. */
  unread: ReadonlySet<string>;
}

/** The last state in which both sides agreed, path by path: it distinguishes an addition from a deletion. */
export interface Ancestor {
  roots: Record<Side, string>;
  /**
   * The agreements that the pod's folder may have if this ancestor is about it: the last agreement, or each that a run
   * was about to make when the ancestor was saved. Absent if none was ever made.
   */
  agreements?: readonly string[];
  entries: ReadonlyMap<string, Entry>;
}

const ownerExecutes = 0o100;

/** Returns whether the owner may execute it. */
export function executable(entry: FileEntry): boolean {
  return (entry.mode & ownerExecutes) !== 0;
}

/** Returns the file with its owner's execute bit set or not. */
export function withExecutable(entry: FileEntry, yes: boolean): FileEntry {
  return { ...entry, mode: yes ? entry.mode | ownerExecutes : entry.mode & ~ownerExecutes };
}

/** Returns whether both have the same content, whatever their modes and times. */
export function sameContent(one: Entry | undefined, other: Entry | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  if (one.kind === "file" && other.kind === "file") return one.digest === other.digest;
  if (one.kind === "symlink" && other.kind === "symlink") return one.target === other.target;
  return one.kind === other.kind;
}

/** Returns whether nothing that is synchronised differs. */
export function sameEntry(one: Entry | undefined, other: Entry | undefined): boolean {
  if (!sameContent(one, other)) return false;
  return one?.kind !== "file" || other?.kind !== "file" || executable(one) === executable(other);
}

/** Returns the folder of a path; "" for a path at the top. */
export function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}

/** Yields the path, and each folder above it except the top, from the innermost. */
export function* upwards(path: string): Generator<string> {
  for (let at = path; at !== ""; at = parentOf(at)) yield at;
}

/** The limit of file systems on a path. */
const maxPathLength = 4096;

/** Returns whether a path might lead out of the folder, or hide its real name. */
export function unsafePath(path: string): boolean {
  if (path.length === 0 || path.length > maxPathLength || !path.isWellFormed()) return true;
  // U+FFFD replaces bytes of a name that aren't UTF-8: it would not lead back to the file.
  if (path.includes("\0") || path.includes("\uFFFD")) return true;
  return path.split("/").some((name) => name === "" || name === "." || name === "..");
}
