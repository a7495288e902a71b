/** What reconcile decides: actions with the conditions under which they may be carried out. */
import type { FileEntry, Leaf, Side } from "./model.ts";
import type { HeldReason } from "./held_paths.ts";

/** How two sides are kept alike. */
export type SyncMode =
  /** Changes go both ways; what both changed is kept twice. */
  | "two-way-safe"
  /** Changes go to the pod; what is the pod's own stays. */
  | "one-way"
  /** The pod is made what this machine is, whatever was there. */
  | "mirror"
  /** Changes come from the pod; what is this machine's own stays. */
  | "pull";

/** A place that must be as it was when the plan was made: the entry, or nothing. */
export interface Expectation {
  side: Side;
  path: string;
  /**
   * For a file its digest, size and modes count; where `mtimeMs` and size are as expected, a tree may
   * take the digest for granted.
   */
  entry: Leaf | { kind: "folder" } | undefined;
}

/**
 * One step on one side. It may be carried out only while all of `requires` hold, the one about its
 * own path in the very moment of the change; otherwise the plan is out of date for this path.
 */
export type Action =
  & { side: Side; path: string; requires: readonly Expectation[] }
  & (
    /** Make a file or link with the content that `from` has, in one step: none of it or all of it. */
    | {
      kind: "put";
      entry: Leaf;
      from: { side: Side; path: string };
      /** A file of the same side that has this content already: the transfer may be saved. */
      near?: string;
    }
    /** Give or take the owner's right to execute. */
    | { kind: "setMode"; entry: FileEntry }
    | { kind: "makeFolder" }
    /** Remove a file or a link. */
    | { kind: "remove"; entry: Leaf }
    /** Remove an empty folder; one that isn't empty stays. */
    | { kind: "removeFolder" }
  );

/** What a person is told of a plan, beside its actions. */
export type SyncEvent =
  /** Both sides changed it: the content of `side` is kept as `keptAs`. */
  | { kind: "conflict"; path: string; side: Side; keptAs: string }
  /** One side deleted what the other changed: the change stays. */
  | { kind: "deletionUndone"; path: string; side: Side }
  /** Left alone on both sides. */
  | { kind: "held"; path: string; reason: HeldReason }
  /** The folder stays on this side, as something is in it that isn't synchronised or is held. */
  | { kind: "folderKept"; path: string; side: Side }
  /** The side that isn't written from has its own version, which stays. */
  | { kind: "diverged"; path: string; side: Side }
  /** A file would have to take the place of a folder of the other side that has files of its own. */
  | { kind: "blocked"; path: string; side: Side }
  /** `mirror` takes away content that was never on the other side. */
  | { kind: "overwritten"; path: string; side: Side }
  /** What was agreed on before isn't known, or was about another folder: nothing is deleted. */
  | { kind: "ancestorUnknown"; reason: "missing" | "rootChanged" };

/** The result of reconcile. */
export type Plan =
  | {
    kind: "plan";
    actions: readonly Action[];
    events: readonly SyncEvent[];
    /** What is left alone, for the next ancestor. */
    held: ReadonlyMap<string, HeldReason>;
  }
  /** A side that had files has none at all: more likely a lost volume than a wish. Nothing is done. */
  | { kind: "halted"; reason: "emptied"; side: Side };
