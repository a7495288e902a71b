/** The status line of a watch, whatever it repeats. */
import { formatDuration } from "../base/duration.ts";
import type { Progress } from "../terminal/driver/drive.ts";

/** A round that has ended. */
interface WatchedRound {
  kind: "roundEnded";
  /** From 1. */
  round: number;
  at: Date;
}

/** What a watch reports. */
type WatchedEvent<E, R extends WatchedRound> =
  | { kind: "first"; event: E }
  | { kind: "roundStarted" }
  | R
  | { kind: "watchEnded" };

/** What differs between watches. */
export interface WatchProgressOptions<E, R> {
  /** The progress of the first round. */
  run: Progress<E>;
  everyMs: number;
  isChanged: (round: R) => boolean;
  /** Added to the round's number: `, 12 pods`. */
  detail?: (round: R) => string;
}

/** Shows the first round's own progress, then when the last round was and the last change. */
export class WatchProgress<E, R extends WatchedRound> implements Progress<WatchedEvent<E, R>> {
  readonly #options: WatchProgressOptions<E, R>;
  #last: R | undefined;
  #changedAt: Date | undefined;
  #isRunning = true;

  constructor(options: WatchProgressOptions<E, R>) {
    this.#options = options;
  }

  follow(event: WatchedEvent<E, R>): void {
    if (event.kind === "first") this.#options.run.follow(event.event);
    if (event.kind === "roundStarted") this.#isRunning = true;
    if (event.kind !== "roundEnded") return;
    this.#isRunning = false;
    this.#last = event;
    if (this.#changedAt === undefined || this.#options.isChanged(event)) this.#changedAt = event.at;
  }

  /** `12:05:10  round 7, 12 pods, no change since 12:03:50; every 10s, Ctrl-C ends`. */
  statusLine(elapsedMs: number, rows: number): string {
    const { run, everyMs, detail = () => "" } = this.#options;
    const [last, changedAt] = [this.#last, this.#changedAt];
    if (last === undefined || changedAt === undefined) return run.statusLine(elapsedMs, rows);
    const state = this.#isRunning
      ? `round ${last.round + 1} is running`
      : `every ${formatDuration(everyMs)}, Ctrl-C ends`;
    return `${timeOfDay(last.at)}  round ${last.round}${detail(last)}, ` +
      `no change since ${timeOfDay(changedAt)}; ${state}`;
  }
}

/** `12:04:10`, in the time zone of this machine. */
export function timeOfDay(at: Date): string {
  return [at.getHours(), at.getMinutes(), at.getSeconds()]
    .map((number) => String(number).padStart(2, "0")).join(":");
}
