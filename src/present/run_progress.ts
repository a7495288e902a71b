/** The state of every target of a run, followed from its events. */
import type { CopyEvent } from "../actions/copy/events.ts";
import { type ExecEvent, type OutcomeKind, outcomeName } from "../actions/exec/events.ts";
import { formatDuration } from "../base/duration.ts";
import { KodamaError } from "../base/errors.ts";
import type { Milestone, Progress } from "../terminal/driver/drive.ts";

/** What is reported about targets in progress, whatever the work is. */
export type TargetsEvent = ExecEvent | CopyEvent;

/** Returns what an event means to the driver. */
export function runMilestone(event: TargetsEvent): Milestone | undefined {
  if (event.kind === "runStarted") return { kind: "started" };
  return event.kind === "runEnded" ? { kind: "ended", exitCode: event.exitCode } : undefined;
}

/** Returns the error of a run that ended before it started: a person declined it. */
export function nothingRan(): KodamaError {
  return new KodamaError("declined", "cancelled; nothing was run");
}

/** Names listed before "and 7 more". */
const namesShown = 10;

/** Follows the events. One object, changed in place: runs of thousands of targets report every end. */
export class RunProgress implements Progress<TargetsEvent> {
  #names: readonly string[] = [];
  /** Targets whose command runs, in the order in which they started. */
  readonly #running = new Set<number>();
  /** How many ended, by outcome. */
  readonly #ended = new Map<OutcomeKind, number>();

  follow(event: TargetsEvent): void {
    if (event.kind === "runStarted" || event.kind === "targetsAdded") {
      this.#names = [...this.#names, ...event.names];
    }
    if (event.kind === "targetStarted") this.#running.add(event.target);
    if (event.kind !== "targetEnded") return;
    this.#running.delete(event.target);
    const { kind } = event.outcome;
    this.#ended.set(kind, (this.#ended.get(kind) ?? 0) + 1);
  }

  /** `40 of 50 done, 2 failed, 8 running, 12s: web-0, web-1`. */
  statusLine(elapsedMs: number): string {
    const detail = this.detail();
    const bad = [...this.#ended].filter(([kind]) => kind !== "ok");
    const parts = [
      ...(detail === "" ? [] : [detail]),
      `${this.#endedCount} of ${this.#names.length} done`,
      ...bad.map(([kind, number]) => `${number} ${outcomeName(kind)}`),
      `${this.#running.size} running`,
      formatDuration(Math.max(1000, Math.floor(elapsedMs / 1000) * 1000)),
    ];
    const names = this.#runningNames.slice(0, 20);
    return `${parts.join(", ")}${names.length === 0 ? "" : `: ${names.join(", ")}`}`;
  }

  /** `3 running (web-0, web-1, web-2), 2 waiting, 40 ok, 1 failed`; undefined before there are targets. */
  state(): string | undefined {
    if (this.#names.length === 0) return undefined;
    const running = this.#runningNames;
    const waiting = this.#names.length - running.length - this.#endedCount;
    return [
      ...(running.length === 0 ? [] : [`${running.length} running (${someOf(running)})`]),
      ...(waiting === 0 ? [] : [`${waiting} waiting`]),
      ...[...this.#ended].map(([kind, number]) => `${number} ${outcomeName(kind)}`),
    ].join(", ");
  }

  /** The progress of the work itself, in front of the counts of targets; empty if it isn't known. */
  detail(): string {
    return "";
  }

  get #endedCount(): number {
    return [...this.#ended.values()].reduce((sum, one) => sum + one, 0);
  }

  get #runningNames(): string[] {
    return [...this.#running].map((target) => this.#names[target] ?? `#${target}`);
  }
}

function someOf(names: readonly string[]): string {
  const more = names.length - namesShown;
  const shown = names.slice(0, namesShown).join(", ");
  return more > 0 ? `${shown} and ${more} more` : shown;
}
