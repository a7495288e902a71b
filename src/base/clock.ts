/** Time, passed in: tests drive a clock of their own, so no test waits and none depends on a machine's speed. */

/** The three operations on time that kodama needs. */
export interface Clock {
  /** The date and time of day, for output and files. It may jump. */
  now(): Date;
  /** Milliseconds since some fixed moment; never jumps. Durations are differences of it. */
  elapsedMs(): number;
  /** Calls `fire` once after `delayMs`, unless it is disposed of before. */
  timer(delayMs: number, fire: () => void): Disposable;
}

/**
 * All timers of the process, on few wake-ups.
 *
 * Why not `setTimeout`: under Deno its first call loads node's timers, which costs 5 to 7 ms at startup, and each is an
 * operation of the runtime's own. `AbortSignal.timeout` is always loaded, but can't be cancelled: it is started only if
 * no pending wake-up comes early enough, and a wake-up that is no longer needed has no effect.
 */
export class TimerQueue {
  /** In the order of their calls, which decides if two are due at the same moment. */
  readonly #timers = new Set<Timer>();
  /** Times of the pending wake-ups: few, as a wake-up is started only if none comes early enough. */
  readonly #wakesAtMs = new Set<number>();

  /** `now` is the time in milliseconds, from any start. */
  constructor(private readonly now: () => number = () => performance.now()) {
  }

  /** Calls `fire` once after `delayMs`, unless it is disposed of before. */
  add(delayMs: number, fire: () => void): Disposable {
    const timer: Timer = { dueAtMs: this.now() + Math.max(0, delayMs), fire };
    this.#timers.add(timer);
    this.#wakeBy(timer.dueAtMs);
    return { [Symbol.dispose]: () => this.#timers.delete(timer) };
  }

  /** Scans all of them: thousands cost less than the wake-up itself. */
  #wake(): void {
    const now = this.now();
    const due: Timer[] = [];
    let next = Infinity;
    for (const timer of this.#timers) {
      if (timer.dueAtMs <= now) due.push(timer);
      else next = Math.min(next, timer.dueAtMs);
    }
    this.#wakeBy(next);
    for (const timer of due.toSorted((one, other) => one.dueAtMs - other.dueAtMs)) {
      // An earlier callback may have cancelled this timer.
      if (!this.#timers.delete(timer)) continue;
      try {
        timer.fire();
      } catch (error) {
        // An error in a callback ends the process, as in any timer, and doesn't skip the others.
        reportError(error);
      }
    }
  }

  #wakeBy(atMs: number): void {
    const latestMs = Math.min(atMs, this.now() + maxDelayMs);
    if (atMs === Infinity || this.#wakesAtMs.values().some((wakesAtMs) => wakesAtMs <= latestMs)) {
      return;
    }
    this.#wakesAtMs.add(latestMs);
    const delayMs = Math.max(0, Math.ceil(latestMs - this.now()));
    AbortSignal.timeout(delayMs).addEventListener("abort", () => {
      this.#wakesAtMs.delete(latestMs);
      this.#wake();
    });
  }
}

/** A day: the runtime's delays are limited, and a wake-up that is too early finds nothing due. */
const maxDelayMs = 86_400_000;

interface Timer {
  dueAtMs: number;
  fire: () => void;
}

const timers = new TimerQueue();

/** The machine's own clock. */
export const systemClock: Clock = {
  now: () => new Date(),
  elapsedMs: () => performance.now(),
  timer: (delayMs, fire) => timers.add(delayMs, fire),
};
