/** Changes in one direction: one side is never written to. */
import {
  executable,
  type LeafEntry,
  otherSide,
  sameContent,
  sameEntry,
  type Side,
  withExecutable,
} from "./model.ts";
import type { SyncAction } from "./plan.ts";
import type { PlanDraft, Subtree } from "./plan_draft.ts";

/** Decides one path, after all that is in it: from this machine, or for `pull` to it. */
export function decideOneWay(draft: PlanDraft, path: string, children: Subtree): Subtree {
  const from: Side = draft.mode === "pull" ? "remote" : "local";
  const to = otherSide(from);
  const [source, target] = [draft.entry(from, path), draft.entry(to, path)];
  const stays = (onTarget: boolean) =>
    from === "local"
      ? { local: source !== undefined, remote: onTarget }
      : { local: onTarget, remote: source !== undefined };
  if (source?.kind === "folder") {
    if (target?.kind === "folder") return { actions: children.actions, stays: stays(true) };
    const room = target === undefined ? [] : makeRoom(draft, path, target, to);
    return {
      actions: [...room, draft.makeFolder(to, path), ...children.actions],
      stays: stays(true),
    };
  }
  if (target?.kind !== "folder") {
    const { actions, left } = decideLeaf(draft, path, source, target, to);
    return { actions, stays: stays(left) };
  }
  const wanted = source === undefined && !forced(draft) && draft.agreed(path)?.kind !== "folder";
  if (wanted) return { actions: children.actions, stays: stays(true) };
  if (children.stays[to] || target.holdsOthers === true) {
    draft.events.push({ kind: source === undefined ? "folderKept" : "blocked", path, side: to });
    return { actions: children.actions, stays: stays(true) };
  }
  const actions = [...children.actions, draft.removeFolder(to, path)];
  if (source !== undefined) {
    const put = draft.bring(to, path, source);
    actions.push({ ...put, requires: [{ side: to, path, entry: undefined }] });
  }
  return { actions, stays: stays(source !== undefined) };
}

function forced(draft: PlanDraft): boolean {
  return draft.mode === "mirror";
}

/** Removes a leaf of the target that is in a folder's way. */
function makeRoom(draft: PlanDraft, path: string, leaf: LeafEntry, to: Side): SyncAction[] {
  if (sameEntry(draft.agreed(path), leaf)) return [draft.remove(to, path, leaf)];
  if (forced(draft)) {
    draft.events.push({ kind: "overwritten", path, side: to });
    return [draft.remove(to, path, leaf)];
  }
  const { actions, kept } = draft.keepBeside(to, path, leaf, [to]);
  return [...actions, draft.remove(to, path, leaf, [kept])];
}

interface LeafDecision {
  actions: SyncAction[];
  /** Something remains on the target afterwards. */
  left: boolean;
}

function decideLeaf(
  draft: PlanDraft,
  path: string,
  source: LeafEntry | undefined,
  target: LeafEntry | undefined,
  to: Side,
): LeafDecision {
  if (sameEntry(source, target)) return { actions: [], left: target !== undefined };
  if (source === undefined) return gone(draft, path, target, to);
  if (target === undefined) return { actions: [draft.bring(to, path, source)], left: true };
  if (source.kind === "file" && target.kind === "file" && sameContent(source, target)) {
    const entry = withExecutable(target, executable(source));
    return { actions: [draft.setMode(to, path, entry)], left: true };
  }
  const agreed = draft.agreed(path);
  if (sameContent(agreed, target)) return { actions: [draft.bring(to, path, source)], left: true };
  if (forced(draft)) {
    draft.events.push({ kind: "overwritten", path, side: to });
    return { actions: [draft.bring(to, path, source)], left: true };
  }
  if (sameContent(agreed, source)) {
    draft.events.push({ kind: "diverged", path, side: to });
    return { actions: [], left: true };
  }
  const { actions, kept } = draft.keepBeside(to, path, target, [to]);
  return { actions: [...actions, draft.bring(to, path, source, [kept])], left: true };
}

/** The source has nothing there: what it once sent and is untouched is removed, the target's own stays. */
function gone(
  draft: PlanDraft,
  path: string,
  target: LeafEntry | undefined,
  to: Side,
): LeafDecision {
  if (target === undefined) return { actions: [], left: false };
  const agreed = draft.agreed(path);
  const untouched = sameContent(agreed, target);
  if (untouched || forced(draft)) {
    if (!untouched) draft.events.push({ kind: "overwritten", path, side: to });
    return { actions: [draft.remove(to, path, target)], left: false };
  }
  if (agreed !== undefined) draft.events.push({ kind: "diverged", path, side: to });
  return { actions: [], left: true };
}
