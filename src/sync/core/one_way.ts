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
import type { PlanBuilder, Subtree } from "./plan_builder.ts";

/** Decides a path; its children are decided first: from this machine, or for `pull` to it. */
export function decideOneWay(builder: PlanBuilder, path: string, children: Subtree): Subtree {
  const from: Side = builder.mode === "pull" ? "remote" : "local";
  const to = otherSide(from);
  const [source, target] = [builder.entry(from, path), builder.entry(to, path)];
  const stays = (onTarget: boolean) =>
    from === "local"
      ? { local: source !== undefined, remote: onTarget }
      : { local: onTarget, remote: source !== undefined };
  if (source?.kind === "folder") {
    if (target?.kind === "folder") return { actions: children.actions, stays: stays(true) };
    const cleared = target === undefined ? [] : clearPath(builder, path, target, to);
    return {
      actions: [...cleared, builder.makeFolder(to, path), ...children.actions],
      stays: stays(true),
    };
  }
  if (target?.kind !== "folder") {
    const { actions, stays: onTarget } = decideLeaf(builder, path, source, target, to);
    return { actions, stays: stays(onTarget) };
  }
  const isTargets = source === undefined && !forced(builder) &&
    builder.agreed(path)?.kind !== "folder";
  if (isTargets) return { actions: children.actions, stays: stays(true) };
  if (children.stays[to] || target.holdsOthers === true) {
    builder.events.push({ kind: source === undefined ? "folderKept" : "blocked", path, side: to });
    return { actions: children.actions, stays: stays(true) };
  }
  const actions = [...children.actions, builder.removeFolder(to, path)];
  if (source !== undefined) {
    const put = builder.bring(to, path, source);
    actions.push({ ...put, requires: [{ side: to, path, entry: undefined }] });
  }
  return { actions, stays: stays(source !== undefined) };
}

function forced(builder: PlanBuilder): boolean {
  return builder.mode === "mirror";
}

/** Removes a leaf of the target that is in a folder's way. */
function clearPath(builder: PlanBuilder, path: string, leaf: LeafEntry, to: Side): SyncAction[] {
  if (sameEntry(builder.agreed(path), leaf)) return [builder.remove(to, path, leaf)];
  if (forced(builder)) {
    builder.events.push({ kind: "overwritten", path, side: to });
    return [builder.remove(to, path, leaf)];
  }
  const { actions, saved } = builder.saveBeside(to, path, leaf, [to]);
  return [...actions, builder.remove(to, path, leaf, [saved])];
}

interface LeafDecision {
  actions: SyncAction[];
  /** Something remains on the target afterwards. */
  stays: boolean;
}

function decideLeaf(
  builder: PlanBuilder,
  path: string,
  source: LeafEntry | undefined,
  target: LeafEntry | undefined,
  to: Side,
): LeafDecision {
  if (sameEntry(source, target)) return { actions: [], stays: target !== undefined };
  if (source === undefined) return decideMissing(builder, path, target, to);
  if (target === undefined) return { actions: [builder.bring(to, path, source)], stays: true };
  if (source.kind === "file" && target.kind === "file" && sameContent(source, target)) {
    const entry = withExecutable(target, executable(source));
    return { actions: [builder.setMode(to, path, entry)], stays: true };
  }
  const agreed = builder.agreed(path);
  if (sameContent(agreed, target)) {
    return { actions: [builder.bring(to, path, source)], stays: true };
  }
  if (forced(builder)) {
    builder.events.push({ kind: "overwritten", path, side: to });
    return { actions: [builder.bring(to, path, source)], stays: true };
  }
  if (sameContent(agreed, source)) {
    builder.events.push({ kind: "diverged", path, side: to });
    return { actions: [], stays: true };
  }
  const { actions, saved } = builder.saveBeside(to, path, target, [to]);
  return { actions: [...actions, builder.bring(to, path, source, [saved])], stays: true };
}

/** The source has nothing there: untouched entries that it once sent are removed, the target's own stay. */
function decideMissing(
  builder: PlanBuilder,
  path: string,
  target: LeafEntry | undefined,
  to: Side,
): LeafDecision {
  if (target === undefined) return { actions: [], stays: false };
  const agreed = builder.agreed(path);
  const untouched = sameContent(agreed, target);
  if (untouched || forced(builder)) {
    if (!untouched) builder.events.push({ kind: "overwritten", path, side: to });
    return { actions: [builder.remove(to, path, target)], stays: false };
  }
  if (agreed !== undefined) builder.events.push({ kind: "diverged", path, side: to });
  return { actions: [], stays: true };
}
