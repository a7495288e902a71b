/**
 * All timers of the process behind few wake-ups.
 *
 * Why not `setTimeout`: under Deno its first call loads node's timers, which costs 5 to 7 ms of a start, and each
 * is an operation of the runtime's own. `AbortSignal.timeout` is there from the beginning, but can't be taken back:
 * one is begun only where none that is under way comes early enough, and one that nobody waits for any more wakes
 * up for nothing.
 */
export class TimerQueue {
  /** In the order of their calls, which decides where two are due at the same moment. */
  readonly #timers = new Set<Timer>();
  /** When the wake-ups come that are under way: few, for one is begun only where none comes early enough. */
  readonly #wakesAtMs = new Set<number>();

  /** Calls `fire` once after `delayMs`, unless it is disposed of before. */
  add(delayMs: number, fire: () => void): Disposable {
    const timer: Timer = { dueAtMs: performance.now() + Math.max(0, delayMs), fire };
    this.#timers.add(timer);
    this.#wakeBy(timer.dueAtMs);
    return { [Symbol.dispose]: () => this.#timers.delete(timer) };
  }

  /** Looks through all of them: thousands take less than what woke it. */
  #wake(): void {
    const now = performance.now();
    const due: Timer[] = [];
    let next = Infinity;
    for (const timer of this.#timers) {
      if (timer.dueAtMs <= now) due.push(timer);
      else next = Math.min(next, timer.dueAtMs);
    }
    this.#wakeBy(next);
    for (const timer of due.toSorted((one, other) => one.dueAtMs - other.dueAtMs)) {
      // One that fired before it may have taken it back.
      if (!this.#timers.delete(timer)) continue;
      try {
        timer.fire();
      } catch (error) {
        // What one throws ends the process, as from any timer, and not the turn of the others.
        reportError(error);
      }
    }
  }

  #wakeBy(atMs: number): void {
    const latestMs = Math.min(atMs, performance.now() + maxDelayMs);
    if (atMs === Infinity || this.#wakesAtMs.values().some((wakesAtMs) => wakesAtMs <= latestMs)) {
      return;
    }
    this.#wakesAtMs.add(latestMs);
    const delayMs = Math.max(0, Math.ceil(latestMs - performance.now()));
    AbortSignal.timeout(delayMs).addEventListener("abort", () => {
      this.#wakesAtMs.delete(latestMs);
      this.#wake();
    });
  }
}

/** A day: the runtime's delays have an end, and a wake-up that is too early sees that nothing is due. */
const maxDelayMs = 86_400_000;

interface Timer {
  dueAtMs: number;
  fire: () => void;
}
