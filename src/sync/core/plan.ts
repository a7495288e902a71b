/** The result of reconcile: actions with the conditions under which they may be carried out. */
import type { AncestorDoubt } from "./ancestor.ts";
import type { FileEntry, LeafEntry, Side } from "./model.ts";
import type { SkipReason } from "./skipped_paths.ts";

/** How two sides are synchronised. */
export type SyncMode =
  /** Changes go both ways; if both changed a path, both versions are retained. */
  | "two-way-safe"
  /** Changes go to the pod; the pod's own files stay. */
  | "one-way"
  /** The pod becomes a copy of this machine, whatever it contained. */
  | "mirror"
  /** Changes come from the pod; this machine's own files stay. */
  | "pull";

/** A path that must be as it was when the plan was made: the entry, or nothing. */
export interface Expectation {
  side: Side;
  path: string;
  /**
   * For a file its digest, size and modes count; if `mtimeMs` and size are as expected, a tree may assume the digest.
   */
  entry: LeafEntry | { kind: "folder" } | undefined;
}

/**
 * One step on one side. It may be carried out only while all of `requires` hold, the requirement on its own path at the
 * very time of the change; otherwise the plan is out of date for this path.
 */
export type SyncAction =
  & { side: Side; path: string; requires: readonly Expectation[] }
  & (
    /** Create a file or link with the content that `from` has, atomically: none of it or all of it. */
    | {
      kind: "put";
      entry: LeafEntry;
      from: { side: Side; path: string };
      /** A file of the same side that has this content already: may save the transfer. */
      near?: string;
    }
    /** Set or clear the owner's execute bit. */
    | { kind: "setMode"; entry: FileEntry }
    | { kind: "makeFolder" }
    /** Remove a file or a link. */
    | { kind: "remove"; entry: LeafEntry }
    /** Remove an empty folder; a folder with entries stays. */
    | { kind: "removeFolder" }
  );

/** Reports of a plan, besides its actions. */
export type SyncEvent =
  /** Both sides changed the path: the content of `side` is saved as `keptAs`. */
  | { kind: "conflict"; path: string; side: Side; savedAs: string }
  /** One side deleted a file that the other changed: the change stays. */
  | { kind: "deletionUndone"; path: string; side: Side }
  /** Skipped on both sides. */
  | { kind: "held"; path: string; reason: SkipReason }
  /** The folder stays on this side, because it contains entries that aren't synchronised or are held. */
  | { kind: "folderKept"; path: string; side: Side }
  /** The side that isn't written from has its own version, which stays. */
  | { kind: "diverged"; path: string; side: Side }
  /** A file would have to replace a folder of the other side that has files of its own. */
  | { kind: "blocked"; path: string; side: Side }
  /** `mirror` removes content that was never on the other side. */
  | { kind: "overwritten"; path: string; side: Side }
  /** The ancestor isn't known, or was about other folders: nothing is deleted. */
  | { kind: "ancestorUnknown"; reason: AncestorDoubt };

/** The result of reconcile. */
export type SyncPlan =
  | {
    kind: "plan";
    actions: readonly SyncAction[];
    events: readonly SyncEvent[];
    /** The skipped paths, for the next ancestor. */
    skipped: ReadonlyMap<string, SkipReason>;
  }
  /** A side that had files is empty: a lost volume is more likely than a deliberate deletion. Nothing is done. */
  | { kind: "halted"; reason: "emptied"; side: Side };

/** The limit of most file systems on a name, less what a side's own temporary names add. */
const maxNameBytes = 240;
const encoder = new TextEncoder();

/** Names for the conflicts of a path. */
export const conflictName = {
  /** Returns the prefix of all conflict copies of this path and side. */
  prefix(path: string, side: Side): string {
    return `${shortened(path, side)}.conflict-${side}-`;
  },

  /** Returns whether a path's last name is a conflict copy's. */
  isOne(path: string): boolean {
    return path.includes(".conflict-") &&
      /\.conflict-(?:local|remote)-\d{8}T\d{6}Z(?:-\d+)?$/.test(path);
  },

  /** Returns the name for a time in milliseconds since 1970; `count` distinguishes names of the same time. */
  make(path: string, side: Side, now: number, count: number): string {
    const time = new Date(now).toISOString().replace(/[-:]|\.\d+/g, "");
    return `${conflictName.prefix(path, side)}${time}${count === 1 ? "" : `-${count}`}`;
  },
};

function shortened(path: string, side: Side): string {
  const at = path.lastIndexOf("/") + 1;
  const cleared = maxNameBytes - `.conflict-${side}-20261121T131052Z-99999`.length;
  let name = path.slice(at);
  while (encoder.encode(name).length > cleared) name = [...name].slice(0, -1).join("");
  return path.slice(0, at) + name;
}
