/** Steps of a plan as a pod carries them out: the content sent to it, and the lines that change its folder. */
import { type Entry, executable, type FileEntry } from "../core/model.ts";
import type { SyncAction } from "../core/plan.ts";
import type { RemoteIndex } from "./remote_index.ts";

/** A step with its number in the plan. */
export interface NumberedStep {
  at: number;
  action: SyncAction;
}

/** Steps in the order in which a pod can do them together. */
interface StepPasses {
  /** New entries at empty paths: moved there together, whole folders at once. */
  additions: NumberedStep[];
  /** Changes of one path each. */
  changes: NumberedStep[];
  /** New entries at paths that a change has emptied. */
  later: NumberedStep[];
}

/** Returns whether a step creates an entry at a path that must be empty, without further conditions. */
function isAddition({ kind, path, requires }: SyncAction): boolean {
  const [own, ...others] = requires;
  if (kind !== "put" && kind !== "makeFolder") return false;
  return others.length === 0 && own?.path === path && own.entry === undefined;
}

/** Sorts steps into passes. Within each their order is retained. */
export function passesOf(steps: readonly SyncAction[]): StepPasses {
  const passes: StepPasses = { additions: [], changes: [], later: [] };
  const changed = new Set(
    steps.filter((action) => !isAddition(action)).map(({ path }) => path),
  );
  for (const [at, action] of steps.entries()) {
    if (!isAddition(action)) passes.changes.push({ at, action });
    else if (isBelowAny(action.path, changed)) passes.later.push({ at, action });
    else passes.additions.push({ at, action });
  }
  return passes;
}

function isBelowAny(path: string, places: ReadonlySet<string>): boolean {
  if (places.size === 0) return false;
  for (let end = path.length; end > 0; end = path.lastIndexOf("/", end - 1)) {
    if (places.has(path.slice(0, end))) return true;
  }
  return false;
}

/**
 * Returns the lines for a path: the conditions, and the change. Undefined if they are known not to hold.
 *
 * @param staged the name of the content, for a file that is put there.
 */
export function linesOfChange(
  action: SyncAction,
  index: RemoteIndex,
  staged: string,
): string[] | undefined {
  const { path, requires } = action;
  const own = requires.find((one) => one.path === path && one.side === action.side);
  // A step without a condition for its own path must not be carried out unchecked.
  if (own === undefined) return undefined;
  const lines: string[] = [];
  for (const expected of requires) {
    const text = index.expectedText(expected);
    if (text === undefined) return undefined;
    if (expected !== own) lines.push("need", text, expected.path);
    const digest = index.digestToProve(expected);
    if (digest !== undefined) lines.push("same", hashOf(digest), expected.path);
  }
  const was = index.expectedText(own) ?? "-";
  const change = (verb: string, mode = "-", rest = "-") => [
    ...lines,
    ...[verb, was, mode, path, rest],
  ];
  switch (action.kind) {
    case "put":
      return action.entry.kind === "symlink"
        ? change("link", "-", action.entry.target)
        : change("file", modeFor(action.entry, index.stat(path)?.mode), staged);
    case "setMode":
      return change("mode", modeFor(action.entry, index.stat(path)?.mode));
    case "makeFolder":
      return change("folder");
    case "remove":
      return change("unlink");
    case "removeFolder":
      return change("rmdir");
  }
}

/** Returns a digest as the pod's program prints it. */
export function hashOf(digest: string): string {
  return digest.replace("-", " ");
}

/**
 * Returns the permissions of a file: its current permissions there, or its permissions here, with the execute bit as
 * required.
 */
export function modeFor(entry: FileEntry, there: number | undefined): string {
  const bits = (there ?? entry.mode) & 0o777;
  // If the execute bit changes at all, all who may read it may execute it.
  const execute = executable(entry)
    ? (bits & 0o100) !== 0 ? bits : bits | 0o100 | ((bits & 0o044) >> 2)
    : bits & ~0o111;
  return execute.toString(8).padStart(3, "0");
}

/** Returns whether a step can be sent: a line break in a name or link text would end a line of a request. */
export function fitsLines(action: SyncAction): boolean {
  const texts = [
    action.path,
    ...action.requires.map(({ path }) => path),
    ...(action.kind === "put" && action.entry.kind === "symlink" ? [action.entry.target] : []),
  ];
  return texts.every((text) => !text.includes("\n"));
}

/** Returns the entry at a path after a completed step, unless it is a file. */
export function entryAfter(action: SyncAction): Entry | undefined {
  switch (action.kind) {
    case "put":
    case "setMode":
      return action.entry;
    case "makeFolder":
      return { kind: "folder" };
    case "remove":
    case "removeFolder":
      return undefined;
  }
}
