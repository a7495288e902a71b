/** A workflow with steps on this process's terminal, from its first event to the exit code. */
import {
  type Again,
  type Ask,
  type Confirm,
  planSteps,
  type Question,
  type StepsEvent,
  type StepsOptions,
} from "../../../actions/workflow/run_steps.ts";
import type { Host } from "../../../actions/host.ts";
import type { Clock } from "../../../base/clock.ts";
import { printable } from "../../../terminal/printable.ts";
import type { Invocation } from "../../invocation.ts";
import { drive, type Milestone, type TerminalLease } from "../../../terminal/driver/drive.ts";
import { interruptible } from "../../../terminal/driver/signals.ts";
import { drawsStatus, styleOf } from "../../output.ts";
import { jsonDocument } from "../../../present/json.ts";
import { speak } from "../../program.ts";
import { confirmOn } from "../exec/confirm.ts";
import { askTrust } from "../workflow/ask_trust.ts";
import {
  planLines,
  StepsPainter,
  StepsProgress,
  type StepsView,
} from "../../../present/steps_painter.ts";
import { canAsk, isYes } from "../../ask_yes.ts";
import type { ChoiceOn } from "./pick_choices.ts";

/** The terminal functions that a start is given. */
export interface StepsExtras {
  signal: AbortSignal;
  finallySignal: AbortSignal;
  ask?: ReturnType<typeof askOn> & object;
  askTrust?: ReturnType<typeof askTrust> & object;
  confirm: Confirm;
}

/**
 * Shows the run that `start` starts. A first Ctrl-C shows its state, a second one cancels the steps, and those of
 * `finally` follow; two more end them too.
 */
export async function showSteps(
  start: (extras: StepsExtras) => AsyncIterable<StepsEvent>,
  { invocation, clock, view }: {
    invocation: Invocation;
    clock: Clock;
    view: ShownSteps & { confirmAbove: number | undefined };
  },
): Promise<number> {
  const { terminal, signals } = invocation;
  return await drive<StepsEvent>(
    ({ signal, cleanupSignal, alone }) =>
      start({
        ...extrasOn(invocation, { clock, above: view.confirmAbove, signal, alone }),
        signal,
        finallySignal: cleanupSignal,
      }),
    {
      terminal,
      signals,
      clock,
      painter: stepsPainter(invocation, view),
      milestone: stepsMilestone,
      progress: new StepsProgress(clock),
      statusLine: view.format === "text" && !view.quiet && drawsStatus(invocation),
      confirmsInterrupt: true,
      cleansUp: true,
      whenClosed: "finish",
    },
  );
}

/** How steps are shown. */
type ShownSteps =
  & Pick<StepsView, "format" | "quiet">
  /** The command that resumes the run; that of this machine's records if absent. */
  & Partial<Pick<StepsView, "rerunLine">>;

function stepsPainter(
  { terminal, environment, program }: Invocation,
  view: ShownSteps,
): StepsPainter {
  return new StepsPainter({
    style: {
      stdout: styleOf(terminal.stdout, environment),
      stderr: styleOf(terminal.stderr, environment),
    },
    rerunLine: (id, again) => speak(program, `kodama runs rerun ${id} ${againFlags(again)}`.trim()),
    ...view,
  });
}

/** Returns the questions of a run, each asked on a terminal without the status line. */
function extrasOn(
  { terminal, environment }: Invocation,
  { clock, above, signal, alone }: {
    clock: Clock;
    above: number | undefined;
    signal: AbortSignal;
    alone: TerminalLease["alone"];
  },
): Pick<StepsExtras, "ask" | "askTrust" | "confirm"> {
  const ask = askOn({ terminal, environment, clock });
  const confirm = confirmOn(terminal, { above, stdin: false, listing: "--plan", signal });
  const trusting = askTrust(terminal, { signal });
  return {
    ...(ask && { ask: (question, aborted) => alone(() => ask(question, aborted)) }),
    confirm: { ...confirm, ask: (question) => alone(() => confirm.ask(question)) },
    ...(trusting && { askTrust: trusting }),
  };
}

function stepsMilestone(event: StepsEvent): Milestone | undefined {
  if (event.event === "runStarted") return { kind: "started" };
  return event.event === "runEnded" ? { kind: "ended", exitCode: event.exitCode } : undefined;
}

/** Returns the flags that resume a run; without any it repeats all of it. */
function againFlags(again: Again): string {
  switch (again.kind) {
    case "all":
      return "";
    case "from":
      return `--from ${again.step ?? ""}`;
    default:
      return `--${again.kind}`;
  }
}

/** Shows the rounds of the run that `start` starts; returns the exit code of the last one. */
export async function showStepRounds(
  host: Host,
  start: (extras: StepsExtras & { isFirst: boolean }) => AsyncIterable<StepsEvent>,
  { invocation, view, everyMs }: {
    invocation: Invocation;
    view: Pick<StepsView, "format" | "quiet"> & { confirmAbove: number | undefined };
    everyMs: number;
  },
): Promise<number> {
  const { clock } = host;
  const [{ askedOnce, watchSteps }, { roundConfirmation }, { WatchProgress }, { showWatch }] =
    await Promise.all([
      import("../../../actions/workflow/watch_steps.ts"),
      import("../../../actions/rounds.ts"),
      import("../../../present/rounds_painter.ts"),
      import("../exec/show_rounds.ts"),
    ]);
  return await showWatch<StepsEvent>(
    (times, { signal, cleanupSignal, alone }) => {
      const extras = extrasOn(invocation, { clock, above: view.confirmAbove, signal, alone });
      const ask = extras.ask && askedOnce(extras.ask);
      const confirmation = roundConfirmation(extras.confirm);
      return watchSteps(host, {
        ...times,
        start: ({ isFirst }) =>
          start({
            ...extras,
            ...(ask && { ask }),
            confirm: isFirst ? confirmation.first : confirmation.later,
            isFirst,
            signal,
            finallySignal: cleanupSignal,
          }),
      });
    },
    {
      ...{ invocation, clock, everyMs },
      painter: stepsPainter(invocation, view),
      format: view.format === "text" ? "text" : "jsonl",
      progress: new WatchProgress(new StepsProgress(clock), everyMs, { reports: true }),
      statusLine: view.format === "text" && !view.quiet,
      cleansUp: true,
    },
  );
}

/** Shows what a run would do. */
export async function showPlan(
  host: Host,
  options: Omit<StepsOptions, "signal">,
  { invocation, json }: { invocation: Invocation; json: boolean },
): Promise<number> {
  const { terminal, signals } = invocation;
  const plan = await interruptible(signals, (signal) => planSteps(host, { ...options, signal }));
  if (json) {
    await terminal.stdout.write(jsonDocument(plan));
    return 0;
  }
  await terminal.stdout.write(planLines(plan).map((line) => `${printable(line)}\n`).join(""));
  return 0;
}

/* Questions of a workflow to the person at the terminal. */

/** Asks one question after the other; undefined if standard input or error isn't a terminal. */
export function askOn(on: ChoiceOn): Ask | undefined {
  if (!canAsk(on.terminal)) return undefined;
  let turn: Promise<unknown> = Promise.resolve();
  return (question, signal) => {
    const answer = turn.then(() => ask(on, question, signal));
    // Parallel steps may ask at the same time.
    turn = answer.catch(() => {});
    return answer;
  };
}

async function ask(
  on: ChoiceOn,
  question: Question,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { terminal } = on;
  if (question.indexed !== undefined) {
    const { canPick, pickChoices } = await import("./pick_choices.ts");
    if (canPick(on)) {
      await terminal.stderr.write(`${printable(question.text)}\n`);
      const multi = question.indexed === "many";
      return (await pickChoices({ texts: question.choices, multi }, on, signal)).join(",");
    }
  }
  for (;;) {
    const text = `${printable(question.text)}${endOf(question)} `;
    const read = question.secret ? typedSecret : typedLine;
    const line = await read(on, text, signal);
    if (line === undefined) return undefined;
    const { choices, free, indexed } = question;
    if (indexed !== undefined) {
      const picked = pickedIndexes(line, choices);
      const isOne = indexed === "many" || picked !== undefined && picked.length <= 1;
      if (picked !== undefined && isOne) return picked.join(",");
      const wanted = indexed === "many"
        ? "numbers or names, with commas between them"
        : "one of them";
      await terminal.stderr.write(`it must be ${wanted}\n`);
      continue;
    }
    if (free) return line;
    if (choices.length === 0) return isYes(line) ? "yes" : "no";
    const chosen = choices.find((one) => one === line.trim());
    if (chosen !== undefined) return chosen;
    await terminal.stderr.write(`it must be one of ${printable(choices.join(", "))}\n`);
  }
}

/** Returns the indexes of what was entered: numbers from 1, names, or `all`; undefined if one doesn't exist. */
export function pickedIndexes(line: string, choices: readonly string[]): number[] | undefined {
  if (line.trim() === "all") return choices.map((_choice, index) => index);
  const parts = line.split(",").map((part) => part.trim()).filter((part) => part !== "");
  const indexes = parts.map((part) => {
    const byName = choices.indexOf(part);
    return byName < 0 && /^\d+$/.test(part) ? Number(part) - 1 : byName;
  });
  const isKnown = indexes.every((index) => index >= 0 && index < choices.length);
  return isKnown ? [...new Set(indexes)].toSorted((a, b) => a - b) : undefined;
}

function endOf({ choices, free, indexed }: Question): string {
  if (indexed !== undefined) {
    const lines = choices.map((choice, index) => `  ${index + 1}  ${printable(choice)}\n`);
    const end = indexed === "many" ? "numbers or names, as in 1,3, or all:" : "a number or a name:";
    return `\n${lines.join("")}${end}`;
  }
  if (free) return "";
  return choices.length === 0 ? " [y/N]" : ` (${printable(choices.join(", "))})`;
}

async function typedSecret(
  { terminal, clock }: ChoiceOn,
  question: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { readSecret } = await import("../../read_secret.ts");
  const end = await readSecret(terminal, question, { clock, signal });
  return end.kind === "typed" ? end.text : undefined;
}

/** Reads a line from the terminal, which edits it. */
async function typedLine(
  { terminal }: ChoiceOn,
  question: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  await terminal.stderr.write(question);
  await terminal.stderr.flush();
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of terminal.stdin.chunks(signal)) {
    text += decoder.decode(chunk, { stream: true });
    const [line, ...others] = text.split(/\r?\n|\r/);
    if (others.length > 0) return line;
  }
  // At the end of input the question's line has no line feed.
  if (!signal.aborted) await terminal.stderr.write("\n");
  return undefined;
}

/* The progress of a workflow, followed from its events, for the status line. */
