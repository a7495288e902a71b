/**
 * The results of a run, pod by pod: a row for each with its outcome, and below them the output of the row under the
 * cursor. Commands and workflows use it.
 */
import { KodamaError } from "../../base/errors.ts";
import { type ExecEvent, outcomeName } from "../../actions/exec/events.ts";
import type { StepsEvent } from "../../actions/workflow/run_steps.ts";
import { type RunEventData, RunReporter } from "../../present/run_reporter.ts";
import { foldedTexts } from "../../present/diff_lines.ts";
import { stepText, SummaryExtras, summaryText } from "../../present/summary.ts";
import { foldSteps } from "../../runs/fold_answers.ts";
import { defaultedTexts, endText } from "../../runs/notes.ts";
import { linesOf, type PodProgress, RunState } from "../../runs/run_state.ts";
import type { LiveCell, TableRow } from "../../table/live_table.ts";
import { type Line, span, type Tone } from "../../terminal/grid.ts";
import { printable } from "../../terminal/printable.ts";
import { styleFor } from "../../terminal/style.ts";
import type { Size } from "../../terminal/terminal.ts";
import { plainText } from "../../base/plain_text.ts";
import type { Pane, PaneAction, PaneCommand, PaneContext, PaneLook } from "../pane.ts";
import { tableActions, TablePane } from "./table_pane.ts";
import { TextView } from "./text_view.ts";

/** Shows the answers as groups. */
export const foldAction = {
  id: "fold",
  keys: ["="],
  does: "show equal answers once, those that differ first",
} as const satisfies PaneAction;

/** Actions of every run. */
export const outcomeActions = [
  ...tableActions,
  foldAction,
  { id: "stop", keys: ["X"], does: "stop the run, in the pods too" },
  { id: "run-again", keys: ["r"], does: "run it again, after a question" },
  { id: "run-failed", keys: ["F"], does: "run it again in the pods that weren't ok" },
] as const satisfies readonly PaneAction[];

/** The columns of a run. */
const groups = [{
  id: "targets",
  columns: [
    { title: "POD", importance: 4 },
    { title: "OUTCOME", importance: 3 },
    { title: "EXIT", importance: 1 },
    { title: "TIME" },
    { title: "LAST LINE", importance: 2 },
  ],
}];

/** Cells are cut to this length. */
const maxCell = 200;
/** Columns of a title's frame. */
const titleRows = 1;

/** A row: a pod of a step, and what it wrote. */
interface Row {
  id: string;
  /** For the order: rows stay where they were added. */
  index: number;
  pod: PodProgress;
  lastLine: string;
  text: TextView;
}

/** The run of an {@link OutcomesPane}. */
export interface RunSource {
  /** `uptime in 3 pods`. */
  title: string;
  /** Passes the events of the run to the pane until it ends or the signal aborts. Returns false if it was declined. */
  run: (pane: OutcomesPane, signal: AbortSignal) => Promise<boolean>;
  again: () => void;
  /** Runs it again for these pods; absent if that can't be. */
  failedAgain?: (pods: readonly PodProgress[]) => void;
}

/** A run and the outcome of each pod. */
export class OutcomesPane implements Pane {
  readonly find = "filter";
  title: string;
  readonly #table: TablePane;
  readonly #reporter = new RunReporter();
  readonly #state = new RunState();
  readonly #extras = new SummaryExtras();
  readonly #rows = new Map<string, Row>();
  /** Messages about the run as a whole. */
  readonly #notes: TextView;
  readonly #stop = new AbortController();
  #summary: { text: string; tone: Tone } | undefined;
  #phase: "asks" | "runs" | "ended" = "asks";
  /** The answers as groups of equal ones. */
  readonly #folded: TextView;
  /** A text has the whole pane. */
  #whole: "output" | "folded" | undefined;

  constructor(private readonly context: PaneContext, private readonly source: RunSource) {
    this.title = source.title;
    const { emit, host } = context;
    const onChange = () => emit({ kind: "changed" });
    this.#table = new TablePane({ nowMs: host.clock.now().getTime(), groups, onChange });
    this.#notes = new TextView({ follow: true, wrap: true, onChange });
    this.#folded = new TextView({ follow: false, onChange });
    void this.#run();
  }

  get running(): string | undefined {
    return this.#phase === "runs" ? this.title : undefined;
  }

  get status(): Line {
    const { text, tone } = this.#summary ?? { text: this.#progress(), tone: "plain" as const };
    return [span(`${text} `, tone), ...this.#table.status];
  }

  view(size: Size, look: PaneLook): readonly Line[] {
    const { theme } = this.context;
    const current = this.#current();
    const output = this.#text();
    if (this.#rows.size === 0) {
      if (this.#notes.length > 0) return this.#notes.view(size);
      return [[span(this.#phase === "asks" ? "" : "looking for pods …", theme.muted)]];
    }
    if (this.#whole !== undefined) return output.view(size);
    const notes = this.#notes.length === 0
      ? []
      : this.#notes.view({ ...size, rows: Math.min(3, Math.floor(size.rows / 4)) });
    const rows = Math.max(
      2,
      Math.min(this.#rows.size + 1, Math.floor((size.rows - notes.length) * 0.6)),
    );
    const below = size.rows - notes.length - rows - titleRows;
    const table = this.#table.view({ ...size, rows }, look);
    if (below < 1) return [...notes, ...table];
    const title = current === undefined ? "" : ` ${printable(current.pod.name)} `;
    return [
      ...notes,
      ...table,
      [
        span("──", theme.muted),
        span(title, theme.title),
        span("─".repeat(Math.max(0, size.columns - 2 - title.length)), theme.muted),
      ],
      ...output.view({ ...size, rows: below }),
    ];
  }

  handleCommand(command: PaneCommand): void {
    const output = this.#text();
    switch (command.type) {
      case "select":
        this.#whole = this.#whole === undefined ? "output" : undefined;
        return this.context.emit({ kind: "changed" });
      case "back":
        if (this.#whole !== undefined) this.#whole = undefined;
        else this.#table.handleCommand(command);
        return this.context.emit({ kind: "changed" });
      case "page_down":
      case "page_up":
      case "scroll_left":
      case "scroll_right":
      case "toggle_follow":
      case "toggle_wrap":
        output.handleCommand(command);
        return;
      default:
        if (this.#whole !== undefined) output.handleCommand(command);
        else this.#table.handleCommand(command);
    }
  }

  onClick({ row }: { row: number }): void {
    if (this.#whole === undefined && this.#table.click(row)) this.handleCommand({ type: "select" });
  }

  refusal(action: string): string | undefined {
    switch (action) {
      case "fold":
        return this.#state.pods.some(({ phase }) => phase === "ended")
          ? undefined
          : "no pod has ended";
      case "stop":
        return this.#phase === "runs" ? undefined : "nothing is running";
      case "run-again":
        return this.#phase === "runs" ? "it is still running: stop it first" : undefined;
      case "run-failed":
        if (this.source.failedAgain === undefined) {
          return "a run of a workflow can only be repeated as a whole here";
        }
        if (this.#phase === "runs") return "it is still running: stop it first";
        return this.#failed().length === 0 ? "every pod was ok" : undefined;
      default:
        return undefined;
    }
  }

  act(action: string): void {
    if (this.#table.act(action)) return;
    if (action === "fold") {
      this.#whole = this.#whole === "folded" ? undefined : "folded";
      if (this.#phase === "runs") void this.#fold();
      this.context.emit({ kind: "changed" });
    }
    if (action === "stop") this.#stop.abort(new KodamaError("cancelled", "stopped"));
    if (action === "run-again") this.source.again();
    if (action === "run-failed") this.source.failedAgain?.(this.#failed());
  }

  /** Shows an event of the run. */
  follow(event: ExecEvent | StepsEvent): void {
    if ("kind" in event) this.#extras.follow(event);
    for (const one of this.#reporter.report(event)) this.#apply(one);
    if ("event" in event) {
      if (event.event === "runEnded") this.ended(stepText(event), event.exitCode === 0);
    } else if (event.kind === "containersDefaulted") {
      for (const text of defaultedTexts(event)) this.note(text);
    } else if (event.kind === "runEnded") {
      this.ended(summaryText(event.summary, this.#extras), event.exitCode === 0);
    }
  }

  #apply(event: RunEventData): void {
    const noted = this.#state.notes.length;
    const pods = this.#state.apply(event);
    for (const note of this.#state.notes.slice(noted)) this.note(note);
    for (const pod of pods) this.#show(pod, event);
    switch (event.event) {
      case "runStarted":
        this.#phase = "runs";
        return this.context.emit({ kind: "changed" });
      case "stepStarted":
        return this.note(`${event.step}: ${event.title}`);
      case "line":
        return event.name === "" ? this.note(`${event.step}: ${event.text}`) : undefined;
      case "stepEnded":
        return event.outcome === "ok" ? undefined : this.note(`${event.step}: ${endText(event)}`);
      default:
        return;
    }
  }

  /** A message about the run. */
  note(text: string): void {
    this.#notes.append(text.split("\n"));
  }

  /** The run has ended. */
  ended(text: string, isOk: boolean): void {
    this.#phase = "ended";
    this.#summary = { text: printable(text), tone: isOk ? "good" : "bad" };
    const tone = isOk ? "good" : "bad";
    this.context.emit({ kind: "toast", text: `${this.title}: ${text}`, tone });
  }

  /** Compares the answers so far; once the run has ended, a note says how they differ. */
  async #fold(): Promise<void> {
    const isOver = this.#phase === "ended";
    const steps = await foldSteps(this.#state);
    if (isOver !== (this.#phase === "ended")) return;
    this.#folded.replace(foldedTexts(steps, styleFor(true)).map((line) => `${line}\n`).join(""));
    if (!isOver) return;
    for (const { key, folded: { sentence, differing } } of steps) {
      if (differing > 0) this.note(key === "" ? sentence : `${key}: ${sentence}`);
    }
  }

  async #run(): Promise<void> {
    const { signal, emit } = this.context;
    const both = AbortSignal.any([signal, this.#stop.signal]);
    try {
      const wasRun = await this.source.run(this, both);
      if (!wasRun && !signal.aborted && this.#rows.size === 0) emit({ kind: "close" });
    } catch (error) {
      if (signal.aborted) return;
      const message = error instanceof Error ? error.message : String(error);
      this.note(message);
      this.ended(message, false);
    }
    if (this.#phase !== "asks") this.#phase = "ended";
    await this.#fold();
    emit({ kind: "changed" });
  }

  /** The text that has the whole pane, or is below the table. */
  #text(): TextView {
    return this.#whole === "folded" ? this.#folded : this.#current()?.text ?? this.#notes;
  }

  #current(): Row | undefined {
    const { cursor } = this.#table;
    return cursor === undefined ? undefined : this.#rows.get(cursor);
  }

  #failed(): PodProgress[] {
    return this.#state.pods.filter(({ phase, outcome }) => phase === "ended" && outcome !== "ok");
  }

  #progress(): string {
    if (this.#phase === "asks") return "";
    const { pods } = this.#state;
    return `${pods.filter(({ phase }) => phase === "ended").length} of ${pods.length} done`;
  }

  #row(pod: PodProgress): Row {
    const id = `${pod.step}\0${pod.name}`;
    const known = this.#rows.get(id);
    if (known !== undefined) return known;
    const onChange = () => this.context.emit({ kind: "changed" });
    const text = new TextView({ follow: true, onChange });
    const row: Row = { id, index: this.#rows.size, pod, lastLine: "", text };
    this.#rows.set(id, row);
    return row;
  }

  #show(pod: PodProgress, event: RunEventData): void {
    const row = this.#row(pod);
    const lines = event.event === "line" ? [event.text] : event.event !== "targetEnded" ? [] : [
      ...linesOf(event).map(({ text }) => text),
      // Why it isn't ok matters more than what it wrote.
      ...(event.error === null ? [] : [endText({ ...event, outcome: outcomeName(event.outcome) })]),
    ];
    if (lines.length > 0) row.text.append(lines);
    row.lastLine = lines.at(-1) ?? row.lastLine;
    const { name, step, phase, outcome, exitCode = 0, durationMs } = pod;
    const kind = outcome === undefined ? phase : outcomeName(outcome);
    const exit = exitCode === 0 ? "" : `${exitCode}`;
    const time = durationMs === undefined ? "" : `${(durationMs / 1000).toFixed(1)}s`;
    const shown = step === "" ? name : `${step}: ${name}`;
    const upsert: TableRow = {
      id: row.id,
      group: "targets",
      order: String(row.index).padStart(8, "0"),
      cells: [
        ...[cell(shown), cell(kind, toneOf(outcome)), cell(exit), cell(time)],
        cell(row.lastLine),
      ],
    };
    this.#table.update({
      kind: "changed",
      upserts: [upsert],
      removed: [],
      changes: 1,
      isInitial: true,
    });
  }
}

function cell(text: string, tone: Tone = "plain"): LiveCell {
  return { kind: "text", text: plainText(text, maxCell), tone };
}

function toneOf(outcome: string | undefined): Tone {
  if (outcome === undefined) return "dim";
  if (outcome === "ok") return "good";
  return outcome === "skipped" || outcome === "cancelled" ? "warn" : "bad";
}
