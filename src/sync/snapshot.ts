/** Snapshots out of listings that a pod or a disk gave: nothing of them is believed unchecked. */
import { type Entry, parentOf, type Snapshot } from "./model.ts";

/** One line of a listing. */
export interface Listed {
  path: string;
  /** What stands there; undefined for what could not be read. */
  entry: Entry | undefined;
}

/** Why a line of a listing isn't in the snapshot. */
export interface ListingProblem {
  path: string;
  reason: "unsafePath" | "listedTwice" | "notInAFolder" | "tooMany";
}

/** What a scan says beside its lines. */
export interface ScanFacts {
  root: string;
  /** The scan reached its end. If not, what it doesn't list may still be there. */
  complete: boolean;
  /** Entries beyond which a snapshot is not made; the rest counts as unread. */
  maxEntries?: number;
}

/** As file systems bound a path. */
const maxPathLength = 4096;
const usualMaxEntries = 1_000_000;
const problemsKept = 1000;

/** Why a path can't be trusted to stay below the top, or be what it seems; undefined for a good one. */
export function unsafePath(path: string): boolean {
  if (path.length === 0 || path.length > maxPathLength || !path.isWellFormed()) return true;
  // U+FFFD stands where the bytes of a name were not UTF-8: it would not lead back to the file.
  if (path.includes("\0") || path.includes("\uFFFD")) return true;
  return path.split("/").some((name) => name === "" || name === "." || name === "..");
}

/**
 * The snapshot of a listing, in any order. A line that can't be used makes what it is about unread,
 * so that nothing follows from its absence.
 */
export function snapshotOf(
  lines: Iterable<Listed>,
  facts: ScanFacts,
): { snapshot: Snapshot; problems: ListingProblem[] } {
  const entries = new Map<string, Entry>();
  const unread = new Set<string>(facts.complete ? [] : [""]);
  const problems: ListingProblem[] = [];
  const refuse = (path: string, reason: ListingProblem["reason"], about: string) => {
    unread.add(about);
    if (problems.length < problemsKept) problems.push({ path, reason });
  };
  for (const { path, entry } of lines) {
    if (entries.size >= (facts.maxEntries ?? usualMaxEntries)) {
      refuse(path, "tooMany", "");
      break;
    }
    if (unsafePath(path)) refuse(path, "unsafePath", safePartOf(path));
    else if (entries.has(path)) refuse(path, "listedTwice", path);
    else if (entry === undefined) unread.add(path);
    else entries.set(path, entry);
  }
  dropOrphans(entries, (path) => refuse(path, "notInAFolder", parentOf(path)));
  return { snapshot: { root: facts.root, entries, unread }, problems };
}

/** The folders before the first part of a path that can't be used. */
function safePartOf(path: string): string {
  const names = path.split("/");
  const bad = names.findIndex((name) => unsafePath(name));
  return bad <= 0 ? "" : names.slice(0, bad).join("/");
}

function dropOrphans(entries: Map<string, Entry>, refuse: (path: string) => void): void {
  // Folders come before what is in them, so that one pass drops whole trees.
  for (const path of [...entries.keys()].sort()) {
    const parent = parentOf(path);
    if (parent === "" || entries.get(parent)?.kind === "folder") continue;
    entries.delete(path);
    refuse(path);
  }
}
