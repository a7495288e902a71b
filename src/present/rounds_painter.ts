/** Formats the rounds of a watched command: the first as any run, then what has changed. */
import type { ExecEvent } from "../actions/exec/events.ts";
import {
  hasChanged,
  type Round,
  type RoundFailure,
  type WatchRunEvent,
} from "../actions/exec/watch.ts";
import { plural } from "../base/plural.ts";
import type { Milestone, Painter, Progress } from "../terminal/driver/drive.ts";
import { messagePiece } from "../terminal/printable.ts";
import type { Style } from "../terminal/style.ts";
import type { Piece } from "../terminal/terminal.ts";
import { jsonLine } from "./json.ts";
import { changeLines, changesData } from "./run_diff.ts";
import { failedContextText } from "./run_notes.ts";
import { runMilestone } from "./run_progress.ts";
import { timeOfDay, WatchProgress } from "./watch_progress.ts";

/** Display options of a watch. */
export interface RoundsPainterOptions {
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
