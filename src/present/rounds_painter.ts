/** Formats the rounds of a watched command or workflow: the first as any run, then the changes. */
import type { ExecEvent } from "../actions/exec/events.ts";
import {
  hasChanged,
  type Round,
  type RoundFailure,
  type WatchRunEvent,
} from "../actions/exec/watch.ts";
import { plural } from "../base/plural.ts";
import type { Milestone, Painter, Progress } from "../terminal/driver/drive.ts";
import { messagePiece, printable } from "../terminal/printable.ts";
import type { Style } from "../terminal/style.ts";
import type { Piece } from "../terminal/terminal.ts";
import { jsonLine } from "./json.ts";
import { changeLines, changesData, runDiffData, stepDiffLines } from "./run_diff.ts";
import { failedContextText } from "./run_notes.ts";
import { runMilestone } from "./run_progress.ts";
import { formatDuration } from "../base/duration.ts";
import type { StepsEvent } from "../actions/workflow/run_steps.ts";
import type { StepsRound, StepsWatchEvent } from "../actions/workflow/watch_steps.ts";

/** Display options of a watch. */
interface RoundsPainterOptions {
  /** Paints the first round. */
  run: Painter<ExecEvent>;
  format: "text" | "jsonl";
  style: Style;
}

/** Formats the events of one watch. A round without a change is only in the status line. */
export class RoundsPainter implements Painter<WatchRunEvent> {
  readonly collected;
  readonly #options: RoundsPainterOptions;
  /** The failures that were printed last. */
  #failures = "";

  constructor(options: RoundsPainterOptions) {
    this.#options = options;
    const { collected } = options.run;
    this.collected = collected ?? { isEmpty: true, take: () => [] };
  }

  paint(event: WatchRunEvent): readonly Piece[] {
    if (event.kind === "first") return this.#options.run.paint(event.event);
    if (event.kind !== "roundEnded") return [];
    return [...this.#failed(event), ...this.#changed(event)];
  }

  #changed(round: Round): Piece[] {
    const { format, style } = this.#options;
    const { changes } = round;
    const isFirst = round.round === 1;
    if (!isFirst && !hasChanged(changes) && changes.replaced.length === 0) return [];
    if (format === "jsonl") return [{ stream: "stdout", data: [jsonLine(roundData(round))] }];
    // The run itself was shown.
    if (isFirst) return [];
    const time = timeOfDay(round.at);
    const indent = " ".repeat(time.length);
    const lines = changeLines(changes, style, "-o jsonl").map((line, index) =>
      `${index === 0 ? style.bold(time) : indent}  ${line}\n`
    );
    return [{ stream: "stdout", data: lines }];
  }

  /** A failure that lasts is printed once, and its end too. */
  #failed({ round, at, failures }: Round): Piece[] {
    const texts = failures.map(failureText);
    const all = texts.join("\n");
    const before = this.#failures;
    this.#failures = all;
    // Those of the first round are messages of its run.
    if (round === 1 || all === before) return [];
    if (all === "") return [messagePiece(`${timeOfDay(at)}  every context answers again`)];
    return texts.map((text) => messagePiece(`${timeOfDay(at)}  ${text}`));
  }
}

function failureText({ context, error }: RoundFailure): string {
  return context === "" ? error.message : failedContextText({ context, error });
}

/** A round as data; its pods are those of `runs diff -o json`. */
function roundData({ round, at, changes, exitCode }: Round): Record<string, unknown> {
  return { round, at, exitCode, ...changesData(changes) };
}

/** Returns what an event means to the driver. */
export function watchMilestone(event: WatchRunEvent): Milestone | undefined {
  if (event.kind === "watchEnded") return { kind: "ended", exitCode: event.exitCode };
  const milestone = event.kind === "first" ? runMilestone(event.event) : undefined;
  return milestone?.kind === "started" ? milestone : undefined;
}

/** Returns the status line of a watch. @param run the progress of the first round. */
export function watchProgress(
  run: Progress<ExecEvent>,
  everyMs: number,
): Progress<WatchRunEvent> {
  return new WatchProgress<ExecEvent, Round>({
    run,
    everyMs,
    isChanged: ({ changes }) => hasChanged(changes),
    detail: ({ failures, targets }) =>
      `, ${failures.length > 0 && targets === 0 ? "no answer" : plural(targets, "pod")}`,
  });
}

/* Workflows with steps. */

/** Display options of a watch. */
interface StepsRoundsOptions {
  /** Paints the first round. */
  run: Painter<StepsEvent>;
  format: "text" | "jsonl";
  style: Style;
}

/** Formats the events of one watch. A round without a change is only in the status line. */
export class StepsRoundsPainter implements Painter<StepsWatchEvent> {
  readonly #options: StepsRoundsOptions;
  /** The error that was printed last. */
  #error = "";

  constructor(options: StepsRoundsOptions) {
    this.#options = options;
  }

  paint(event: StepsWatchEvent): readonly Piece[] {
    const { run, format } = this.#options;
    if (event.kind === "first") return run.paint(event.event);
    if (event.kind !== "roundEnded" || event.round === 1) return [];
    const { round, at, exitCode, diff } = event;
    const failed = this.#failed(event);
    if (diff?.isDifferent !== true) return failed;
    if (format === "jsonl") {
      const data = jsonLine({ round, at, exitCode, ...runDiffData(diff) });
      return [...failed, { stream: "stdout", data: [data] }];
    }
    const { style } = this.#options;
    const time = timeOfDay(at);
    const lines = stepDiffLines(diff, style, "-o jsonl").map((line, index) =>
      `${index === 0 ? style.bold(time) : " ".repeat(time.length)}  ${line}\n`
    );
    return [...failed, { stream: "stdout", data: lines }];
  }

  /** An error that lasts is printed once, and its end too. */
  #failed({ at, error }: StepsRound): Piece[] {
    const text = error?.message ?? "";
    const before = this.#error;
    this.#error = text;
    if (text === before) return [];
    return [messagePiece(`${timeOfDay(at)}  ${text === "" ? "it runs again" : printable(text)}`)];
  }
}

/** Returns the status line of a watch. @param run the progress of the first round. */
export function stepsWatchProgress(
  run: Progress<StepsEvent>,
  everyMs: number,
): Progress<StepsWatchEvent> {
  return new WatchProgress<StepsEvent, StepsRound>({
    run,
    everyMs,
    isChanged: ({ diff }) => diff?.isDifferent === true,
  });
}

/* The status line of a watch, whatever it repeats. */

/** A round that has ended. */
interface WatchedRound {
  kind: "roundEnded";
  /** From 1. */
  round: number;
  at: Date;
}

/** What a watch reports. */
type WatchedEvent<E, R extends WatchedRound> =
  | { kind: "first"; event: E }
  | { kind: "roundStarted" }
  | R
  | { kind: "watchEnded" };

/** What differs between watches. */
interface WatchProgressOptions<E, R> {
  /** The progress of the first round. */
  run: Progress<E>;
  everyMs: number;
  isChanged: (round: R) => boolean;
  /** Added to the round's number: `, 12 pods`. */
  detail?: (round: R) => string;
}

/** Shows the first round's own progress, then when the last round was and the last change. */
class WatchProgress<E, R extends WatchedRound> implements Progress<WatchedEvent<E, R>> {
  readonly #options: WatchProgressOptions<E, R>;
  #last: R | undefined;
  #changedAt: Date | undefined;
  #isRunning = true;

  constructor(options: WatchProgressOptions<E, R>) {
    this.#options = options;
  }

  follow(event: WatchedEvent<E, R>): void {
    if (event.kind === "first") this.#options.run.follow(event.event);
    if (event.kind === "roundStarted") this.#isRunning = true;
    if (event.kind !== "roundEnded") return;
    this.#isRunning = false;
    this.#last = event;
    if (this.#changedAt === undefined || this.#options.isChanged(event)) this.#changedAt = event.at;
  }

  /** `12:05:10  round 7, 12 pods, no change since 12:03:50; every 10s, Ctrl-C ends`. */
  statusLine(elapsedMs: number, rows: number): string {
    const { run, everyMs, detail = () => "" } = this.#options;
    const [last, changedAt] = [this.#last, this.#changedAt];
    if (last === undefined || changedAt === undefined) return run.statusLine(elapsedMs, rows);
    const state = this.#isRunning
      ? `round ${last.round + 1} is running`
      : `every ${formatDuration(everyMs)}, Ctrl-C ends`;
    return `${timeOfDay(last.at)}  round ${last.round}${detail(last)}, ` +
      `no change since ${timeOfDay(changedAt)}; ${state}`;
  }
}

/** `12:04:10`, in the time zone of this machine. */
function timeOfDay(at: Date): string {
  return [at.getHours(), at.getMinutes(), at.getSeconds()]
    .map((number) => String(number).padStart(2, "0")).join(":");
}
