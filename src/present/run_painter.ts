/** Formats run events as bytes for the two output streams. Pure: the driver writes them. */
import type { Hint } from "../base/hint.ts";
import { commandHint } from "./hints.ts";
import {
  type ExecEvent,
  type FoldedGroup,
  type Outcome,
  outcomeName,
} from "../actions/exec/events.ts";
import { plural } from "../base/plural.ts";
import { messagePiece, printable, progressPiece } from "../terminal/printable.ts";
import type { Painter } from "../terminal/driver/drive.ts";
import type { Style } from "../terminal/style.ts";
import type { Piece } from "../terminal/terminal.ts";
import { tameLine } from "../terminal/tame.ts";
import {
  defaultedTexts,
  failedContextText,
  incompleteOutputText,
  notRecordedText,
  skippedPodTexts,
  waitingContextText,
} from "../runs/notes.ts";
import { diffLines } from "./diff_lines.ts";
import { jsonLine, toJson } from "./json.ts";
import { prefixes } from "./prefix.ts";
import {
  FoldedTroubles,
  singleOutcomeText,
  skippedReasons,
  SummaryExtras,
  summaryText,
  troubleOf,
} from "./summary.ts";
import { formatDuration } from "../base/duration.ts";
import { RunReporter } from "./run_reporter.ts";

/** Display options of a run. */
export interface RunPainterOptions {
  /** Streams that are terminals: output of a pod is tamed for them, and byte-exact otherwise. */
  terminal: { stdout: boolean; stderr: boolean };
  style: { stdout: Style; stderr: Style };
  /** Neither a summary nor notes; failures are still reported. */
  quiet: boolean;
  /** One target, shown as in kubectl: no prefix, kubectl's wording at the end. */
  single: boolean;
  format: "text" | "json" | "jsonl";
  /** The command line that runs the failed targets of a recorded run again. */
  rerunLine: (id: string) => string;
  /** Advice in case that no pod has the command's program. */
  unknownProgram?: Hint | undefined;
}

const decoder = new TextDecoder();
const encoder = new TextEncoder();

/** A prefix in both of its forms: lines that are copied unchanged are many. */
interface Prefix {
  text: string;
  bytes: Uint8Array;
}

const newline = Uint8Array.of(10);

/** Formats the events of one run. */
export class RunPainter implements Painter<ExecEvent> {
  #names: readonly string[] = [];
  #prefixes: Readonly<Record<Piece["stream"], readonly Prefix[]>> = { stdout: [], stderr: [] };
  #reports = 0;
  #isSplit = false;
  readonly collected = new FoldedTroubles();
  readonly #extras = new SummaryExtras();
  /** Number of blocks or groups written. */
  #headings = 0;

  constructor(private readonly options: RunPainterOptions) {}

  paint(event: ExecEvent): readonly Piece[] {
    this.#extras.follow(event);
    switch (event.kind) {
      case "runStarted":
      case "targetsAdded":
        return this.#add(event.names);
      case "line":
        return [
          this.#line(event.target, event.stream, event.bytes),
          ...(event.endedBy === "limit" ? this.#split(event.target) : []),
        ];
      case "output":
        return [{ stream: event.stream, data: [event.bytes] }];
      case "block":
        return this.#block(event);
      case "folded":
        return event.groups.flatMap((group) => this.#group(group));
      case "report":
        return [this.#report(event.report)];
      case "targetStarted":
        return [];
      case "targetEnded":
        return this.#ended(event.target, event.outcome);
      case "contextWaiting":
        return this.options.quiet ? [] : [progressPiece(waitingContextText(event))];
      case "contextFailed":
        return [messagePiece(failedContextText(event))];
      case "podsSkipped":
        return this.options.quiet ? [] : skippedPodTexts(event).map((text) => messagePiece(text));
      case "containersDefaulted":
        return this.options.quiet ? [] : defaultedTexts(event).map((text) => messagePiece(text));
      case "outputIncomplete":
        return this.options.quiet ? [] : [messagePiece(incompleteOutputText(event))];
      case "notRecorded":
        return this.options.quiet ? [] : [messagePiece(notRecordedText(event))];
      case "runEnded":
        return this.#end(event);
    }
  }

  #add(names: readonly string[]): Piece[] {
    this.#names = [...this.#names, ...names.map(printable)];
    this.#prefixes = { stdout: this.#prefixesFor("stdout"), stderr: this.#prefixesFor("stderr") };
    return [];
  }

  #prefixesFor(stream: Piece["stream"]): readonly Prefix[] {
    return prefixes(this.#names, this.options.style[stream])
      .map((text) => ({ text, bytes: encoder.encode(text) }));
  }

  #line(target: number, stream: Piece["stream"], bytes: Uint8Array): Piece {
    const prefix = this.#prefixes[stream][target];
    if (prefix === undefined) throw new Error(`a line of target ${target}, which isn't in the run`);
    if (!this.options.terminal[stream]) return { stream, data: [prefix.bytes, bytes, newline] };
    const pieces = tameLine(decoder.decode(bytes));
    return { stream, data: pieces.map((piece) => `${prefix.text}${piece}\n`) };
  }

  /**
   * The first line without memory for its end: the only reason why a line of the output isn't a line of the program's.
   */
  #split(target: number): Piece[] {
    if (this.#isSplit) return [];
    this.#isSplit = true;
    const name = this.#names[target] ?? "";
    return [messagePiece(`${name}: a line is too long for memory, and continues in the next`)];
  }

  #block(event: Extract<ExecEvent, { kind: "block" }>): Piece[] {
    const { target, outcome, output, omittedBytes } = event;
    const name = this.#names[target] ?? "";
    const heading = `${name}${outcomeMark(outcome)}`;
    return [
      this.#heading(heading),
      ...output.flatMap(({ stream, bytes }) => this.#body(stream, bytes)),
      ...this.#omitted(name, omittedBytes),
    ];
  }

  #group(group: FoldedGroup): Piece[] {
    const { targets, names, outcome, stdout, stderr, omittedBytes, diff } = group;
    const heading = `${names} (${targets.length})${outcomeMark(outcome)}`;
    if (diff?.kind === "same") return [this.#heading(`${heading}: the same output`)];
    if (diff?.kind === "unified") {
      const lines = diffLines(diff, this.options.style.stdout);
      return [this.#heading(heading), ...this.#body("stdout", encoder.encode(lines.join("\n")))];
    }
    const mark = diff?.kind === "notCompared" ? ` (not compared: ${diff.reason})` : "";
    return [
      this.#heading(heading + mark),
      ...this.#body("stdout", stdout),
      ...this.#body("stderr", stderr),
      ...this.#omitted(names, omittedBytes),
    ];
  }

  /** Distinct from output even without colours, which may well be a pod's name. */
  #heading(text: string): Piece {
    const before = this.#headings++ === 0 ? "" : "\n";
    return {
      stream: "stdout",
      data: [`${before}${this.options.style.stdout.bold(`---- ${text}`)}\n`],
    };
  }

  /** Formats the whole output of a target; an incomplete last line gets a line feed, for the next heading's sake. */
  #body(stream: Piece["stream"], bytes: Uint8Array): Piece[] {
    if (bytes.length === 0) return [];
    const ended = bytes.at(-1) === 10;
    if (!this.options.terminal[stream]) {
      return [{ stream, data: ended ? [bytes] : [bytes, newline] }];
    }
    const lines = decoder.decode(ended ? bytes.subarray(0, -1) : bytes).split("\n");
    return [{ stream, data: lines.flatMap(tameLine).map((line) => `${line}\n`) }];
  }

  #omitted(names: string, bytes: number): Piece[] {
    return bytes === 0 ? [] : [messagePiece(`${names}: ${plural(bytes, "more byte")} omitted`)];
  }

  #report(report: object): Piece {
    const text = JSON.stringify(toJson(report));
    this.#reports++;
    if (this.options.format === "jsonl") return { stream: "stdout", data: [`${text}\n`] };
    return { stream: "stdout", data: [this.#reports === 1 ? "[\n" : ",\n", text] };
  }

  #ended(target: number, outcome: Outcome): Piece[] {
    if (this.options.single) return [];
    this.collected.add(this.#names[target] ?? "", outcome);
    return [];
  }

  #end(event: Extract<ExecEvent, { kind: "runEnded" }>): Piece[] {
    const { format, single, quiet } = this.options;
    const close: Piece[] = format === "json"
      ? [{ stream: "stdout", data: [this.#reports === 0 ? "[]\n" : "\n]\n"] }]
      : [];
    const last = single ? this.#singleEnd(event) : quiet ? [] : [this.#summary(event)];
    return [...close, ...this.collected.take(), ...last, ...this.#unknownProgram(event)];
  }

  /** 127 is a shell's exit code for a program that doesn't exist. */
  #unknownProgram({ outcomes }: Extract<ExecEvent, { kind: "runEnded" }>): Piece[] {
    const { unknownProgram: advice } = this.options;
    const isUnknown = (one: Outcome | undefined) => one?.kind === "failed" && one.exitCode === 127;
    if (advice === undefined || !outcomes.some(isUnknown)) return [];
    return [messagePiece(`hint: ${commandHint(advice)}`)];
  }

  #singleEnd({ outcomes: [outcome] }: Extract<ExecEvent, { kind: "runEnded" }>): Piece[] {
    const text = outcome === undefined ? undefined : singleOutcomeText(outcome);
    if (outcome === undefined || text === undefined) return [];
    const hint = troubleOf(outcome)?.hint;
    return [
      messagePiece(text),
      ...(hint === undefined ? [] : [messagePiece(`hint: ${commandHint(hint)}`)]),
    ];
  }

  #summary(event: Extract<ExecEvent, { kind: "runEnded" }>): Piece {
    const { summary, outcomes, durationMs, record } = event;
    const { rerunLine, style: { stderr: style } } = this.options;
    const text = printable(
      `${summaryText(summary, this.#extras)} in ${formatDuration(durationMs)}`,
    );
    const allOk = summary.counts.ok === summary.total;
    const well = allOk && this.#extras.failedContexts === 0;
    const reasons = skippedReasons(outcomes).map((reason) => `${printable(reason)}\n`);
    const again = allOk || record?.rerunnable !== true
      ? []
      : [`Rerun the failed pods: ${rerunLine(record.id)}\n`];
    const line = `${well ? style.green(text) : style.red(text)}\n`;
    // On a terminal a blank line separates the summary from the last group.
    const { stdout, stderr } = this.options.terminal;
    const before = this.#headings > 0 && stdout && stderr ? ["\n"] : [];
    return { stream: "stderr", data: [...before, line, ...reasons, ...again] };
  }
}

function outcomeMark(outcome: Outcome): string {
  if (outcome.kind === "ok") return "";
  return outcome.kind === "failed"
    ? `: exit code ${outcome.exitCode}`
    : `: ${outcomeName(outcome.kind)}`;
}

/** Writes each event as one object on one line. */
export class EventLines implements Painter<ExecEvent> {
  readonly #reporter = new RunReporter();

  /** `output`: includes the output lines of the commands. */
  constructor(readonly options: { stream: Piece["stream"]; output: boolean }) {}

  paint(event: ExecEvent): readonly Piece[] {
    const { stream, output } = this.options;
    if (event.kind === "line" && !output) return [];
    const data = this.#reporter.report(event).map(jsonLine);
    return data.length === 0 ? [] : [{ stream, data }];
  }
}
