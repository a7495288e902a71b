/** Formats the events of a copy as lines or JSON. */
import type { CopyEvent } from "../../../actions/copy/events.ts";
import { copyReport } from "../../../actions/copy/report.ts";
import type { Target } from "../../../actions/exec/events.ts";
import { printable } from "../../../terminal/printable.ts";
import type { Style } from "../../../terminal/style.ts";
import { formatDuration } from "../../../base/duration.ts";
import type { Piece } from "../../../present/run_painter.ts";
import { FoldedTroubles } from "../../../present/folded_failures.ts";
import { skippedReasons, summaryText } from "../../../present/summary.ts";
import { bytesText, filesText } from "./amounts.ts";
import type { CopyView } from "./resolve.ts";
import {
  failedContextText,
  notKeptText,
  skippedPodTexts,
  waitingContextText,
} from "../../../present/run_notes.ts";

/** Display options of a copy. */
export interface CopyPainterOptions extends Pick<CopyView, "format" | "quiet" | "single"> {
  /** Style of standard error. */
  style: Style;
}

/** Formats the events of one copy. */
export class CopyPainter {
  readonly #options: CopyPainterOptions;
  #targets: readonly Target[] = [];
  #names: readonly string[] = [];
  readonly #notes = new Map<number, string[]>();
  readonly #startedAt = new Map<number, Date>();
  #reports = 0;
  readonly #troubles = new FoldedTroubles();
  readonly #extras = { failedContexts: 0, unreachableContexts: 0, notReady: 0 };

  constructor(options: CopyPainterOptions) {
    this.#options = options;
  }

  paint(event: CopyEvent): readonly Piece[] {
    const { quiet } = this.#options;
    switch (event.kind) {
      case "runStarted":
      case "targetsAdded":
        this.#targets = [...this.#targets, ...event.targets];
        this.#names = [...this.#names, ...event.names];
        return [];
      case "targetStarted":
        this.#startedAt.set(event.target, event.at);
        return [];
      case "note":
        this.#notes.set(event.target, [...this.#notes.get(event.target) ?? [], event.text]);
        return quiet ? [] : [this.#say(`${this.#names[event.target] ?? ""}: ${event.text}`)];
      case "targetEnded":
        return this.#ended(event);
      case "contextWaiting":
        return quiet ? [] : [this.#say(waitingContextText(event))];
      case "contextFailed":
        this.#extras.failedContexts += 1;
        if (event.error.kind === "unreachable") this.#extras.unreachableContexts += 1;
        return [this.#say(failedContextText(event))];
      case "notRecorded":
        return quiet ? [] : [this.#say(notKeptText(event))];
      case "podsSkipped":
        this.#extras.notReady += event.skipped.length;
        return quiet ? [] : skippedPodTexts(event).map((text) => this.#say(text));
      case "runEnded":
        return this.#end(event);
      case "planned":
      case "progress":
        return [];
    }
  }

  #ended(event: Extract<CopyEvent, { kind: "targetEnded" }>): Piece[] {
    const { format } = this.#options;
    const { target, outcome } = event;
    this.#troubles.add(this.#names[target] ?? "", outcome, "not copied");
    if (format === "text") return [];
    const of = this.#targets[target];
    if (of === undefined) throw new Error(`target ${target} isn't in the copy`);
    const text = JSON.stringify(copyReport(event, of, {
      startedAt: this.#startedAt.get(target),
      notes: this.#notes.get(target) ?? [],
    }));
    this.#reports += 1;
    const before = this.#reports === 1 ? "[\n" : ",\n";
    const data = format === "jsonl" ? [`${text}\n`] : [before, text];
    return [{ stream: "stdout", data }];
  }

  /** Returns the errors collected since the last call. */
  heldTroubles(): Piece[] {
    return this.#troubles.take().map((line) => this.#say(line));
  }

  #end(event: Extract<CopyEvent, { kind: "runEnded" }>): Piece[] {
    const { format, quiet, single, style } = this.#options;
    const { summary, outcomes, durationMs, files, bytes } = event;
    const close: Piece[] = format === "json"
      ? [{ stream: "stdout", data: [this.#reports === 0 ? "[]\n" : "\n]\n"] }]
      : [];
    const troubles = this.heldTroubles();
    if (quiet || single) return [...close, ...troubles];
    const moved = `${filesText(files)}, ${bytesText(bytes)}`;
    const text = printable(
      `${summaryText(summary, this.#extras)}: ${moved} in ${formatDuration(durationMs)}`,
    );
    const well = summary.counts.ok === summary.total && this.#extras.failedContexts === 0;
    const lines = [
      well ? style.green(text) : style.red(text),
      ...skippedReasons(outcomes).map(printable),
    ];
    return [...close, ...troubles, { stream: "stderr", data: lines.map((line) => `${line}\n`) }];
  }

  #say(text: string): Piece {
    return { stream: "stderr", data: [`${printable(text)}\n`] };
  }
}
