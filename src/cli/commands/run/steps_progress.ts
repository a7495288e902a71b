/** The progress of a workflow, followed from its events, for the status line. */
import type { StepsEvent } from "../../../actions/workflow/run_steps.ts";
import type { Clock } from "../../../base/clock.ts";
import { formatDuration } from "../../../base/duration.ts";
import { printable } from "../../../terminal/printable.ts";
import type { Progress } from "../../../present/run_progress.ts";

/** A running step. */
interface Running {
  beganMs: number;
  /** Number of its targets; 0 if it has none, or they aren't known yet. */
  total: number;
  ended: number;
  bad: number;
}

/** Steps shown before "and 7 more". */
const stepsShown = 3;

/** Follows the events. */
export class StepsProgress implements Progress {
  readonly names: readonly string[] = [];
  readonly running: ReadonlySet<number> = new Set();
  readonly ended: Progress["ended"] = new Map();
  readonly detail = "";
  readonly #steps = new Map<string, Running>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A step is running: before, questions may be asked that belong to no step. */
  get hasBegun(): boolean {
    return this.#steps.size > 0;
  }

  /** Handles the next event of the run. */
  follow(event: StepsEvent): void {
    switch (event.kind) {
      case "stepStarted":
        this.#steps.set(event.step, {
          beganMs: this.#clock.elapsedMs(),
          total: 0,
          ended: 0,
          bad: 0,
        });
        break;
      case "stepTargets": {
        const step = this.#steps.get(event.step);
        if (step === undefined) break;
        // On a further attempt, earlier successes aren't reported again.
        step.ended -= step.bad;
        step.bad = 0;
        step.total = event.names.length;
        break;
      }
      case "stepTargetEnded": {
        const step = this.#steps.get(event.step);
        if (step === undefined) break;
        step.ended += 1;
        if (event.end.outcome.kind !== "ok") step.bad += 1;
        break;
      }
      case "stepEnded":
        this.#steps.delete(event.step);
    }
  }

  /** `copy: 2 of 40 done, 1 not ok, 12s`; of nested steps the innermost. */
  get told(): string {
    const keys = [...this.#steps.keys()];
    const innermost = keys.filter((key) =>
      !keys.some((other) => other.startsWith(`${key}/`) || other.startsWith(`${key}[`))
    );
    const shown = innermost.slice(0, stepsShown).map((key) => this.#text(key));
    const more = innermost.length - shown.length;
    return `${shown.join("; ")}${more > 0 ? ` and ${more} more` : ""}`;
  }

  #text(key: string): string {
    const { beganMs, total, ended, bad } = this.#steps.get(key) as Running;
    const elapsedMs = Math.floor((this.#clock.elapsedMs() - beganMs) / 1000) * 1000;
    const parts = [
      ...(total > 1 ? [`${ended} of ${total} done`] : []),
      ...(bad > 0 ? [`${bad} not ok`] : []),
      formatDuration(Math.max(1000, elapsedMs)),
    ];
    return `${printable(key)}: ${parts.join(", ")}`;
  }
}
