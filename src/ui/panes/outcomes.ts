/**
 * What becomes of a run, pod by pod: a row for each with its outcome, and below them what the one under the cursor wrote.
 * Commands and workflows use it.
 */
import { KodamaError } from "../../base/errors.ts";
import { type Outcome, outcomeName } from "../../actions/exec/events.ts";
import { troubleOf } from "../../present/summary.ts";
import type { LiveCell, TableRow } from "../../table/live_table.ts";
import { type Line, span, type Tone } from "../../terminal/grid.ts";
import { printable } from "../../terminal/printable.ts";
import type { Size } from "../../terminal/terminal.ts";
import { plainText } from "../../base/plain_text.ts";
import type { Pane, PaneAction, PaneCommand, PaneContext, PaneLook } from "../pane.ts";
import { tableActions, TablePane } from "./table_pane.ts";
import { TextView } from "./text_view.ts";

/** Actions of every run. */
export const outcomeActions = [
  ...tableActions,
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

/** A pod of a run, as it is known so far. */
interface TargetState {
  name: string;
  /** Workflows: the step. */
  step: string;
  outcome: Outcome | "waiting" | "running";
  durationMs: number | undefined;
  lastLine: string;
  text: TextView;
}

/** What an {@link OutcomesPane} runs. */
export interface RunSource {
  /** `uptime in 3 pods`. */
  title: string;
  /** Follows the run, and reports to the pane, until it ends or the signal aborts. Returns false if it was declined. */
  run: (pane: OutcomesPane, signal: AbortSignal) => Promise<boolean>;
  again: () => void;
  /** Runs it again for these pods, by their ids; absent if that can't be. */
  failedAgain?: (ids: readonly string[]) => void;
}

/** A run and the outcome of each pod. */
export class OutcomesPane implements Pane {
  readonly find = "filter";
  title: string;
  readonly #context: PaneContext;
  readonly #source: RunSource;
  readonly #table: TablePane;
  readonly #targets = new Map<string, TargetState>();
  /** Messages about the run as a whole. */
  readonly #notes: TextView;
  readonly #stop = new AbortController();
  #summary: { text: string; tone: Tone } | undefined;
  #phase: "asks" | "runs" | "ended" = "asks";
  /** The output has the whole pane. */
  #isOutput = false;

  constructor(context: PaneContext, source: RunSource) {
    this.#context = context;
    this.#source = source;
    this.title = source.title;
    const { emit, host } = context;
    const onChange = () => emit({ kind: "changed" });
    this.#table = new TablePane({ nowMs: host.clock.now().getTime(), groups, onChange });
    this.#notes = new TextView({ follow: true, wrap: true, onChange });
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
    const { theme } = this.#context;
    const current = this.#current();
    const output = current?.text ?? this.#notes;
    if (this.#targets.size === 0) {
      if (this.#notes.length > 0) return this.#notes.view(size);
      return [[span(this.#phase === "asks" ? "" : "looking for pods …", theme.muted)]];
    }
    if (this.#isOutput) return output.view(size);
    const notes = this.#notes.length === 0
      ? []
      : this.#notes.view({ ...size, rows: Math.min(3, Math.floor(size.rows / 4)) });
    const rows = Math.max(
      2,
      Math.min(
        this.#targets.size + 1,
        Math.floor((size.rows - notes.length) * 0.6),
      ),
    );
    const below = size.rows - notes.length - rows - titleRows;
    const table = this.#table.view({ ...size, rows }, look);
    if (below < 1) return [...notes, ...table];
    const title = current === undefined ? "" : ` ${printable(current.name)} `;
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
    const output = this.#current()?.text ?? this.#notes;
    switch (command.type) {
      case "select":
        this.#isOutput = !this.#isOutput;
        return this.#context.emit({ kind: "changed" });
      case "back":
        if (this.#isOutput) this.#isOutput = false;
        else this.#table.handleCommand(command);
        return this.#context.emit({ kind: "changed" });
      case "page_down":
      case "page_up":
      case "scroll_left":
      case "scroll_right":
      case "toggle_follow":
      case "toggle_wrap":
        output.handleCommand(command);
        return;
      default:
        if (this.#isOutput) output.handleCommand(command);
        else this.#table.handleCommand(command);
    }
  }

  onClick({ row }: { row: number }): void {
    if (!this.#isOutput && this.#table.click(row)) this.handleCommand({ type: "select" });
  }

  refusal(action: string): string | undefined {
    switch (action) {
      case "stop":
        return this.#phase === "runs" ? undefined : "nothing is running";
      case "run-again":
        return this.#phase === "runs" ? "it is still running: stop it first" : undefined;
      case "run-failed":
        if (this.#source.failedAgain === undefined) {
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
    if (action === "stop") this.#stop.abort(new KodamaError("cancelled", "stopped"));
    if (action === "run-again") this.#source.again();
    if (action === "run-failed") this.#source.failedAgain?.(this.#failed());
  }

  /** The run's pods are known: it is going to start. */
  started(): void {
    this.#phase = "runs";
    this.#context.emit({ kind: "changed" });
  }

  /** Adds pods. */
  add(targets: readonly { id: string; name: string; step?: string }[]): void {
    for (const { id, name, step = "" } of targets) {
      if (this.#targets.has(id)) continue;
      const text = new TextView({
        follow: true,
        onChange: () => this.#context.emit({ kind: "changed" }),
      });
      const state = { name, step, durationMs: undefined, lastLine: "", text };
      this.#targets.set(id, { ...state, outcome: "waiting" });
      this.#show(id);
    }
  }

  /** The command of a pod has started. */
  targetStarted(id: string): void {
    const state = this.#targets.get(id);
    if (state === undefined) return;
    state.outcome = "running";
    this.#show(id);
  }

  /** A pod has written a line. */
  line(id: string, text: string): void {
    const state = this.#targets.get(id);
    if (state === undefined) return this.note(text);
    state.text.append([text]);
    state.lastLine = text;
    this.#show(id);
  }

  /** A pod has its outcome. */
  targetEnded(id: string, outcome: Outcome, durationMs: number): void {
    const state = this.#targets.get(id);
    if (state === undefined) return;
    state.outcome = outcome;
    state.durationMs = durationMs;
    const trouble = troubleOf(outcome);
    if (trouble !== undefined) {
      const reason = [trouble.what, trouble.why].filter((one) => one !== "").join(": ");
      state.text.append([reason]);
      if (state.lastLine === "") state.lastLine = reason;
    }
    this.#show(id);
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
    this.#context.emit({ kind: "toast", text: `${this.title}: ${text}`, tone });
  }

  async #run(): Promise<void> {
    const { signal, emit } = this.#context;
    const both = AbortSignal.any([signal, this.#stop.signal]);
    try {
      const wasRun = await this.#source.run(this, both);
      if (!wasRun && !signal.aborted && this.#targets.size === 0) emit({ kind: "close" });
    } catch (error) {
      if (signal.aborted) return;
      const message = error instanceof Error ? error.message : String(error);
      this.note(message);
      this.ended(message, false);
    }
    if (this.#phase !== "asks") this.#phase = "ended";
    emit({ kind: "changed" });
  }

  #current(): TargetState | undefined {
    const { cursor } = this.#table;
    return cursor === undefined ? undefined : this.#targets.get(cursor);
  }

  #failed(): string[] {
    return [...this.#targets].flatMap(([id, { outcome }]) =>
      typeof outcome !== "string" && outcome.kind !== "ok" ? [id] : []
    );
  }

  #progress(): string {
    if (this.#phase === "asks") return "";
    const ended = [...this.#targets.values()].filter(({ outcome }) => typeof outcome !== "string");
    return `${ended.length} of ${this.#targets.size} done`;
  }

  #show(id: string): void {
    const state = this.#targets.get(id);
    if (state === undefined) return;
    const { outcome, durationMs, lastLine, name, step } = state;
    const kind = typeof outcome === "string" ? outcome : outcomeName(outcome.kind);
    const exit = typeof outcome === "string" || !("exitCode" in outcome)
      ? ""
      : `${outcome.exitCode}`;
    const time = durationMs === undefined ? "" : `${(durationMs / 1000).toFixed(1)}s`;
    const shown = step === "" ? name : `${step}: ${name}`;
    const row: TableRow = {
      id,
      group: "targets",
      order: String([...this.#targets.keys()].indexOf(id)).padStart(8, "0"),
      cells: [
        cell(shown),
        cell(kind, toneOf(outcome)),
        cell(exit),
        cell(time),
        cell(lastLine),
      ],
    };
    this.#table.update({
      kind: "changed",
      upserts: [row],
      removed: [],
      changes: 1,
      isInitial: true,
    });
  }
}

function cell(text: string, tone: Tone = "plain"): LiveCell {
  return { kind: "text", text: plainText(text, maxCell), tone };
}

function toneOf(outcome: TargetState["outcome"]): Tone {
  if (outcome === "waiting" || outcome === "running") return "dim";
  if (outcome.kind === "ok") return "good";
  return outcome.kind === "skipped" || outcome.kind === "cancelled" ? "warn" : "bad";
}
