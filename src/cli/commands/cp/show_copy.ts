/** A copy on this process's terminal, from its first event to the exit code. */
import type { CopyEvent, CopyOptions, CopyProgress } from "../../../actions/copy/events.ts";
import type { Clock } from "../../../base/clock.ts";
import { tableLines } from "../../../terminal/table.ts";
import { messagePiece, printable } from "../../../terminal/printable.ts";
import { success } from "../../exit_codes.ts";
import { interruptible } from "../../../terminal/driver/signals.ts";
import type { Invocation } from "../../invocation.ts";
import { renderData, styleOf } from "../../output.ts";
import { confirmOn } from "../exec/confirm.ts";
import { drive } from "../../../terminal/driver/drive.ts";
import { bytesText, filesText } from "./amounts.ts";
import type { CopyView } from "./resolve.ts";
import { formatDuration } from "../../../base/duration.ts";
import {
  nothingRan,
  type RunEvent,
  runMilestone,
  RunProgress,
} from "../../../present/run_progress.ts";
import { copyReport } from "../../../actions/copy/report.ts";
import type { Target } from "../../../actions/exec/events.ts";
import type { Style } from "../../../terminal/style.ts";
import type { Piece } from "../../../terminal/terminal.ts";
import { FoldedTroubles } from "../../../present/folded_failures.ts";
import { skippedReasons, summaryText } from "../../../present/summary.ts";
import {
  failedContextText,
  notKeptText,
  skippedPodTexts,
  waitingContextText,
} from "../../../present/run_notes.ts";

/** What the terminal adds to the options of a copy. */
export type CopyExtras = Pick<CopyOptions, "signal" | "confirm">;

/** The environment in which a copy is shown. */
export type CopySurroundings = Pick<Invocation, "terminal" | "signals" | "environment">;

/** Shows the copy that `start` starts; returns the exit code of the process. */
export async function showCopy(
  start: (extras: CopyExtras) => AsyncIterable<CopyEvent>,
  { invocation, clock, view }: { invocation: CopySurroundings; clock: Clock; view: CopyView },
): Promise<number> {
  const { terminal, signals, environment } = invocation;
  const painter = new CopyPainter({
    ...view,
    style: styleOf(terminal.stderr, environment, view.color),
  });
  // Behind a pipe another program may draw on this terminal, as a pager does.
  const shown = terminal.stdout.isTerminal && terminal.stderr.isTerminal;
  const watched = shown && !view.quiet && view.progress === "auto";
  return await drive<CopyEvent>(
    ({ signal }) => {
      const confirm = view.confirm.yes ? {} : {
        confirm: confirmOn(terminal, {
          above: view.confirm.above,
          stdin: false,
          listing: "--list",
          signal,
        }),
      };
      return start({ signal, ...confirm });
    },
    {
      terminal,
      signals,
      clock,
      painter,
      milestone: runMilestone,
      incomplete: nothingRan,
      progress: new CopyRunProgress(clock),
      confirmsInterrupt: true,
      statusLine: watched && environment("TERM") !== "dumb",
    },
  );
}

/** Prints what would be copied. */
export async function showPlan(
  start: (extras: CopyExtras) => AsyncIterable<CopyEvent>,
  { invocation, view }: { invocation: CopySurroundings; view: CopyView },
): Promise<number> {
  const { stdout, stderr } = invocation.terminal;
  const painter = new CopyPainter({
    ...view,
    style: styleOf(stderr, invocation.environment, view.color),
  });
  await interruptible(invocation.signals, async (signal) => {
    for await (const event of start({ signal })) {
      for (const { stream, data } of painter.paint(event)) {
        await invocation.terminal[stream].write(...data);
      }
      if (event.kind !== "planned") continue;
      await stdout.write(await planText(event, view.format));
      if (view.format !== "text" || view.quiet || event.bytes === null) continue;
      await stderr.write(`${bytesText(event.bytes)} into each of them\n`);
    }
  });
  return success;
}

async function planText(
  { targets, copies, bytes }: Extract<CopyEvent, { kind: "planned" }>,
  format: CopyView["format"],
): Promise<string> {
  if (format === "text") {
    const rows = copies.map(({ from, to }) => [printable(from), printable(to)]);
    return tableLines(["FROM", "TO"], rows).map((line) => `${line}\n`).join("");
  }
  const objects = targets.map(({ context, namespace, pod, container, node }, at) => ({
    context,
    namespace,
    pod,
    container,
    node,
    ...copies[at],
    bytes,
  }));
  return await renderData(objects, format);
}

/* Progress of a copy as one line of a terminal: a bar, the rate of the last seconds, and the time remaining. */

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

  override follow(event: RunEvent): void {
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
interface CopyPainterOptions extends Pick<CopyView, "format" | "quiet" | "single"> {
  /** Style of standard error. */
  style: Style;
}

/** Formats the events of one copy. */
class CopyPainter {
  readonly #options: CopyPainterOptions;
  #targets: readonly Target[] = [];
  #names: readonly string[] = [];
  readonly #notes = new Map<number, string[]>();
  readonly #startedAt = new Map<number, Date>();
  #reports = 0;
  readonly collected = new FoldedTroubles();
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
        return quiet ? [] : [messagePiece(`${this.#names[event.target] ?? ""}: ${event.text}`)];
      case "targetEnded":
        return this.#ended(event);
      case "contextWaiting":
        return quiet ? [] : [messagePiece(waitingContextText(event))];
      case "contextFailed":
        this.#extras.failedContexts += 1;
        if (event.error.kind === "unreachable") this.#extras.unreachableContexts += 1;
        return [messagePiece(failedContextText(event))];
      case "notRecorded":
        return quiet ? [] : [messagePiece(notKeptText(event))];
      case "podsSkipped":
        this.#extras.notReady += event.skipped.length;
        return quiet ? [] : skippedPodTexts(event).map((text) => messagePiece(text));
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
    this.collected.add(this.#names[target] ?? "", outcome, "not copied");
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

  #end(event: Extract<CopyEvent, { kind: "runEnded" }>): Piece[] {
    const { format, quiet, single, style } = this.#options;
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
