/** Runs passes one by one: inspects changed paths, reconciles and applies. */
import { outagePolicy, retryDelayMs } from "../../base/retry.ts";
import { apply } from "../core/apply.ts";
import type { RemoteEndpoint } from "../core/endpoint.ts";
import {
  type Ancestor,
  type Entry,
  parentOf,
  type Side,
  type Snapshot,
  upwards,
} from "../core/model.ts";
import type { SyncPlan } from "../core/plan.ts";
import { reconcile } from "../core/reconcile.ts";
import { halfRemoved, removalsHere } from "../core/removals.ts";
import type { ActionFailure } from "../core/tree.ts";
import type { Work } from "./dirty.ts";
import type { EngineParts } from "./parts.ts";
import type { StateTracker } from "./state_tracker.ts";
import { mergeText } from "./status.ts";

/** The result of a pass. */
export type PassEnd =
  /** Nothing remains to do. */
  | { kind: "quiet" }
  /** Something changed during the pass: these paths, as far as they are known. */
  | { kind: "again"; changed: readonly string[] }
  /** The user has to confirm the findings. */
  | { kind: "halted" }
  /** A step can't be done now. */
  | { kind: "blocked"; reason: string; delayMs: number };

interface PassContext {
  remote: RemoteEndpoint;
  acceptRemovals: boolean;
  signal: AbortSignal;
}

/** Consecutive passes that find new changes, before there is a pause. */
const eagerPasses = 5;
const pauseMs = 2_000;
/** Removals of the pod with shorter pauses between them are a single clean-up, which the passes see in parts. */
const cleaningUpMs = 60_000;
const noRemovals = { count: 0, atMs: -Infinity };

/** Both sides' snapshots, between passes. */
export class Passes {
  #states: Pick<States, "local" | "remote"> | undefined;
  /** The connection that they were taken by. */
  #remote: RemoteEndpoint | undefined;
  /** Entries that both sides have, though that isn't stored: apply returns them. */
  #learnt: ReadonlyMap<string, Entry> = new Map();
  #changedPasses = 0;
  #failedPasses = 0;
  /** The last removals on this machine, and when the last of them was. */
  #removed = noRemovals;

  constructor(private readonly parts: EngineParts, private readonly state: StateTracker) {}

  /** Throws SideLostError, or KodamaError for rules or files of kodama's own that can't be read. */
  async run(work: Work, context: PassContext): Promise<PassEnd> {
    if (this.#remote !== context.remote && !context.remote.continues) this.#learnt = new Map();
    const seen = work.anywhere || this.#remote !== context.remote || this.#states === undefined;
    const scope = seen ? undefined : await this.#inspect(work, context);
    if (scope === "all" || seen) await this.#scan(context);
    if (this.#states === undefined) return { kind: "again", changed: [] };
    const states = this.#known(this.#states, context.remote);
    const part = scope === "all" ? undefined : scope;
    if (part !== undefined && part.size === 0) return { kind: "quiet" };
    const end = await this.#carryOut(states, part, context);
    // Only a program edits faster than this; a watcher's next event arrives by itself.
    this.#changedPasses = end.kind === "again" ? this.#changedPasses + 1 : 0;
    if (end.kind !== "again" || this.#changedPasses <= eagerPasses) return end;
    return { kind: "blocked", reason: changingText(end.changed), delayMs: pauseMs };
  }

  /**
   * Adds the paths of a poll of the pod; for a changed folder also its known entries, so that removals are noticed.
   * Returns whether any of it was new.
   */
  notePolled(paths: readonly string[], add: (path: string) => void): boolean {
    const entries = this.#states?.remote.entries;
    for (const path of paths) {
      add(path);
      if (entries?.get(path)?.kind !== "folder") continue;
      for (const at of entries.keys()) if (parentOf(at) === path) add(at);
    }
    return paths.length > 0;
  }

  /** The stored ancestor with all later changes. */
  #ancestor(): Ancestor | undefined {
    const { ancestor } = this.parts.store;
    if (ancestor === undefined || this.#learnt.size === 0) return ancestor;
    return { ...ancestor, entries: new Map([...ancestor.entries, ...this.#learnt]) };
  }

  async #scan({ remote, signal }: PassContext): Promise<States> {
    this.state.phase("scanning", "");
    const ignoring = await this.parts.ignoring(true);
    const [here, there] = await Promise.all([
      this.parts.local.scan(ignoring, signal),
      remote.scan(ignoring, signal),
    ]);
    this.#states = { local: here, remote: there };
    this.#remote = remote;
    return this.#known(this.#states, remote);
  }

  /** Returns the snapshots with the entries on which both sides have agreed. */
  #known(
    { local, remote }: Pick<States, "local" | "remote">,
    { agreement }: RemoteEndpoint,
  ): States {
    return { local, remote: { ...remote, agreement }, ancestor: this.#ancestor() };
  }

  /** Inspects the possibly changed paths. Returns the scope to reconcile; `all` if only a scan suffices. */
  async #inspect(work: Work, { remote, signal }: PassContext): Promise<Set<string> | "all"> {
    const states = this.#states;
    if (states === undefined) return "all";
    const ignoring = await this.parts.ignoring(false);
    const changed = new Set<string>();
    for (const side of ["local", "remote"] as const) {
      const paths = [...work.paths[side]];
      if (paths.length === 0) continue;
      const end = side === "local" ? this.parts.local : remote;
      const { entries, whole, needsScan } = await end.inspect(paths, ignoring, signal);
      if (needsScan) return "all";
      for (const path of this.#missingFrom(side, whole, entries)) {
        if (this.#take(side, path, undefined)) changed.add(path);
      }
      for (const [path, entry] of entries) {
        if (this.#take(side, path, entry)) changed.add(path);
      }
      // A folder that wasn't reported may contain more new entries than these.
      if (
        [...entries].some(([path, entry]) => entry !== undefined && isHomeless(path, states[side]))
      ) {
        return "all";
      }
    }
    const { rules } = this.parts;
    const folds = [rules.local, rules.remote].some((one) =>
      one.ignoresCase || one.ignoresComposition
    );
    if (changed.size > 0 && (folds || isEmptied(states))) return "all";
    return changed.size === 0
      ? new Set()
      : scopeOf(changed, { ...states, ancestor: this.#ancestor() });
  }

  /** Yields entries of fully inspected folders that weren't found there. */
  #missingFrom(
    side: Side,
    folders: readonly string[],
    found: ReadonlyMap<string, Entry | undefined>,
  ): string[] {
    if (folders.length === 0) return [];
    const known = this.#states?.[side].entries ?? new Map<string, Entry>();
    const prefixes = folders.map((path) => `${path}/`);
    return [...known.keys()].filter((path) =>
      !found.has(path) && prefixes.some((prefix) => path.startsWith(prefix))
    );
  }

  /** Returns whether the entry changed. */
  #take(side: Side, path: string, entry: Entry | undefined): boolean {
    const snapshot = this.#states?.[side];
    if (snapshot === undefined) return false;
    const entries = snapshot.entries as Map<string, Entry>;
    const before = entries.get(path);
    if (entry === undefined) {
      if (before === undefined) return false;
      remove(entries, path, before);
      return true;
    }
    if (before?.kind === "folder" && entry.kind !== "folder") remove(entries, path, before);
    entries.set(path, before?.kind === "folder" && entry.kind === "folder" ? before : entry);
    return before?.kind !== entry.kind || JSON.stringify(before) !== JSON.stringify(entry);
  }

  async #carryOut(
    states: States,
    scope: Set<string> | undefined,
    context: PassContext,
  ): Promise<PassEnd> {
    const { mode, rules, clock } = this.parts;
    const part = scope === undefined ? states : within(scope, states);
    const plan = reconcile({
      ...part,
      rules,
      mode,
      now: clock.now().getTime(),
      // A part says nothing about a side being empty; the whole was checked before.
      acceptRemovals: context.acceptRemovals || scope !== undefined,
    });
    if (plan.kind === "halted") {
      const side = plan.side === "local" ? "this machine's folder" : "the pod's folder";
      this.state.phase("halted", `${side} has nothing in it any more`);
      return { kind: "halted" };
    }
    const removals = this.#removals(plan, states);
    if (removals.most !== undefined && !context.acceptRemovals) {
      if (scope !== undefined) {
        return await this.#carryOut(await this.#scan(context), undefined, context);
      }
      this.state.phase("halted", `${removals.most} files were removed in the pod's folder`);
      return { kind: "halted" };
    }
    this.#removed = context.acceptRemovals ? noRemovals : removals;
    this.state.problems(plan.events, scope);
    for (const event of plan.events) {
      if (event.kind !== "ancestorUnknown" || event.reason === "missing") continue;
      this.parts.log(mergeText({ why: event.reason }, mode));
    }
    if (plan.actions.length > 0) this.#report(plan);
    // Steps may create paths that no scan has seen: copies of conflicts.
    const covered = scope && new Set([...scope, ...plan.actions.map(({ path }) => path)]);
    const { complete, failures, changed } = await this.#apply(plan, part, covered, context);
    if (this.#states !== undefined) {
      this.state.sides(this.#states, { alike: complete, scope: covered });
    }
    // A denied step isn't retried again and again; a full disk is.
    const failure = failures.find(({ reason }) => reason === "full" || reason === "other");
    if (failure !== undefined) return this.#blocked(failure);
    if (!complete && failures.length === 0) return { kind: "again", changed };
    this.#failedPasses = 0;
    this.state.phase("watching", "");
    return { kind: "quiet" };
  }

  /**
   * Adds the removals of a plan on this machine to the earlier removals. `most`: removals that a person has to confirm.
   */
  #removals(
    plan: Extract<SyncPlan, { kind: "plan" }>,
    { remote, ancestor }: States,
  ): typeof noRemovals & { most?: string } {
    const now = this.parts.clock.elapsedMs();
    const before = now - this.#removed.atMs < cleaningUpMs ? this.#removed : noRemovals;
    const count = before.count + removalsHere(plan.actions, remote);
    if (count === before.count) return before;
    const of = halfRemoved({ count, before: before.count }, ancestor);
    return { count, atMs: now, ...(of === undefined ? {} : { most: `${count} of ${of}` }) };
  }

  #report(plan: Extract<SyncPlan, { kind: "plan" }>): void {
    this.state.planned(plan.actions);
    this.state.phase("syncing", "");
    for (const event of plan.events) {
      if (event.kind === "conflict") {
        this.parts.log(`conflict: ${event.path} kept as ${event.savedAs}`);
      }
      if (event.kind === "deletionUndone") this.parts.log(`deletion undone: ${event.path}`);
      if (event.kind === "overwritten") {
        this.parts.log(`overwritten: ${event.path} (${event.side})`);
      }
    }
  }

  async #apply(
    plan: Extract<SyncPlan, { kind: "plan" }>,
    part: States,
    scope: Set<string> | undefined,
    { remote, signal }: PassContext,
  ): Promise<{ complete: boolean; failures: ActionFailure[]; changed: string[] }> {
    const { local: here, store, log } = this.parts;
    const failures: ActionFailure[] = [];
    const changed: string[] = [];
    const running = apply({
      plan,
      local: part.local,
      remote: part.remote,
      ancestor: part.ancestor,
      learnt: this.#learnt,
      trees: { local: here, remote },
      saveAncestor: (ancestor) => store.save(ancestor, scope),
    }, signal);
    for (;;) {
      const next = await running.next();
      if (next.done) {
        this.#learnt = next.value.learnt;
        if (next.value.lost !== undefined) throw next.value.lost;
        return { complete: next.value.complete, failures, changed };
      }
      const event = next.value;
      this.state.applied(event);
      const { action } = event;
      if (event.kind === "done") this.#take(action.side, action.path, event.entry);
      if (event.kind === "outOfDate") changed.push(action.path);
      // Something was removed between the inspection and the step: it is inspected again.
      if (event.kind === "failed" && event.failure.reason === "missing") changed.push(action.path);
      else if (event.kind === "failed") {
        failures.push(event.failure);
        log(`failed: ${action.kind} ${action.path} (${action.side}): ${event.failure.message}`);
      }
    }
  }

  #blocked(failure: ActionFailure): PassEnd {
    const delayMs = retryDelayMs(outagePolicy.background, ++this.#failedPasses);
    const reason = failure.reason === "full"
      ? `no space is left: ${failure.message}`
      : failure.message;
    return { kind: "blocked", reason, delayMs };
  }
}

/** `.kodamaignore` excludes files that are written all the time: the message has to name them. */
function changingText(paths: readonly string[]): string {
  const [first] = paths;
  if (first === undefined) return "files change while they are synced";
  if (paths.length === 1) return `${first} changes while it is synced`;
  return `${first} and ${paths.length - 1} more change while they are synced`;
}

function remove(entries: Map<string, Entry>, path: string, entry: Entry): void {
  entries.delete(path);
  if (entry.kind !== "folder") return;
  for (const at of [...entries.keys()]) if (at.startsWith(`${path}/`)) entries.delete(at);
}

function isHomeless(path: string, { entries }: Snapshot): boolean {
  const parent = parentOf(path);
  return parent !== "" && entries.get(parent)?.kind !== "folder";
}

function isEmptied({ local, remote }: { local: Snapshot; remote: Snapshot }): boolean {
  return local.entries.size === 0 || remote.entries.size === 0;
}

/* A part of two folders that can be reconciled by itself: the paths to inspect after an edit of a few files. */

/** Both sides and the ancestor. */
interface States {
  local: Snapshot;
  remote: Snapshot;
  ancestor: Ancestor | undefined;
}

/**
 * Returns the paths that changed paths may affect: they themselves and all below them; the folders above; their
 * siblings, which may be copies of conflicts. If a folder isn't a folder in all three states, its entries belong
 * together.
 */
function scopeOf(changed: Iterable<string>, states: States): Set<string> {
  const roots = new Set<string>();
  for (const path of changed) roots.add(topmostUnlike(path, states));
  const isNear = nearTest(roots);
  const scope = new Set<string>();
  for (const entries of allEntries(states)) {
    for (const path of entries.keys()) if (isNear(path)) scope.add(path);
  }
  for (const path of roots) for (const at of upwards(path)) scope.add(at);
  return scope;
}

/** Few folders are compared with each path in turn: the test runs for every existing path. */
const fewRoots = 16;

/** Returns a test whether a path is below a root, or beside a root. */
function nearTest(roots: ReadonlySet<string>): (path: string) => boolean {
  const parents = new Set([...roots].map(parentOf));
  if (roots.size > fewRoots) {
    return (path) => {
      if (parents.has(parentOf(path))) return true;
      for (const at of upwards(path)) if (roots.has(at)) return true;
      return false;
    };
  }
  const prefixes = [...roots].map((root) => `${root}/`);
  const folders = [...parents].map((folder) => folder === "" ? "" : `${folder}/`);
  return (path) =>
    prefixes.some((prefix) => path.startsWith(prefix)) ||
    folders.some((folder) => path.startsWith(folder) && path.indexOf("/", folder.length) < 0);
}

function allEntries({ local, remote, ancestor }: States): ReadonlyMap<string, Entry>[] {
  return [local.entries, remote.entries, ancestor?.entries ?? new Map()];
}

/** Returns the path, or the highest folder above it that isn't a folder on both sides and in the ancestor. */
function topmostUnlike(path: string, states: States): string {
  const maps = allEntries(states);
  let found = path;
  for (const at of upwards(path)) {
    if (at === path) continue;
    if (maps.some((entries) => entries.get(at)?.kind !== "folder")) found = at;
  }
  return found;
}

/** Returns the states reduced to the scope. Folders beside it count as seen, without their content. */
function within(scope: ReadonlySet<string>, { local, remote, ancestor }: States): States {
  const side = (snapshot: Snapshot): Snapshot => ({
    ...snapshot,
    entries: entriesIn(scope, snapshot.entries),
    unread: new Set([...snapshot.unread].filter((path) => path === "" || scope.has(path))),
  });
  return {
    local: side(local),
    remote: side(remote),
    ancestor: ancestor && { ...ancestor, entries: entriesIn(scope, ancestor.entries) },
  };
}

function entriesIn(
  scope: ReadonlySet<string>,
  entries: ReadonlyMap<string, Entry>,
): Map<string, Entry> {
  const found = new Map<string, Entry>();
  for (const path of scope) {
    const entry = entries.get(path);
    if (entry !== undefined) found.set(path, entry);
  }
  return found;
}
