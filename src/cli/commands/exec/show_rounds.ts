/** A watched run on this process's terminal: `--watch`. */
import type { ExecEvent, ExecOptions } from "../../../actions/exec/events.ts";
import { roundConfirmation, type RoundTimes, type WatchEvent } from "../../../actions/rounds.ts";
import { watchRun } from "../../../actions/exec/watch.ts";
import type { Clock } from "../../../base/clock.ts";
import { RoundsPainter, watchMilestone, WatchProgress } from "../../../present/rounds_painter.ts";
import { nothingRan, RunProgress } from "../../../present/run_progress.ts";
import {
  drive,
  type DriveOptions,
  type Painter,
  type Progress,
  type TerminalLease,
} from "../../../terminal/driver/drive.ts";
import type { ColorChoice } from "../../../terminal/style.ts";
import type { Invocation } from "../../invocation.ts";
import { drawsStatus, styleOf } from "../../output.ts";
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
  return await showWatch(
    (times) => {
      const { confirm } = confirmOption(invocation.terminal, view.confirm, {
        stdin: false,
        listing: "--list",
        signal: times.signal,
      });
      const rounds = confirm && roundConfirmation(confirm);
      return watchRun({
        ...times,
        // The answer holds for its pods in all rounds.
        start: ({ isFirst, observe }) =>
          start({
            signal: times.signal,
            observe,
            ...(rounds === undefined ? {} : { confirm: isFirst ? rounds.first : rounds.later }),
            ...(isFirst ? {} : { unrecorded: true, outputMode: "none" }),
          }),
      });
    },
    {
      ...{ invocation, clock, everyMs, painter },
      format: view.format === "text" ? "text" : "jsonl",
      color: view.color,
      progress: new WatchProgress(new RunProgress(), everyMs),
      statusLine: !view.raw && !view.quiet && view.progress === "auto",
      incomplete: nothingRan,
    },
  );
}

/** How a watch is shown. */
interface ShownWatch<E> extends Pick<DriveOptions<WatchEvent<E>>, "incomplete" | "cleansUp"> {
  invocation: Invocation;
  clock: Clock;
  everyMs: number;
  /** Paints the first round. */
  painter: Painter<E>;
  format: "text" | "jsonl";
  color?: ColorChoice;
  progress: Progress<WatchEvent<E>>;
  /** Show the status line, on a terminal that can. */
  statusLine: boolean;
}

/** Shows the rounds of a watch of commands or workflows; returns the exit code of the last one. */
export async function showWatch<E extends { kind: string } | { event: string }>(
  start: (times: RoundTimes, lease: TerminalLease) => AsyncIterable<WatchEvent<E>>,
  { invocation, clock, everyMs, painter, format, color, statusLine, ...options }: ShownWatch<E>,
): Promise<number> {
  const { terminal, signals, environment } = invocation;
  return await drive<WatchEvent<E>>(
    (lease) => start({ intervalMs: everyMs, clock, signal: lease.signal }, lease),
    {
      ...options,
      ...{ terminal, signals, clock },
      painter: new RoundsPainter({
        run: painter,
        format,
        style: styleOf(terminal.stdout, environment, color),
      }),
      milestone: watchMilestone,
      statusLine: statusLine && drawsStatus(invocation),
      endsBySignal: true,
    },
  );
}
