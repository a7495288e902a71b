/** Formats the events of a copy: its results as data, its progress, and messages. */
import { toJson } from "./json.ts";
import type { CopyEvent, CopyProgress } from "../actions/copy/events.ts";
import { copyReport } from "../actions/copy/report.ts";
import type { Target } from "../actions/exec/events.ts";
import type { Clock } from "../base/clock.ts";
import { formatDuration } from "../base/duration.ts";
import type { Painter } from "../terminal/driver/drive.ts";
import { messagePiece, printable, progressPiece } from "../terminal/printable.ts";
import type { Style } from "../terminal/style.ts";
import type { Piece } from "../terminal/terminal.ts";
import {
  defaultedTexts,
  failedContextText,
  notRecordedText,
  skippedPodTexts,
  waitingContextText,
} from "../runs/notes.ts";
import { RunProgress, type TargetsEvent } from "./run_progress.ts";
import { FoldedTroubles, skippedReasons, SummaryExtras, summaryText } from "./summary.ts";

/** The rate is averaged over this time. */
const windowMs = 5000;
const barCells = 20;

/** Follows the bytes as well as the targets. */
export class CopyRunProgress extends RunProgress {
  #samples: { atMs: number; movedBytes: number }[] = [];
  #progress: CopyProgress | undefined;

  readonly #clock: Clock;

  constructor(clock: Clock) {
    super();
    this.#clock = clock;
  }

  override follow(event: TargetsEvent): void {
    super.follow(event);
    if (event.kind === "progress") this.#take(event.progress);
  }

  #take(progress: CopyProgress): void {
    const atMs = this.#clock.elapsedMs();
    this.#progress = progress;
    this.#samples = this.#samples.filter((sample) => atMs - sample.atMs <= windowMs);
    this.#samples.push({ atMs, movedBytes: progress.movedBytes });
  }

  override detail(): string {
    if (this.#progress === undefined) return "";
    const { doneBytes, totalBytes } = this.#progress;
    const rate = this.#bytesPerSecond();
    const speed = rate === undefined ? "" : `, ${bytesText(rate)}/s`;
    if (totalBytes === undefined || totalBytes < doneBytes) {
      return `${bytesText(doneBytes)}${speed}`;
    }
    const part = totalBytes === 0 ? 1 : doneBytes / totalBytes;
    const filled = Math.floor(part * barCells);
    const bar = `[${"#".repeat(filled)}${"-".repeat(barCells - filled)}]`;
    const percent = `${Math.floor(part * 100)}% of ${bytesText(totalBytes)}`;
    const left = rate === undefined || rate === 0
      ? ""
      : `, ${this.#left(totalBytes - doneBytes, rate)} left`;
    return `${bar} ${percent}${speed}${left}`;
  }

  #left(bytes: number, rate: number): string {
    return formatDuration(Math.max(1000, Math.ceil(bytes / rate) * 1000));
  }

  #bytesPerSecond(): number | undefined {
    const [first, last] = [this.#samples[0], this.#samples.at(-1)];
    if (first === undefined || last === undefined || last.atMs - first.atMs < 500) return undefined;
    return (last.movedBytes - first.movedBytes) * 1000 / (last.atMs - first.atMs);
  }
}

/* Formats the events of a copy as lines or JSON. */

/** Display options of a copy. */
export interface CopyPainterOptions {
  format: "text" | "json" | "jsonl";
  /** Neither a summary nor notes; failures are still reported. */
  quiet: boolean;
  /** One target: no summary. */
  single: boolean;
  /** Style of standard error. */
  style: Style;
}

/** Formats the events of one copy. */
export class CopyPainter implements Painter<CopyEvent> {
  #targets: readonly Target[] = [];
  #names: readonly string[] = [];
  readonly #notes = new Map<number, string[]>();
  readonly #startedAt = new Map<number, Date>();
  #reports = 0;
  readonly collected = new FoldedTroubles();
  readonly #extras = new SummaryExtras();

  constructor(private readonly options: CopyPainterOptions) {}

  paint(event: CopyEvent): readonly Piece[] {
    const { quiet } = this.options;
    this.#extras.follow(event);
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
        return quiet ? [] : [messagePiece(`${this.#names[event.target] ?? ""}: ${event.text}`)];
      case "targetEnded":
        return this.#ended(event);
      case "containersDefaulted":
        return quiet ? [] : defaultedTexts(event).map((text) => messagePiece(text));
      case "contextWaiting":
        return quiet ? [] : [progressPiece(waitingContextText(event))];
      case "contextFailed":
        return [messagePiece(failedContextText(event))];
      case "notRecorded":
        return quiet ? [] : [messagePiece(notRecordedText(event))];
      case "podsSkipped":
        return quiet ? [] : skippedPodTexts(event).map((text) => messagePiece(text));
      case "runEnded":
        return this.#end(event);
      case "planned":
      case "progress":
        return [];
    }
  }

  #ended(event: Extract<CopyEvent, { kind: "targetEnded" }>): Piece[] {
    const { format } = this.options;
    const { target, outcome } = event;
    this.collected.add(this.#names[target] ?? "", outcome, "not copied");
    if (format === "text") return [];
    const of = this.#targets[target];
    if (of === undefined) throw new Error(`target ${target} isn't in the copy`);
    const text = JSON.stringify(toJson(copyReport(event, of, {
      startedAt: this.#startedAt.get(target),
      notes: this.#notes.get(target) ?? [],
    })));
    this.#reports += 1;
    const before = this.#reports === 1 ? "[\n" : ",\n";
    const data = format === "jsonl" ? [`${text}\n`] : [before, text];
    return [{ stream: "stdout", data }];
  }

  #end(event: Extract<CopyEvent, { kind: "runEnded" }>): Piece[] {
    const { format, quiet, single, style } = this.options;
    const { summary, outcomes, durationMs, files, bytes } = event;
    const close: Piece[] = format === "json"
      ? [{ stream: "stdout", data: [this.#reports === 0 ? "[]\n" : "\n]\n"] }]
      : [];
    const troubles = this.collected.take();
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
}

/* Bytes, rates and counts as text. */

const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"] as const;

/** `512 B`, `3.4 MiB`, `120 GiB`: at most three digits, except for bytes. */
export function bytesText(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : 1;
  return `${value.toFixed(digits)} ${units[unit]}`;
}

/** `1 file`, `10,000 files`. */
export function filesText(files: number): string {
  return `${files.toLocaleString("en")} ${files === 1 ? "file" : "files"}`;
}
