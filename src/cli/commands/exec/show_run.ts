/** A run on this process's terminal: provides the terminal that it needs, and shows its events. */
import type { ExecEvent, ExecOptions } from "../../../actions/exec/events.ts";
import type { Clock } from "../../../base/clock.ts";
import type { Hint } from "../../../base/hint.ts";
import type { Invocation } from "../../invocation.ts";
import { drawsStatus, endsOnTerminal, styleOf } from "../../output.ts";
import { speak } from "../../program.ts";
import { confirmOption } from "./confirm.ts";
import { drive, type Painter, type TerminalLease } from "../../../terminal/driver/drive.ts";
import { commandAdvice } from "../../../present/command_advice.ts";
import { nothingRan, runMilestone, RunProgress } from "../../../present/run_progress.ts";
import type { RunView } from "./options.ts";
import type { RoundExtras } from "./show_rounds.ts";
import { EventLines, RunPainter } from "../../../present/run_painter.ts";

/** What the terminal adds to the options of a run. */
export type RunExtras = RoundExtras & Pick<ExecOptions, "stdin" | "terminal">;

/** Shows the run that `start` starts; returns the exit code of the process. */
export async function showRun(
  start: (extras: RunExtras) => AsyncIterable<ExecEvent>,
  options: { invocation: Invocation; clock: Clock; view: RunView; command?: readonly string[] },
): Promise<number> {
  const advice = commandAdvice(options.command ?? []);
  if (options.view.watchMs !== undefined) {
    const { showRounds } = await import("./show_rounds.ts");
    const painter = painterOf(options.invocation, options.view, advice);
    return await showRounds(start, { ...options, painter, everyMs: options.view.watchMs });
  }
  const { invocation: { terminal, signals }, clock, view } = options;
  const interactive = view.tty && terminal.stdin.isTerminal;
  if (view.tty && !interactive) {
    // As kubectl: this message, and the command runs without a terminal.
    await terminal.stderr.write("Unable to use a TTY: standard input is not a terminal\n");
  }
  const painter = painterOf(options.invocation, view, advice);
  return await drive<ExecEvent>(
    (lease) => {
      const { signal } = lease;
      const events = start({
        signal,
        ...(view.stdin ? { stdin: terminal.stdin.chunks(signal) } : {}),
        ...confirmOption(terminal, view.confirm, { stdin: view.stdin, listing: "--list", signal }),
        ...(interactive ? { terminal: terminalOf(options.invocation, lease) } : {}),
      });
      return interactive ? cookedAfterTarget(events, lease) : events;
    },
    {
      terminal,
      signals,
      clock,
      painter,
      milestone: runMilestone,
      incomplete: nothingRan,
      progress: new RunProgress(),
      confirmsInterrupt: true,
      interactive,
      statusLine: !interactive && !view.single && !view.raw && !view.quiet &&
        view.progress === "auto" && drawsStatus(options.invocation),
    },
  );
}

/** The output of a run: text or data on standard output, messages or events on standard error. */
function painterOf(
  { terminal, environment, program }: Invocation,
  view: RunView,
  unknownProgram: Hint | undefined,
): Painter<ExecEvent> {
  const text = new RunPainter({
    terminal: {
      stdout: endsOnTerminal(terminal.stdout, view.color),
      stderr: endsOnTerminal(terminal.stderr, view.color),
    },
    style: {
      stdout: styleOf(terminal.stdout, environment, view.color),
      stderr: styleOf(terminal.stderr, environment, view.color),
    },
    quiet: view.quiet,
    single: view.single,
    format: view.format === "events" ? "jsonl" : view.format,
    rerunLine: (id) => speak(program, `kodama runs rerun ${id} --failed`),
    unknownProgram,
  });
  const events = view.format === "events"
    ? new EventLines({ stream: "stdout", output: true })
    : undefined;
  const progress = view.progress === "json"
    ? new EventLines({ stream: "stderr", output: false })
    : undefined;
  if (events === undefined && progress === undefined) return text;
  return {
    ...(progress === undefined ? { collected: text.collected } : {}),
    paint(event) {
      // A line is printed either as an event or as text. With `--progress json` standard error has no messages.
      const words = events !== undefined && event.kind === "line" ? [] : text.paint(event);
      return [
        ...words.filter(({ stream }) => stream === "stdout" || progress === undefined),
        ...events?.paint(event) ?? [],
        ...progress?.paint(event) ?? [],
      ];
    },
  };
}

function terminalOf(
  { terminal }: Invocation,
  { signal, raw }: TerminalLease,
): NonNullable<ExecOptions["terminal"]> {
  return { sizes: terminal.sizes(signal), onStarted: raw };
}

/** The interactive target has the terminal until it ends. */
async function* cookedAfterTarget(
  events: AsyncIterable<ExecEvent>,
  lease: TerminalLease,
): AsyncGenerator<ExecEvent> {
  for await (const event of events) {
    if (event.kind === "targetEnded") await lease.cooked();
    yield event;
  }
}
