/** A workflow with steps on this process's terminal, from its first event to the exit code. */
import {
  type Confirm,
  planSteps,
  type StepsEvent,
  type StepsOptions,
} from "../../../actions/workflow/run_steps.ts";
import type { Host } from "../../../actions/host.ts";
import type { Clock } from "../../../base/clock.ts";
import { printable } from "../../../terminal/printable.ts";
import type { Invocation } from "../../invocation.ts";
import { interruptible } from "../../driver/interruptible.ts";
import { jsonDocument, styleOf } from "../../output.ts";
import { speak } from "../../program.ts";
import { confirmOn } from "../exec/confirm.ts";
import { Screen } from "../../driver/screen.ts";
import { askTrust } from "../workflow/trust/ask.ts";
import { StepsPainter, type StepsView } from "./painter.ts";
import { askOn } from "./questions.ts";
import { StepsProgress } from "./steps_progress.ts";

/** 128 + SIGINT: stopped by the person or a signal. */
const interrupted = 130;

/** The terminal functions that a start is given. */
export interface StepsExtras {
  signal: AbortSignal;
  finallySignal: AbortSignal;
  ask?: ReturnType<typeof askOn> & object;
  askTrust?: ReturnType<typeof askTrust> & object;
  confirm: Confirm;
}

/**
 * Shows the run that `start` starts. The first Ctrl-C cancels the steps, and those of `finally` follow; the next one
 * ends them too.
 */
export async function showSteps(
  start: (extras: StepsExtras) => AsyncIterable<StepsEvent>,
  { invocation, clock, view }: {
    invocation: Invocation;
    clock: Clock;
    view: Pick<StepsView, "format" | "quiet"> & { confirmAbove: number | undefined };
  },
): Promise<number> {
  const { terminal, signals, environment, program } = invocation;
  const [main, last] = [new AbortController(), new AbortController()];
  using _listening = signals.listen((signal) => {
    const reason = new DOMException(`stopped by ${signal}`, "AbortError");
    if (main.signal.aborted) last.abort(reason);
    main.abort(reason);
  });
  const painter = new StepsPainter({
    ...view,
    style: {
      stdout: styleOf(terminal.stdout, environment),
      stderr: styleOf(terminal.stderr, environment),
    },
    rerunLine: (id, flags) => speak(program, `kodama runs rerun ${id} ${flags}`.trim()),
  });
  const progress = new StepsProgress(clock);
  const shown = terminal.stdout.isTerminal && terminal.stderr.isTerminal;
  const statusLine = shown && view.format === "text" && !view.quiet &&
    environment("TERM") !== "dumb";
  using screen = new Screen({ terminal, clock, statusLine, interactive: false });
  const ask = askOn(terminal);
  // A question and its answer have the terminal to themselves, without the status line.
  const alone = async <T>(asking: () => Promise<T>): Promise<T> => {
    await screen.flush();
    try {
      return await asking();
    } finally {
      if (progress.hasBegun) screen.begin(progress);
    }
  };
  const confirm = confirmOn(terminal, {
    above: view.confirmAbove,
    stdin: false,
    listing: "--plan",
    signal: main.signal,
  });
  const trusting = askTrust(terminal, { signal: main.signal });
  let exitCode = 1;
  const events = start({
    signal: main.signal,
    finallySignal: last.signal,
    ...(ask === undefined ? {} : { ask: (question, signal) => alone(() => ask(question, signal)) }),
    confirm: { ...confirm, ask: (question) => alone(() => confirm.ask(question)) },
    ...(trusting === undefined ? {} : { askTrust: trusting }),
  });
  for await (const event of events) {
    if (event.kind === "workflowStarted") screen.begin(progress);
    progress.follow(event);
    if (event.kind === "workflowEnded") {
      exitCode = event.exitCode;
      await screen.flush();
    }
    await screen.write(
      painter.paint(event).map(({ stream, text }) => ({ stream, data: [text] })),
    );
  }
  await screen.flush();
  return main.signal.aborted ? interrupted : exitCode;
}

/** Shows what a run would do. */
export async function showPlan(
  host: Host,
  options: Omit<StepsOptions, "signal">,
  { invocation, json }: { invocation: Invocation; json: boolean },
): Promise<number> {
  const { terminal, signals } = invocation;
  const plan = await interruptible(
    signals,
    (signal) => planSteps(host, { ...options, signal }),
  );
  if (json) {
    await terminal.stdout.write(jsonDocument(plan));
    return 0;
  }
  const { planLines } = await import("./plan_text.ts");
  await terminal.stdout.write(planLines(plan).map((line) => `${printable(line)}\n`).join(""));
  return 0;
}
