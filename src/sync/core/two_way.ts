/** Changes in both directions: a change of one side goes to the other; if both changed a path, both versions stay. */
import {
  type Entry,
  executable,
  type FileEntry,
  type LeafEntry,
  otherSide,
  sameContent,
  sameEntry,
  type Side,
  withExecutable,
} from "./model.ts";
import type { SyncAction } from "./plan.ts";
import type { PlanBuilder, Subtree } from "./plan_builder.ts";

const nowhere = { local: false, remote: false };
const everywhere = { local: true, remote: true };

/** Decides one path, after all that is in it. */
export function decideTwoWay(builder: PlanBuilder, path: string, children: Subtree): Subtree {
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

/** Removes a leaf that is in a folder's way; what the folder's side has not seen is saved beside it. */
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
