/** Progress of a copy as one line of a terminal: a bar, the rate of the last seconds, and the time remaining. */
import type { CopyProgress } from "../../../actions/copy/events.ts";
import type { Clock } from "../../../base/clock.ts";
import { formatDuration } from "../../../base/duration.ts";
import { ProgressTracker } from "../../../present/run_progress.ts";
import { bytesText } from "./amounts.ts";

/** The rate is averaged over this time. */
const windowMs = 5000;
const barCells = 20;

/** Follows the bytes as well as the targets. */
export class CopyTracker extends ProgressTracker {
  #samples: { atMs: number; movedBytes: number }[] = [];
  #progress: CopyProgress | undefined;

  constructor(private readonly clock: Clock) {
    super();
  }

  take(progress: CopyProgress): void {
    const atMs = this.clock.elapsedMs();
    this.#progress = progress;
    this.#samples = this.#samples.filter((sample) => atMs - sample.atMs <= windowMs);
    this.#samples.push({ atMs, movedBytes: progress.movedBytes });
  }

  /** Comes before the counts of targets; empty while nothing is transferred. */
  override get detail(): string {
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
