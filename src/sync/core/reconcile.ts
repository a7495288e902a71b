/**
 * How to bring two folders in sync: a pure function of both snapshots, the ancestor, and the mode. docs/sync-model.md
 * is its table.
 */
import { ancestorOf } from "./ancestor.ts";
import { decideOneWay } from "./one_way.ts";
import { type Sides, skippedPaths, type SkipReason } from "./skipped_paths.ts";
import {
  type Ancestor,
  type Entry,
  executable,
  type FileEntry,
  type LeafEntry,
  otherSide,
  sameContent,
  sameEntry,
  type Side,
  upwards,
  withExecutable,
} from "./model.ts";
import type { SyncAction, SyncEvent, SyncMode, SyncPlan } from "./plan.ts";
import { PlanBuilder, type Subtree } from "./plan_builder.ts";

/** Input of reconcile. */
export interface ReconcileInput extends Omit<Sides, "ancestor"> {
  /** Undefined if there is none, or it is incomplete: then nothing is deleted. */
  ancestor: Ancestor | undefined;
  mode: SyncMode;
  /** Milliseconds since 1970, for the names of conflicts. */
  now: number;
  /** The user has confirmed that the removals of a side were intended. */
  acceptRemovals?: boolean;
}

/**
 * Returns the plan for both sides. It is empty if they are in sync, or if all their differences are reported as events.
 */
export function reconcile(input: ReconcileInput): SyncPlan {
  const events: SyncEvent[] = [];
  const ancestor = usableAncestor(input, events);
  const sides = borrowModes({ ...input, ancestor });
  const skipped = skippedPaths(sides);
  const emptied = emptiedSide(sides, input, skipped);
  if (emptied !== undefined) return { kind: "halted", reason: "emptied", side: emptied };
  const builder = new PlanBuilder({ sides, skipped, now: input.now, mode: input.mode, events });
  const decide = input.mode === "two-way-safe" ? decideTwoWay : decideOneWay;
  if (skipped.has("")) events.push({ kind: "held", path: "", reason: "unread" });
  else for (const name of builder.namesIn("")) builder.add(visit(builder, name, decide));
  return { kind: "plan", actions: inOrder(builder.actions), events, skipped };
}

function visit(
  builder: PlanBuilder,
  path: string,
  decide: (builder: PlanBuilder, path: string, children: Subtree) => Subtree,
): Subtree {
  const reason = builder.skipped.get(path);
  if (reason !== undefined) {
    builder.events.push({ kind: "held", path, reason });
    const stays = (side: Side) => reason === "unread" || builder.entry(side, path) !== undefined;
    return { actions: [], stays: { local: stays("local"), remote: stays("remote") } };
  }
  const children: Subtree = { actions: [], stays: { local: false, remote: false } };
  for (const name of builder.namesIn(path)) {
    const child = visit(builder, `${path}/${name}`, decide);
    // Not by a spread: a call can't have a hundred thousand arguments.
    for (const action of child.actions) children.actions.push(action);
    children.stays.local ||= child.stays.local;
    children.stays.remote ||= child.stays.remote;
  }
  return decide(builder, path, children);
}

/** Returns the entries both sides agreed on; none if that is unknown, or was about other folders. */
function usableAncestor(input: ReconcileInput, events: SyncEvent[]): ReadonlyMap<string, Entry> {
  const found = ancestorOf(input.ancestor, input);
  if (typeof found === "object") return found.entries;
  events.push({ kind: "ancestorUnknown", reason: found });
  return new Map();
}

/** On a side without execute bits, a file gets that of the ancestor, or else of the other side. */
function borrowModes(sides: Sides): Sides {
  const borrowed = (side: Side, other: Side) => {
    if (sides.rules[side].executableBits) return sides[side];
    const entries = new Map<string, Entry>();
    for (const [path, entry] of sides[side].entries) {
      const [agreed, theirs] = [sides.ancestor.get(path), sides[other].entries.get(path)];
      const lender = agreed?.kind === "file"
        ? agreed
        : theirs?.kind === "file"
        ? theirs
        : undefined;
      const lends = entry.kind === "file" && lender !== undefined;
      entries.set(path, lends ? withExecutable(entry, executable(lender)) : entry);
    }
    return { ...sides[side], entries };
  };
  return { ...sides, local: borrowed("local", "remote"), remote: borrowed("remote", "local") };
}

/** Returns the side that had files and is empty. */
function emptiedSide(
  sides: Sides,
  { mode, acceptRemovals }: ReconcileInput,
  skipped: ReadonlyMap<string, SkipReason>,
): Side | undefined {
  if (acceptRemovals === true || skipped.has("")) return undefined;
  const sources: readonly Side[] = mode === "two-way-safe"
    ? ["local", "remote"]
    : [mode === "pull" ? "remote" : "local"];
  const hadFiles = [...sides.ancestor.values()].some((entry) => entry.kind !== "folder");
  const mirrorsNothing = mode === "mirror" && sides.remote.entries.size > 0;
  if (!hadFiles && !mirrorsNothing) return undefined;
  return sources.find((side) => sides[side].entries.size === 0);
}

/**
 * Sorts removals that don't free a path last, so that a moved file's content still exists when its new name is created,
 * and an interrupted run has added before it has removed.
 */
function inOrder(actions: readonly SyncAction[]): SyncAction[] {
  const made = new Set(
    actions.flatMap(({ side, path, kind }) =>
      kind === "put" || kind === "makeFolder" ? [`${side} ${path}`] : []
    ),
  );
  const isLate = ({ side, path, kind }: SyncAction) => {
    if (kind !== "remove" && kind !== "removeFolder") return false;
    // A folder created above the path may only preserve entries below it: too early does no harm.
    for (const at of upwards(path)) if (made.has(`${side} ${at}`)) return false;
    return true;
  };
  return [...actions.filter((action) => !isLate(action)), ...actions.filter(isLate)];
}

/* Changes in both directions: a change of one side goes to the other; if both changed a path, both versions stay. */

const nowhere = { local: false, remote: false };
const everywhere = { local: true, remote: true };

/** Decides a path; its children are decided first. */
function decideTwoWay(builder: PlanBuilder, path: string, children: Subtree): Subtree {
  const [local, remote] = [builder.entry("local", path), builder.entry("remote", path)];
  if (local?.kind === "folder") {
    if (remote?.kind === "folder") return { ...children, stays: everywhere };
    return folderAgainst(builder, path, children, { side: "local", other: remote });
  }
  if (remote?.kind === "folder") {
    return folderAgainst(builder, path, children, { side: "remote", other: local });
  }
  return decideLeaf(builder, path, local, remote);
}

/** One side has a folder, the other has none there. */
function folderAgainst(
  builder: PlanBuilder,
  path: string,
  children: Subtree,
  { side, other }: { side: Side; other: LeafEntry | undefined },
): Subtree {
  const opposite = otherSide(side);
  const agreed = builder.agreed(path);
  const carried = children.stays[opposite];
  // The other side removed or replaced a folder that was on both; its content decides.
  if (agreed?.kind === "folder" && !carried) {
    return removeFolderTree(builder, path, children, { side, other });
  }
  const cleared = other === undefined ? [] : clearPath(builder, path, other, opposite);
  const actions = [...cleared, builder.makeFolder(opposite, path), ...children.actions];
  return { actions, stays: everywhere };
}

function removeFolderTree(
  builder: PlanBuilder,
  path: string,
  children: Subtree,
  { side, other }: { side: Side; other: LeafEntry | undefined },
): Subtree {
  const entry = builder.entry(side, path);
  const opposite = otherSide(side);
  if (children.stays[side] || (entry?.kind === "folder" && entry.holdsOthers === true)) {
    builder.events.push({ kind: other === undefined ? "folderKept" : "blocked", path, side });
    // Entries that the other side removed from it are removed; the folder itself and its other content stay.
    const stays = { local: side === "local", remote: side === "remote" };
    stays[opposite] = other !== undefined;
    return { actions: children.actions, stays };
  }
  const actions = [...children.actions, builder.removeFolder(side, path)];
  if (other === undefined) return { actions, stays: nowhere };
  // The folder is removed by then: the step needs an empty path.
  const put = builder.bring(side, path, other);
  actions.push({ ...put, requires: [{ side, path, entry: undefined }] });
  return { actions, stays: everywhere };
}

/** Removes a leaf that is in a folder's way; content that the folder's side has not seen is saved beside it. */
function clearPath(builder: PlanBuilder, path: string, leaf: LeafEntry, side: Side): SyncAction[] {
  if (sameEntry(builder.agreed(path), leaf)) return [builder.remove(side, path, leaf)];
  const { actions, saved } = builder.saveBeside(side, path, leaf, [side, otherSide(side)]);
  return [...actions, builder.remove(side, path, leaf, [saved])];
}

function decideLeaf(
  builder: PlanBuilder,
  path: string,
  local: LeafEntry | undefined,
  remote: LeafEntry | undefined,
): Subtree {
  if (sameEntry(local, remote)) {
    return { actions: [], stays: local === undefined ? nowhere : everywhere };
  }
  const agreed = builder.agreed(path);
  if (local === undefined || remote === undefined) return oneSided(builder, path, local, remote);
  if (local.kind === "file" && remote.kind === "file") {
    const merged = mergeFiles(builder, path, local, remote, agreed);
    if (merged !== undefined) return { actions: merged, stays: everywhere };
  } else if (sameEntry(agreed, local)) {
    return { actions: [builder.bring("local", path, remote)], stays: everywhere };
  } else if (sameEntry(agreed, remote)) {
    return { actions: [builder.bring("remote", path, local)], stays: everywhere };
  }
  // This machine's version retains the name; the pod's stays beside it, on both sides.
  const { actions, saved } = builder.saveBeside("remote", path, remote, ["remote", "local"]);
  return {
    actions: [...actions, builder.bring("remote", path, local, [saved])],
    stays: everywhere,
  };
}

function oneSided(
  builder: PlanBuilder,
  path: string,
  local: LeafEntry | undefined,
  remote: LeafEntry | undefined,
): Subtree {
  const [side, entry] = local === undefined
    ? ["remote", remote] as const
    : ["local", local] as const;
  if (entry === undefined) return { actions: [], stays: nowhere };
  const agreed = builder.agreed(path);
  if (sameEntry(agreed, entry)) {
    return { actions: [builder.remove(side, path, entry)], stays: nowhere };
  }
  if (agreed !== undefined) builder.events.push({ kind: "deletionUndone", path, side });
  return { actions: [builder.bring(otherSide(side), path, entry)], stays: everywhere };
}

/** Returns content and mode, each from the side that changed it; undefined if both changed the content. */
function mergeFiles(
  builder: PlanBuilder,
  path: string,
  local: FileEntry,
  remote: FileEntry,
  agreed: Entry | undefined,
): SyncAction[] | undefined {
  const mode = builder.mergedMode(path, local, remote);
  const modeOf = (side: Side, entry: FileEntry) =>
    executable(entry) === mode ? [] : [builder.setMode(side, path, withExecutable(entry, mode))];
  if (sameContent(local, remote)) return [...modeOf("local", local), ...modeOf("remote", remote)];
  const [to, source, own] = sameContent(agreed, local)
    ? ["local", remote, modeOf("remote", remote)] as const
    : sameContent(agreed, remote)
    ? ["remote", local, modeOf("local", local)] as const
    : [undefined, local, []] as const;
  if (to === undefined) return undefined;
  return [builder.bring(to, path, withExecutable(source, mode)), ...own];
}
