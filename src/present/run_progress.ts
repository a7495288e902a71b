/** The state of every target of a run, followed from its events. */
import type { CopyEvent } from "../actions/copy/events.ts";
import { type ExecEvent, type OutcomeKind, outcomeName } from "../actions/exec/events.ts";

/** What is reported about targets in progress, whatever the work is. */
export type DrivenEvent = ExecEvent | CopyEvent;

/** Counts and names at one moment of a run. */
export interface Progress {
  /** Names of all targets, by their index. */
  readonly names: readonly string[];
  /** Targets whose command runs, in the order in which they started. */
  readonly running: ReadonlySet<number>;
  /** How many ended, by outcome. */
  readonly ended: ReadonlyMap<OutcomeKind, number>;
  /** Progress of the work itself, if known; else empty. */
  readonly detail: string;
  /** The status line's text instead of all of it, if the work isn't one command in its targets. */
  readonly told?: string;
}

/** Follows the events. One object, changed in place: runs of thousands of targets report every end. */
export class ProgressTracker implements Progress {
  names: readonly string[] = [];
  readonly running = new Set<number>();
  readonly ended = new Map<OutcomeKind, number>();

  get detail(): string {
    return "";
  }

  /** Handles the next event of the run. */
  follow(event: DrivenEvent): void {
    if (event.kind === "runStarted" || event.kind === "targetsAdded") {
      this.names = [...this.names, ...event.names];
    }
    if (event.kind === "targetStarted") this.running.add(event.target);
    if (event.kind !== "targetEnded") return;
    this.running.delete(event.target);
    const { kind } = event.outcome;
    this.ended.set(kind, (this.ended.get(kind) ?? 0) + 1);
  }
}

/** Names listed before "and 7 more". */
const namesShown = 10;

/** `3 running (web-0, web-1, web-2), 2 waiting, 40 ok, 1 failed`. */
export function progressText(progress: Progress): string {
  const running = [...progress.running].map((target) => progress.names[target] ?? `#${target}`);
  const ended = [...progress.ended.values()].reduce((sum, one) => sum + one, 0);
  const waiting = progress.names.length - running.length - ended;
  const parts = [
    ...(running.length === 0 ? [] : [`${running.length} running (${someOf(running)})`]),
    ...(waiting === 0 ? [] : [`${waiting} waiting`]),
    ...[...progress.ended].map(([kind, number]) => `${number} ${outcomeName(kind)}`),
  ];
  return parts.length === 0 ? "looking for pods" : parts.join(", ");
}

function someOf(names: readonly string[]): string {
  const more = names.length - namesShown;
  const shown = names.slice(0, namesShown).join(", ");
  return more > 0 ? `${shown} and ${more} more` : shown;
}
