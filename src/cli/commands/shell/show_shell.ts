/** A shell on this process's terminal: sends keys, shows its screen, and restores the terminal at the end. */
import type {
  Outcome,
  ShellEnd,
  ShellEvent,
  ShellOptions,
  ShellTerminal,
} from "../../../actions/shell/events.ts";
import { KodamaError } from "../../../base/errors.ts";
import { printable } from "../../../terminal/printable.ts";
import { TerminalModes } from "../../../terminal/terminal_modes.ts";
import type { Terminal } from "../../../terminal/terminal.ts";
import type { EndSignal } from "../../../terminal/driver/signals.ts";
import type { Invocation } from "../../invocation.ts";
import { failedContextText, skippedPodTexts } from "../../../present/run_notes.ts";
import { formatDuration } from "../../../base/duration.ts";
import { singleOutcomeText, troubleText } from "../../../present/summary.ts";

/** 128 + SIGINT: stopped by the person or a signal. */
const interrupted = 130;

/** What the terminal adds to the options of a shell. */
export type ShellExtras = Pick<ShellOptions, "stdin" | "terminal" | "signal">;

/** Shows the shell that `start` opens; returns the exit code of the process. */
export async function showShell(
  start: (extras: ShellExtras) => AsyncIterable<ShellEvent>,
  { invocation, isCommand }: { invocation: Invocation; isCommand: boolean },
): Promise<number> {
  const { terminal, signals, environment } = invocation;
  const exitCodeWords = (environment("KODAMA_PANE") ?? "") !== ""
    ? "all"
    : isCommand
    ? "failures"
    : "none";
  const stop = new AbortController();
  const left = Promise.withResolvers<number>();
  const heard = (name: EndSignal) => {
    if (stop.signal.aborted) left.resolve(interrupted);
    stop.abort(new KodamaError("cancelled", `stopped by ${name}`));
  };
  using _listening = signals.listen(heard);
  using screen = new ShellScreen(terminal, exitCodeWords);
  const { signal } = stop;
  const show = async (): Promise<number> => {
    let exitCode = 0;
    const extras = { signal, stdin: terminal.stdin.chunks(signal) };
    const isTerminal = terminal.stdin.isTerminal;
    const term = environment("TERM") || "xterm-256color";
    const events = start(
      isTerminal ? { ...extras, terminal: shellTerminal(terminal, { term, signal }) } : extras,
    );
    for await (const event of events) {
      await screen.show(event);
      if (event.kind === "ended") exitCode = event.exitCode;
    }
    return exitCode;
  };
  const exitCode = await Promise.race([show(), left.promise]);
  return stop.signal.aborted ? interrupted : exitCode;
}

function shellTerminal(
  terminal: Terminal,
  { term, signal }: { term: string; signal: AbortSignal },
): ShellTerminal {
  return {
    term,
    get size() {
      return terminal.size() ?? { columns: 80, rows: 24 };
    },
    resizes: {
      [Symbol.asyncIterator]: () => terminal.resizes(signal)[Symbol.asyncIterator](),
    },
  };
}

/** The terminal, lent to a shell while it runs. */
class ShellScreen implements Disposable {
  readonly #terminal: Terminal;
  readonly #modes = new TerminalModes();
  readonly #lastWords: Disposable;
  readonly #exitCodeWords: EndWords;
  #raw: Disposable | undefined;

  constructor(terminal: Terminal, exitCodeWords: EndWords) {
    this.#terminal = terminal;
    this.#exitCodeWords = exitCodeWords;
    this.#lastWords = terminal.atEnd(() => this.#modes.restoration());
  }

  async show(event: ShellEvent): Promise<void> {
    switch (event.kind) {
      case "contextFailed":
        return await this.#say([failedContextText(event)]);
      case "podsSkipped":
        return await this.#say(skippedPodTexts(event));
      case "attached":
        await this.#say(attachedLines(event));
        if (this.#terminal.stdin.isTerminal) this.#raw ??= this.#terminal.stdin.raw();
        return;
      case "output":
        if (event.stream === "stdout") this.#modes.follow(event.bytes);
        return await this.#written(this.#terminal[event.stream].write(event.bytes));
      case "linkLost":
        return await this.#say(lostLines(event));
      case "ended":
        return await this.#say(endedLines(event, this.#exitCodeWords));
    }
  }

  /** Restores the terminal to its state before the shell; messages are printed on lines of their own. */
  async #say(lines: readonly string[]): Promise<void> {
    await this.#written(this.#terminal.stdout.flush());
    this.#giveBack();
    const restored = this.#modes.restoration();
    const text = lines.map((line) => `${printable(line)}\n`).join("");
    if (restored + text === "") return;
    const apart = text !== "" && this.#modes.midLine && this.#terminal.stdout.isTerminal;
    this.#modes.clear();
    await this.#written(this.#terminal.stderr.write(`${restored}${apart ? "\n" : ""}${text}`));
    await this.#written(this.#terminal.stderr.flush());
  }

  /** A window that was closed can't be written to; its signal ends the shell, so the error is ignored. */
  async #written(writing: Promise<void>): Promise<void> {
    if (!this.#terminal.stdin.isTerminal) return await writing;
    await writing.catch(() => {});
  }

  [Symbol.dispose](): void {
    this.#giveBack();
    this.#lastWords[Symbol.dispose]();
  }

  #giveBack(): void {
    this.#raw?.[Symbol.dispose]();
    this.#raw = undefined;
  }
}

/* Messages around a shell, line by line. Pure. */

type Of<Kind extends ShellEvent["kind"]> = Extract<ShellEvent, { kind: Kind }>;

/** Returns the lines before the shell. */
export function attachedLines({ target: { pod }, keptBy, state }: Of<"attached">): string[] {
  switch (state) {
    case "new":
      return [];
    case "found":
      return [`back in the shell that waited in ${pod} (in ${keptBy}); --new begins another`];
    case "again":
      return [`the link to ${pod} is back`];
  }
}

/** Returns the lines after a persistent shell's connection was lost. */
export function lostLines({ target: { pod }, reason, keepMs }: Of<"linkLost">): string[] {
  return [
    `the link to ${pod} broke: ${reason}`,
    `the shell waits there for ${formatDuration(keepMs)}, and is looked for again; ` +
    "what is typed now is lost; Ctrl-C leaves it there",
  ];
}

/** How an exit code is reported. */
export type EndWords =
  /** Not at all, as in ssh: a shell's is that of its last command. */
  | "none"
  /** In kubectl's wording if it isn't 0: a command's. */
  | "failures"
  /** Always: for a pane, which shows nothing else about it. */
  | "all";

/** Returns the lines after the shell. */
export function endedLines(
  { target: { pod }, end, transcript }: Of<"ended">,
  exitCode: EndWords,
): string[] {
  const kept = transcript?.trouble === undefined
    ? []
    : [`the transcript ${transcript.path} isn't whole: ${transcript.trouble}`];
  return [...outcomeLines(pod, end, exitCode), ...kept];
}

function outcomeLines(
  pod: string,
  { outcome, waitsMs, endedMeanwhile }: ShellEnd,
  exitCode: EndWords,
): string[] {
  const waits = waitsMs === undefined
    ? []
    : [`the shell waits in ${pod} for ${formatDuration(waitsMs)}: the same words find it again`];
  switch (outcome.kind) {
    case "ok":
    case "failed": {
      const meanwhile = endedMeanwhile === true
        ? [`the shell in ${pod} ended while the link was broken`]
        : [];
      const text = exitCodeText(outcome, exitCode);
      return text === undefined ? meanwhile : [...meanwhile, text];
    }
    case "unknown":
      return [
        `the link to ${pod} broke, and how the shell ended isn't known: ${outcome.reason}`,
        ...(waits.length > 0 ? waits : [
          "what still runs there is hung up in some seconds, but for what ignores that (nohup)",
        ]),
      ];
    default: {
      const trouble = troubleText(outcome);
      return [...(trouble === undefined ? [] : [`${pod}: ${trouble}`]), ...waits];
    }
  }
}

function exitCodeText(outcome: Outcome, exitCode: EndWords): string | undefined {
  if (exitCode === "none") return troubleText(outcome);
  if (exitCode === "all" && outcome.kind === "ok") return "ended with exit code 0";
  return singleOutcomeText(outcome);
}
