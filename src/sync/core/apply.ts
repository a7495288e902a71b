/**
 * Carries out a plan on two trees that may fail, vanish or be edited at any moment. Nothing is overwritten that the
 * plan has not seen, and the ancestor never claims more than was done.
 */
import { nextAncestor, withoutPaths } from "./ancestor.ts";
import { type Ancestor, type Entry, otherSide, type Side, type Snapshot } from "./model.ts";
import type { SyncAction, SyncPlan } from "./plan.ts";
import { type ActionFailure, type ChangeResult, SideLostError, type Tree } from "./tree.ts";

/** Input of apply. */
interface ApplyInput {
  plan: Extract<SyncPlan, { kind: "plan" }>;
  local: Snapshot;
  remote: Snapshot;
  /** The ancestor that reconcile was given. */
  ancestor: Ancestor | undefined;
  trees: Record<Side, Tree>;
  /** Saves the ancestor for later runs, atomically: either the previous one is stored, or this. */
  saveAncestor: (ancestor: Ancestor) => Promise<void>;
}

/** The result of one action. */
export type ApplyEvent =
  | { kind: "done"; action: SyncAction; entry: Entry | undefined }
  /** It was changed in the meantime; the next plan takes that into account. */
  | { kind: "outOfDate"; action: SyncAction }
  | { kind: "failed"; action: SyncAction; failure: ActionFailure };

/** The result of a run. */
export interface ApplyResult {
  /** All actions are done. If not, scan and reconcile again. */
  complete: boolean;
  /** The side whose connection ended, with the remaining plan undone. */
  lost: SideLostError | undefined;
  ancestor: Ancestor;
}

/**
 * Carries out the actions, yielding an event for each. Throws when `signal` is aborted or the ancestor can't be saved;
 * a caller that stops early leaves an ancestor that omits all paths of the plan, so that the next run merges them and
 * deletes none.
 */
export async function* apply(
  input: ApplyInput,
  signal: AbortSignal,
): AsyncGenerator<ApplyEvent, ApplyResult> {
  const { plan, local, remote, trees } = input;
  const roots = { local: local.root, remote: remote.root };
  // An ancestor that reconcile took for unknown stays unknown.
  const known = input.ancestor !== undefined && input.ancestor.roots.local === roots.local &&
    input.ancestor.roots.remote === roots.remote;
  const old = known && input.ancestor !== undefined
    ? input.ancestor
    : { roots, entries: new Map() };
  // What both scans agree on is agreed, a deletion by both sides too, whatever the result of this run.
  let before = nextAncestor(old, { local, remote, skipped: plan.skipped });
  const touched = plan.actions.map(({ path }) => path);
  // A file restored to an earlier state would look untouched to a run that knew only that earlier ancestor.
  if (touched.length > 0) await input.saveAncestor(withoutPaths(before, touched));
  const after = { local: new Map(local.entries), remote: new Map(remote.entries) };
  let complete = true;
  let lost: SideLostError | undefined;
  for (const { side, actions } of phases(plan.actions)) {
    const open = new Set(actions);
    const contents = (requested: Parameters<Tree["read"]>[0]) =>
      trees[otherSide(side)].read(requested, signal);
    try {
      for await (const { at, result } of trees[side].perform(actions, contents, signal)) {
        signal.throwIfAborted();
        const action = actions[at];
        if (action === undefined) continue;
        open.delete(action);
        if (result.kind === "done") setEntry(after[side], action.path, result.entry);
        else complete = false;
        yield eventOf(action, result);
      }
    } catch (error) {
      if (!(error instanceof SideLostError)) throw error;
      // Whether these changes were made isn't known.
      before = withoutPaths(before, [...open].map(({ path }) => path));
      for (const { path } of open) after[side].delete(path);
      [complete, lost] = [false, error];
      break;
    }
  }
  const ancestor = nextAncestor(before, {
    local: { ...local, entries: after.local },
    remote: { ...remote, entries: after.remote },
    skipped: plan.skipped,
  });
  await input.saveAncestor(ancestor);
  return { complete, lost, ancestor };
}

interface Phase {
  side: Side;
  actions: SyncAction[];
}

/**
 * Groups the actions by side, in groups as large as possible. Additions come before removals, on both sides; and what
 * is read for one side before it is changed on the other.
 */
function phases(actions: readonly SyncAction[]): Phase[] {
  const removes = ({ kind }: SyncAction) => kind === "remove" || kind === "removeFolder";
  let end = actions.length;
  while (end > 0 && removes(actions[end - 1] as SyncAction)) end--;
  return [...grouped(actions.slice(0, end)), ...grouped(actions.slice(end))];
}

function grouped(actions: readonly SyncAction[]): Phase[] {
  const done: Phase[] = [];
  const open: Record<Side, SyncAction[]> = { local: [], remote: [] };
  /** For each side, the paths that actions of the other will read. */
  const sources: Record<Side, Set<string>> = { local: new Set(), remote: new Set() };
  const close = (side: Side) => {
    if (open[side].length > 0) done.push({ side, actions: open[side] });
    open[side] = [];
    sources[otherSide(side)].clear();
  };
  for (const action of actions) {
    const { side } = action;
    if (sources[side].has(action.path)) close(otherSide(side));
    open[side].push(action);
    if (action.kind === "put" && action.from.side !== side) {
      sources[action.from.side].add(action.from.path);
    }
  }
  close("local");
  close("remote");
  return done;
}

function setEntry(entries: Map<string, Entry>, path: string, entry: Entry | undefined): void {
  if (entry === undefined) entries.delete(path);
  else entries.set(path, entry);
}

function eventOf(action: SyncAction, result: ChangeResult): ApplyEvent {
  switch (result.kind) {
    case "done":
      return { kind: "done", action, entry: result.entry };
    case "changed":
      return { kind: "outOfDate", action };
    case "failed":
      return { kind: "failed", action, failure: result };
  }
}
