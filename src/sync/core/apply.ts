/**
 * Carries out a plan on two trees that may fail, vanish or be edited at any moment. Nothing is overwritten that the
 * plan has not seen, and the ancestor never claims more than was done.
 */
import { ancestorOf, commonEntries, nextAncestor, withoutPaths } from "./ancestor.ts";
import { type Ancestor, type Entry, otherSide, type Side, type Snapshot } from "./model.ts";
import type { SyncAction, SyncPlan } from "./plan.ts";
import {
  type ActionFailure,
  type AgreeingTree,
  type ChangeResult,
  type Content,
  SideLostError,
  type Tree,
} from "./tree.ts";

interface ApplyInput {
  plan: Extract<SyncPlan, { kind: "plan" }>;
  local: Snapshot;
  remote: Snapshot;
  /** The ancestor that reconcile was given. */
  ancestor: Ancestor | undefined;
  /** The entries of the ancestor that aren't stored: {@link ApplyResult.learnt} of an earlier run. */
  learnt?: ReadonlyMap<string, Entry> | undefined;
  trees: { local: Tree; remote: AgreeingTree };
  /** Saves the ancestor for later runs, atomically: either the previous or the new ancestor is stored. */
  saveAncestor: (ancestor: Ancestor) => Promise<void>;
}

/** The result of one action. */
export type ApplyEvent =
  | { kind: "done"; action: SyncAction; entry: Entry | undefined }
  /** The path was changed in the meantime; the next plan takes that into account. */
  | { kind: "outOfDate"; action: SyncAction }
  | { kind: "failed"; action: SyncAction; failure: ActionFailure };

/** The result of a run. */
interface ApplyResult {
  /** All actions are done. If not, scan and reconcile again. */
  complete: boolean;
  /** The side whose connection ended, with the remaining plan undone. */
  lost: SideLostError | undefined;
  ancestor: Ancestor;
  /**
   * Entries of a lost run that both sides have, though no agreement in the pod says so: they count for as long as the
   * pod's folder isn't of an earlier time than when the pod answered.
   */
  learnt: ReadonlyMap<string, Entry>;
}

/**
 * Carries out the actions, yielding an event for each. Throws when `signal` is aborted or the ancestor can't be saved;
 * a caller that stops early leaves an ancestor that omits all paths of the plan, so that the next run merges them and
 * deletes none.
 *
 * The pod's folder gets a new agreement before anything is changed, and another when everything in the next ancestor is
 * there: so a copy of the folder, or of the stored ancestor, from any earlier time doesn't match. The ancestor that is
 * saved before knows both agreements, and holds for each.
 */
export async function* apply(
  input: ApplyInput,
  signal: AbortSignal,
): AsyncGenerator<ApplyEvent, ApplyResult> {
  const { plan, local, remote, trees } = input;
  const roots = { local: local.root, remote: remote.root };
  const known = ancestorOf(input.ancestor, input);
  // An ancestor that reconcile took for unknown stays unknown.
  const old = typeof known === "object" ? known : { roots, entries: new Map() };
  const learnt = input.learnt ?? new Map<string, Entry>();
  const stored = learnt.size === 0 ? old : withoutPaths(old, learnt.keys());
  // Paths on which both scans agree are agreed, deletions by both sides too, whatever the result of this run.
  let before = nextAncestor(old, { local, remote, skipped: plan.skipped });
  const touched = new Set(plan.actions.map(({ path }) => path));
  // A file restored to an earlier state would look untouched to a run that knew only that earlier ancestor.
  const certain = commonEntries(stored, before, touched);
  const isSettled = certain.size === stored.entries.size && certain.size === before.entries.size;
  if (old === known && touched.size === 0 && isSettled) {
    return { complete: true, lost: undefined, ancestor: old, learnt };
  }
  const [begun, done] = [crypto.randomUUID(), crypto.randomUUID()];
  const agreements = [remote.agreement ?? "", begun, done];
  await input.saveAncestor({ roots, agreements, entries: certain });
  const beginning = trees.remote.agree(begun);
  beginning.catch(() => {});
  const after = { local: new Map(local.entries), remote: new Map(remote.entries) };
  let complete = true;
  let lost: SideLostError | undefined;
  /** Actions without a result, and the paths whose action the pod has answered. */
  const open: Record<Side, Set<SyncAction>> = { local: new Set(), remote: new Set() };
  const answered = new Set<string>();
  try {
    for (const { side, actions } of phases(plan.actions)) {
      for (const action of actions) open[side].add(action);
      const contents = (requested: Parameters<Tree["read"]>[0]) => {
        const found = trees[otherSide(side)].read(requested, signal);
        return side === "local" ? heldUntil(beginning, found) : found;
      };
      // The pod answers in order: its own steps, and contents from it, come after the new agreement anyway.
      if (side === "local" && !actions.some(readsOther)) await beginning;
      for await (const { at, result } of trees[side].perform(actions, contents, signal)) {
        signal.throwIfAborted();
        const action = actions[at];
        if (action === undefined) continue;
        open[side].delete(action);
        if (side === "remote") answered.add(action.path);
        if (result.kind === "done") setEntry(after[side], action.path, result.entry);
        else complete = false;
        yield eventOf(action, result);
      }
    }
    await beginning;
    await trees.remote.agree(done);
  } catch (error) {
    if (!(error instanceof SideLostError)) throw error;
    [complete, lost] = [false, error];
  }
  if (lost !== undefined) {
    const isBegun = await beginning.then(() => true, () => false);
    if (!isBegun) {
      return { complete, lost, ancestor: { roots, agreements, entries: certain }, learnt };
    }
    for (const side of ["local", "remote"] as const) {
      const paths = [...open[side]].map(({ path }) => path);
      before = withoutPaths(before, paths);
      for (const path of paths) after[side].delete(path);
    }
  }
  const next = nextAncestor(before, {
    local: { ...local, entries: after.local },
    remote: { ...remote, entries: after.remote },
    skipped: plan.skipped,
  });
  if (lost === undefined) {
    const ancestor = { ...next, agreements: [done] };
    await input.saveAncestor(ancestor);
    return { complete, lost, ancestor, learnt: new Map() };
  }
  // A copy of the pod's folder with the first agreement may lack the later changes.
  const ancestor = { ...withoutPaths(next, answered), agreements: [begun, done] };
  await input.saveAncestor(ancestor);
  const likely = [...next.entries].filter(([path]) => answered.has(path));
  return { complete, lost, ancestor, learnt: new Map(likely) };
}

/** Returns whether the action needs a content of the other side. */
function readsOther(action: SyncAction): boolean {
  return action.kind === "put" && action.entry.kind === "file" && action.from.side !== action.side;
}

/** Yields the contents, which are requested at once, but none before `ready` resolves. */
async function* heldUntil(
  ready: Promise<void>,
  contents: AsyncIterable<Content>,
): AsyncGenerator<Content> {
  const found = contents[Symbol.asyncIterator]();
  const first = found.next();
  first.catch(() => {});
  await ready;
  try {
    for (let next = await first; next.done !== true; next = await found.next()) yield next.value;
  } finally {
    await found.return?.();
  }
}

interface Phase {
  side: Side;
  actions: SyncAction[];
}

/**
 * Groups the actions by side, in groups as large as possible. Additions come before removals, on both sides; contents
 * are read for one side before they are changed on the other.
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
