/** Formats the rounds of a watched workflow with steps: the first as any run, then what has changed. */
import type { StepsEvent } from "../actions/workflow/run_steps.ts";
import type { StepsRound, StepsWatchEvent } from "../actions/workflow/watch_steps.ts";
import type { Painter, Progress } from "../terminal/driver/drive.ts";
import { messagePiece, printable } from "../terminal/printable.ts";
import type { Style } from "../terminal/style.ts";
import type { Piece } from "../terminal/terminal.ts";
import { jsonLine } from "./json.ts";
import { runDiffData, stepDiffLines } from "./run_diff.ts";
import { timeOfDay, WatchProgress } from "./watch_progress.ts";

/** Display options of a watch. */
export interface StepsRoundsOptions {
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
