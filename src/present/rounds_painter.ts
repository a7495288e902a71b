/** Formats the rounds of a watched command or workflow: the first as any run, then the changes. */
import type { Round, RoundDiff, RoundFailure, WatchEvent } from "../actions/rounds.ts";
import { formatDuration } from "../base/duration.ts";
import { plural } from "../base/plural.ts";
import type { Milestone, Painter, Progress } from "../terminal/driver/drive.ts";
import { messagePiece } from "../terminal/printable.ts";
import type { Style } from "../terminal/style.ts";
import type { Piece } from "../terminal/terminal.ts";
import { jsonLine } from "./json.ts";
import { changeLines, changesData, runDiffData, stepDiffLines } from "./run_diff.ts";
import { failedContextText } from "../runs/notes.ts";

/** Display options of a watch. */
interface RoundsPainterOptions<E> {
  /** Paints the first round. */
  run: Painter<E>;
  format: "text" | "jsonl";
  style: Style;
}

/** Formats the events of one watch. A round without a change is only in the status line. */
export class RoundsPainter<E> implements Painter<WatchEvent<E>> {
  readonly collected;
  /** The failures that were printed last. */
  #failures = "";

  constructor(private readonly options: RoundsPainterOptions<E>) {
    this.collected = options.run.collected ?? { isEmpty: true, take: () => [] };
  }

  paint(event: WatchEvent<E>): readonly Piece[] {
    if (event.kind === "first") return this.options.run.paint(event.event);
    if (event.kind !== "roundEnded") return [];
    const changed = event.diff === undefined ? [] : this.#changed(event, event.diff);
    return [...this.#failed(event), ...changed];
  }

  #changed({ round, at, exitCode }: Round, diff: RoundDiff): Piece[] {
    const { format, style } = this.options;
    const isOfPods = diff.kind === "run";
    const isFirst = round === 1;
    if (!diff.isDifferent && !(isOfPods && (isFirst || diff.changes.replaced.length > 0))) {
      return [];
    }
    if (format === "jsonl") {
      // The pods of a command are those of `runs diff -o json`, without its heads.
      const data = isOfPods ? changesData(diff.changes) : runDiffData(diff);
      return [{ stream: "stdout", data: [jsonLine({ round, at, exitCode, ...data })] }];
    }
    // The run itself was shown.
    if (isFirst) return [];
    const time = timeOfDay(at);
    const changes = isOfPods
      ? changeLines(diff.changes, style, "-o jsonl")
      : stepDiffLines(diff, style, "-o jsonl");
    const lines = changes.map((line, index) =>
      `${index === 0 ? style.bold(time) : " ".repeat(time.length)}  ${line}\n`
    );
    return [{ stream: "stdout", data: lines }];
  }

  /** A failure that lasts is printed once, and its end too. */
  #failed({ round, at, failures, targets }: Round): Piece[] {
    const texts = failures.map(failureText);
    const all = texts.join("\n");
    const before = this.#failures;
    this.#failures = all;
    // Those of the first round are messages of its run.
    if (round === 1 || all === before) return [];
    const back = targets === undefined ? "it runs again" : "every context answers again";
    return (all === "" ? [back] : texts).map((text) => messagePiece(`${timeOfDay(at)}  ${text}`));
  }
}

function failureText({ context, error }: RoundFailure): string {
  return context === "" ? error.message : failedContextText({ context, error });
}

/** Returns what an event means to the driver. */
export function watchMilestone(
  event: WatchEvent<{ kind: string } | { event: string }>,
): Milestone | undefined {
  if (event.kind === "watchEnded") return { kind: "ended", exitCode: event.exitCode };
  if (event.kind !== "first") return undefined;
  const first = event.event;
  return ("event" in first ? first.event : first.kind) === "runStarted"
    ? { kind: "started" }
    : undefined;
}

/** Shows the first round's own progress, then when the last round was and the last change. */
export class WatchProgress<E> implements Progress<WatchEvent<E>> {
  #last: Round | undefined;
  #changedAt: Date | undefined;
  #isRunning = true;
  /** Absent unless the rounds report their state. */
  state?: () => string | undefined;

  /**
   * @param run the progress of the first round.
   * @param options.reports the state of the first round is printed on request.
   */
  constructor(
    private readonly run: Progress<E>,
    private readonly everyMs: number,
    { reports = false }: { reports?: boolean } = {},
  ) {
    if (reports) this.state = () => this.#isRunning ? run.state?.() : undefined;
  }

  follow(event: WatchEvent<E>): void {
    if (event.kind === "first") this.run.follow(event.event);
    if (event.kind === "roundStarted") this.#isRunning = true;
    if (event.kind !== "roundEnded") return;
    this.#isRunning = false;
    this.#last = event;
    if (this.#changedAt === undefined || event.diff?.isDifferent === true) {
      this.#changedAt = event.at;
    }
  }

  /** `12:05:10  round 7, 12 pods, no change since 12:03:50; every 10s, Ctrl-C ends`. */
  statusLine(elapsedMs: number, rows: number): string {
    const [last, changedAt] = [this.#last, this.#changedAt];
    if (last === undefined || changedAt === undefined) return this.run.statusLine(elapsedMs, rows);
    const { at, round, targets, failures } = last;
    const pods = targets === undefined
      ? ""
      : `, ${failures.length > 0 && targets === 0 ? "no answer" : plural(targets, "pod")}`;
    const state = this.#isRunning
      ? `round ${round + 1} is running`
      : `every ${formatDuration(this.everyMs)}, Ctrl-C ends`;
    return `${timeOfDay(at)}  round ${round}${pods}, ` +
      `no change since ${timeOfDay(changedAt)}; ${state}`;
  }
}

/** `12:04:10`, in the time zone of this machine. */
function timeOfDay(at: Date): string {
  return [at.getHours(), at.getMinutes(), at.getSeconds()]
    .map((number) => String(number).padStart(2, "0")).join(":");
}
