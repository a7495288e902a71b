/** A watched run on this process's terminal: `--watch`. */
import type { ExecEvent, ExecOptions } from "../../../actions/exec/events.ts";
import { watchRun, type WatchRunEvent } from "../../../actions/exec/watch.ts";
import type { Clock } from "../../../base/clock.ts";
import { RoundsPainter, watchMilestone, watchProgress } from "../../../present/rounds_painter.ts";
import { nothingRan, RunProgress } from "../../../present/run_progress.ts";
import { drive, type Painter } from "../../../terminal/driver/drive.ts";
import type { Invocation } from "../../invocation.ts";
import { styleOf } from "../../output.ts";
import { confirmOption } from "./confirm.ts";
import type { RunView } from "./options.ts";

/** What the terminal adds to the options of a round. */
export type RoundExtras = Pick<
  ExecOptions,
  "signal" | "confirm" | "observe" | "unrecorded" | "outputMode"
>;

/** Shows the rounds of the run that `start` starts; returns the exit code of the last one. */
export async function showRounds(
  start: (extras: RoundExtras) => AsyncIterable<ExecEvent>,
  { invocation, clock, view, painter, everyMs }: {
    invocation: Invocation;
    clock: Clock;
    view: RunView;
    /** Paints the first round. */
    painter: Painter<ExecEvent>;
    everyMs: number;
  },
): Promise<number> {
  const { terminal, signals, environment } = invocation;
  const shown = terminal.stdout.isTerminal && terminal.stderr.isTerminal;
  return await drive<WatchRunEvent>(
    ({ signal }) => {
      const confirm = confirmOption(terminal, view.confirm, {
        stdin: false,
        listing: "--list",
        signal,
      });
      return watchRun({
        intervalMs: everyMs,
        clock,
        signal,
        // The answer holds for all rounds.
        start: ({ isFirst, observe }) =>
          start({
            signal,
            observe,
            ...(isFirst ? confirm : { unrecorded: true, outputMode: "none" }),
          }),
      });
    },
    {
      terminal,
      signals,
      clock,
      painter: new RoundsPainter({
        run: painter,
        format: view.format === "text" ? "text" : "jsonl",
        style: styleOf(terminal.stdout, environment, view.color),
      }),
      milestone: watchMilestone,
      incomplete: nothingRan,
      progress: watchProgress(new RunProgress(), everyMs),
      statusLine: shown && !view.raw && !view.quiet && view.progress === "auto" &&
        environment("TERM") !== "dumb",
      endsBySignal: true,
    },
  );
}
