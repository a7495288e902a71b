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
import type { PlanDraft, Subtree } from "./plan_draft.ts";

const nowhere = { local: false, remote: false };
const everywhere = { local: true, remote: true };

/** Decides one path, after all that is in it. */
export function decideTwoWay(draft: PlanDraft, path: string, children: Subtree): Subtree {
  const [local, remote] = [draft.entry("local", path), draft.entry("remote", path)];
  if (local?.kind === "folder") {
    if (remote?.kind === "folder") return { ...children, stays: everywhere };
    return folderAgainst(draft, path, children, { side: "local", other: remote });
  }
  if (remote?.kind === "folder") {
    return folderAgainst(draft, path, children, { side: "remote", other: local });
  }
  return decideLeaf(draft, path, local, remote);
}

/** One side has a folder, the other has none there. */
function folderAgainst(
  draft: PlanDraft,
  path: string,
  children: Subtree,
  { side, other }: { side: Side; other: LeafEntry | undefined },
): Subtree {
  const opposite = otherSide(side);
  const agreed = draft.agreed(path);
  const carried = children.stays[opposite];
  // The other side removed or replaced a folder that was on both; its content decides.
  if (agreed?.kind === "folder" && !carried) {
    return removeFolderTree(draft, path, children, { side, other });
  }
  const room = other === undefined ? [] : makeRoom(draft, path, other, opposite);
  const actions = [...room, draft.makeFolder(opposite, path), ...children.actions];
  return { actions, stays: everywhere };
}

function removeFolderTree(
  draft: PlanDraft,
  path: string,
  children: Subtree,
  { side, other }: { side: Side; other: LeafEntry | undefined },
): Subtree {
  const entry = draft.entry(side, path);
  const opposite = otherSide(side);
  if (children.stays[side] || (entry?.kind === "folder" && entry.holdsOthers === true)) {
    draft.events.push({ kind: other === undefined ? "folderKept" : "blocked", path, side });
    // Entries that the other side removed from it are removed; the folder itself and its other content stay.
    const stays = { local: side === "local", remote: side === "remote" };
    stays[opposite] = other !== undefined;
    return { actions: children.actions, stays };
  }
  const actions = [...children.actions, draft.removeFolder(side, path)];
  if (other === undefined) return { actions, stays: nowhere };
  // The folder is removed by then: the step needs an empty path.
  const put = draft.bring(side, path, other);
  actions.push({ ...put, requires: [{ side, path, entry: undefined }] });
  return { actions, stays: everywhere };
}

/** Removes a leaf that is in a folder's way; what the folder's side has not seen is saved beside it. */
function makeRoom(draft: PlanDraft, path: string, leaf: LeafEntry, side: Side): SyncAction[] {
  if (sameEntry(draft.agreed(path), leaf)) return [draft.remove(side, path, leaf)];
  const { actions, kept } = draft.keepBeside(side, path, leaf, [side, otherSide(side)]);
  return [...actions, draft.remove(side, path, leaf, [kept])];
}

function decideLeaf(
  draft: PlanDraft,
  path: string,
  local: LeafEntry | undefined,
  remote: LeafEntry | undefined,
): Subtree {
  if (sameEntry(local, remote)) {
    return { actions: [], stays: local === undefined ? nowhere : everywhere };
  }
  const agreed = draft.agreed(path);
  if (local === undefined || remote === undefined) return oneSided(draft, path, local, remote);
  if (local.kind === "file" && remote.kind === "file") {
    const merged = mergeFiles(draft, path, local, remote, agreed);
    if (merged !== undefined) return { actions: merged, stays: everywhere };
  } else if (sameEntry(agreed, local)) {
    return { actions: [draft.bring("local", path, remote)], stays: everywhere };
  } else if (sameEntry(agreed, remote)) {
    return { actions: [draft.bring("remote", path, local)], stays: everywhere };
  }
  // This machine's version retains the name; the pod's stays beside it, on both sides.
  const { actions, kept } = draft.keepBeside("remote", path, remote, ["remote", "local"]);
  return { actions: [...actions, draft.bring("remote", path, local, [kept])], stays: everywhere };
}

function oneSided(
  draft: PlanDraft,
  path: string,
  local: LeafEntry | undefined,
  remote: LeafEntry | undefined,
): Subtree {
  const [side, entry] = local === undefined
    ? ["remote", remote] as const
    : ["local", local] as const;
  if (entry === undefined) return { actions: [], stays: nowhere };
  const agreed = draft.agreed(path);
  if (sameEntry(agreed, entry)) {
    return { actions: [draft.remove(side, path, entry)], stays: nowhere };
  }
  if (agreed !== undefined) draft.events.push({ kind: "deletionUndone", path, side });
  return { actions: [draft.bring(otherSide(side), path, entry)], stays: everywhere };
}

/** Returns content and mode, each from the side that changed it; undefined if both changed the content. */
function mergeFiles(
  draft: PlanDraft,
  path: string,
  local: FileEntry,
  remote: FileEntry,
  agreed: Entry | undefined,
): SyncAction[] | undefined {
  const mode = draft.mergedMode(path, local, remote);
  const modeOf = (side: Side, entry: FileEntry) =>
    executable(entry) === mode ? [] : [draft.setMode(side, path, withExecutable(entry, mode))];
  if (sameContent(local, remote)) return [...modeOf("local", local), ...modeOf("remote", remote)];
  const [to, source, own] = sameContent(agreed, local)
    ? ["local", remote, modeOf("remote", remote)] as const
    : sameContent(agreed, remote)
    ? ["remote", local, modeOf("local", local)] as const
    : [undefined, local, []] as const;
  if (to === undefined) return undefined;
  return [draft.bring(to, path, withExecutable(source, mode)), ...own];
}
