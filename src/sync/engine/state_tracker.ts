/** Maintains the state that a synchronisation reports. */
import type { Clock } from "../../base/clock.ts";
import { conflictName, type SyncAction, type SyncEvent, type SyncMode } from "../core/plan.ts";
import type { Side, Snapshot } from "../core/model.ts";
import type { ApplyEvent } from "../core/apply.ts";
import {
  allHeldReason,
  firstState,
  retained,
  type SyncChange,
  type SyncPhase,
  type SyncProblem,
  type SyncState,
} from "./status.ts";

/** Events that don't describe a lasting condition. */
const passing = new Set<SyncEvent["kind"]>(["conflict", "deletionUndone", "overwritten"]);

/** A state, reported at each change. */
export class StateTracker {
  #state: SyncState;
  readonly #problems = new Map<string, SyncProblem>();

  constructor(
    mode: SyncMode,
    private readonly clock: Clock,
    private readonly onEvent: (state: SyncState) => void,
  ) {
    this.#state = firstState(mode, clock.now().getTime());
  }

  get current(): SyncState {
    return this.#state;
  }

  #set(change: Partial<SyncState>): void {
    this.#state = { ...this.#state, ...change };
    this.onEvent(this.#state);
  }

  /** Why the pass that has just ended left the sides out of sync; paths that a rule skips don't count. */
  get undone(): string | undefined {
    if (this.#state.phase !== "watching") return this.#state.reason;
    if (this.#problems.has("")) return allHeldReason;
    const failed = [...this.#problems.values()].filter(({ kind }) => kind === "failed");
    const [first] = failed;
    if (first === undefined) return undefined;
    const more = failed.length === 1 ? "" : ` (and ${failed.length - 1} more)`;
    return `${first.path}: ${first.detail}${more}`;
  }

  phase(phase: SyncPhase, reason: string): void {
    if (this.#state.phase === phase && this.#state.reason === reason) return;
    this.#set({ phase, reason, sinceMs: this.clock.now().getTime() });
  }

  connected(localWatcher: string): void {
    const { connections, watched } = this.#state;
    this.#set({ connections: connections + 1, watched: { ...watched, local: localWatcher } });
  }

  watched(side: Side, by: string): void {
    const name = by === "none" ? "polling" : by;
    this.#set({ watched: { ...this.#state.watched, [side]: name } });
  }

  /** Records that a plan is about to be applied. */
  planned(actions: readonly SyncAction[]): void {
    const totalBytes = actions.reduce((sum, action) => sum + bytesOf(action), 0);
    this.#set({ progress: { done: 0, total: actions.length, bytes: 0, totalBytes } });
  }

  /** Records the result of an action. */
  applied(event: ApplyEvent): void {
    const { action } = event;
    const { progress, history } = this.#state;
    const done = { ...progress, done: progress.done + 1, bytes: progress.bytes + bytesOf(action) };
    if (event.kind === "failed") {
      const { path, side } = action;
      const problem = { path, side, kind: "failed", detail: event.failure.message } as const;
      this.#problems.set(path, problem);
    }
    const change = event.kind === "done" ? [this.#changeOf(action)] : [];
    this.#set({ progress: done, history: [...history, ...change].slice(-retained.history) });
  }

  #changeOf(action: SyncAction): SyncChange {
    const { side, path, kind, requires } = action;
    const isNew = requires.find((one) => one.path === path)?.entry === undefined;
    const what = kind === "remove" || kind === "removeFolder"
      ? "removed"
      : kind === "setMode"
      ? "mode"
      : isNew
      ? "added"
      : "changed";
    return { atMs: this.clock.now().getTime(), side, what, path };
  }

  /** Replaces the problems of a scope by a plan's events; all problems if there is no scope. */
  problems(events: readonly SyncEvent[], scope?: ReadonlySet<string>): void {
    if (scope === undefined) this.#problems.clear();
    else for (const path of scope) this.#problems.delete(path);
    for (const event of events) {
      if (event.kind === "ancestorUnknown") {
        const { reason: why } = event;
        if (why !== "missing") this.#set({ merged: { atMs: this.clock.now().getTime(), why } });
        continue;
      }
      if (passing.has(event.kind)) continue;
      this.#problems.set(event.path, {
        path: event.path,
        kind: event.kind,
        ...("side" in event ? { side: event.side } : {}),
        ...(event.kind === "held" ? { detail: event.reason } : {}),
      });
    }
  }

  /** Records both sides as they are known now: only the scope's changes, if there is a scope. */
  sides(
    { local, remote }: { local: Snapshot; remote: Snapshot },
    { alike, scope }: { alike: boolean; scope: ReadonlySet<string> | undefined },
  ): void {
    const conflicts = new Set(this.#state.conflicts.filter((path) => scope?.has(path) === false));
    for (
      const paths of scope === undefined ? [local.entries.keys(), remote.entries.keys()] : [scope]
    ) {
      for (const path of paths) {
        if (!conflictName.isOne(path) || conflicts.size >= retained.conflicts) continue;
        if (local.entries.has(path) || remote.entries.has(path)) conflicts.add(path);
      }
    }
    const problems = [...this.#problems.values()];
    const alikeSinceMs = alike ? this.clock.now().getTime() : this.#state.alikeSinceMs;
    this.#set({
      entries: { local: local.entries.size, remote: remote.entries.size },
      conflicts: [...conflicts].sort(),
      problems: problems.slice(0, retained.problems),
      problemCount: problems.length,
      alikeSinceMs,
    });
  }
}

function bytesOf(action: SyncAction): number {
  return action.kind === "put" && action.entry.kind === "file" ? action.entry.size : 0;
}
