/**
 * Carries out a plan on two trees that may fail, vanish or be edited at any moment. Nothing is
 * overwritten that the plan has not seen, and the ancestor never claims more than what was done.
 */
import { nextAncestor, withoutPaths } from "./ancestor.ts";
import type { Ancestor, Entry, Side, Snapshot } from "./model.ts";
import type { Action, Plan } from "./plan.ts";
import {
  type Change,
  type ChangeResult,
  SideLostError,
  type Staged,
  type StepFailure,
  type Tree,
} from "./tree.ts";

/** What apply is given. */
export interface ApplyInput {
  plan: Extract<Plan, { kind: "plan" }>;
  local: Snapshot;
  remote: Snapshot;
  /** As reconcile had it. */
  ancestor: Ancestor | undefined;
  trees: Record<Side, Tree>;
  /** Keeps the ancestor for later runs, in one step: what was kept before, or this. */
  saveAncestor: (ancestor: Ancestor) => Promise<void>;
}

/** How one action ended. */
export type ApplyEvent =
  | { kind: "done"; action: Action }
  /** Somebody changed it in the meantime; the next plan will know. */
  | { kind: "outOfDate"; action: Action }
  | { kind: "failed"; action: Action; failure: StepFailure }
  /** Not tried, as the side has no space left. */
  | { kind: "skipped"; action: Action };

/** The end of a run. */
export interface ApplyResult {
  /** All actions are done. If not, scan and reconcile again. */
  complete: boolean;
  /** The side whose connection ended, with the rest of the plan undone. */
  lost: Side | undefined;
  ancestor: Ancestor;
}

/**
 * Carries out the actions in their order, telling of each. Throws when `signal` is aborted or the
 * ancestor can't be saved; a caller that goes away leaves an ancestor that is unsure of all paths of
 * the plan, so that the next run joins them and deletes none.
 */
export async function* apply(
  input: ApplyInput,
  signal: AbortSignal,
): AsyncGenerator<ApplyEvent, ApplyResult> {
  const { plan, local, remote, trees } = input;
  const roots = { local: local.root, remote: remote.root };
  // What reconcile took for unknown stays so.
  const known = input.ancestor !== undefined && input.ancestor.roots.local === roots.local &&
    input.ancestor.roots.remote === roots.remote;
  const old = known && input.ancestor !== undefined
    ? input.ancestor
    : { roots, entries: new Map() };
  // What both scans agree on is agreed, a deletion by both sides too, whatever becomes of this run.
  let before = nextAncestor(old, { local, remote, held: plan.held });
  const touched = plan.actions.map(({ path }) => path);
  // A file put back to what it once was would look untouched to a run that knew only the time before.
  if (touched.length > 0) await input.saveAncestor(withoutPaths(before, touched));
  const after = { local: new Map(local.entries), remote: new Map(remote.entries) };
  const full = new Set<Side>();
  let complete = true;
  let lost: Side | undefined;
  for (const action of plan.actions) {
    signal.throwIfAborted();
    if (action.kind === "put" && full.has(action.side)) {
      complete = false;
      yield { kind: "skipped", action };
      continue;
    }
    try {
      const result = await carryOut(action, trees, signal);
      if (result.kind === "done") setEntry(after[action.side], action.path, result.entry);
      else complete = false;
      if (result.kind === "failed" && result.reason === "full") full.add(action.side);
      yield eventOf(action, result);
    } catch (error) {
      if (!(error instanceof SideLostError)) throw error;
      // Whether the last change was made isn't known.
      before = withoutPaths(before, [action.path]);
      after[action.side].delete(action.path);
      [complete, lost] = [false, error.side];
      break;
    }
  }
  const ancestor = nextAncestor(before, {
    local: { ...local, entries: after.local },
    remote: { ...remote, entries: after.remote },
    held: plan.held,
  });
  await input.saveAncestor(ancestor);
  return { complete, lost, ancestor };
}

function setEntry(entries: Map<string, Entry>, path: string, entry: Entry | undefined): void {
  if (entry === undefined) entries.delete(path);
  else entries.set(path, entry);
}

function eventOf(action: Action, result: ChangeResult): ApplyEvent {
  switch (result.kind) {
    case "done":
      return { kind: "done", action };
    case "changed":
      return { kind: "outOfDate", action };
    case "failed":
      return { kind: "failed", action, failure: result };
  }
}

async function carryOut(
  action: Action,
  trees: Record<Side, Tree>,
  signal: AbortSignal,
): Promise<ChangeResult> {
  const isOwn = (side: Side, path: string) => side === action.side && path === action.path;
  const own = action.requires.find(({ side, path }) => isOwn(side, path));
  // An action without a condition for its own path must not be carried out on trust.
  if (own === undefined) return { kind: "changed" };
  const change = await prepare(action, trees, signal);
  if (change.kind === "changed" || change.kind === "failed") return change;
  // After the transfer, which takes its time, and so as late as can be.
  for (const expected of action.requires) {
    if (expected !== own && !await trees[expected.side].matches(expected, signal)) {
      await discard(change, trees[action.side], signal);
      return { kind: "changed" };
    }
  }
  const result = await trees[action.side].change(own, change, signal);
  if (result.kind !== "done") await discard(change, trees[action.side], signal);
  return result;
}

async function discard(change: Change, tree: Tree, signal: AbortSignal): Promise<void> {
  if (change.kind === "placeFile") await tree.discard(change.staged, signal);
}

async function prepare(
  action: Action,
  trees: Record<Side, Tree>,
  signal: AbortSignal,
): Promise<Change | { kind: "changed" } | StepFailure> {
  if (action.kind === "setMode") return { kind: "setMode", entry: action.entry };
  if (action.kind !== "put") return { kind: action.kind };
  const { entry, from, side } = action;
  if (entry.kind === "symlink") {
    const source = { ...from, entry };
    const isThere = await trees[from.side].matches(source, signal);
    return isThere ? { kind: "placeLink", target: entry.target } : { kind: "changed" };
  }
  const staged = await stageNear(action, trees[side], signal) ??
    await trees[side].stage(trees[from.side].read(from.path, signal), entry, signal);
  if (staged.kind === "failed") return staged;
  if (staged.digest === entry.digest) return { kind: "placeFile", staged, entry };
  await trees[side].discard(staged, signal);
  return { kind: "changed" };
}

/** The content out of a file that this side has already, if it still has it. */
async function stageNear(
  action: Extract<Action, { kind: "put" }>,
  tree: Tree,
  signal: AbortSignal,
): Promise<Staged | StepFailure | undefined> {
  const { entry, near, from, side } = action;
  const path = from.side === side ? from.path : near;
  if (path === undefined || entry.kind !== "file") return undefined;
  const staged = await tree.stageCopy(path, entry, signal);
  return staged?.kind === "staged" && staged.digest !== entry.digest ? undefined : staged;
}
