/**
 * All timers of the process behind one wake-up.
 *
 * Why not `setTimeout`: under Deno its first call loads node's timers, which costs 5 to 7 ms of a start, and each
 * is an operation of the runtime's own. `AbortSignal.timeout` is there from the beginning, but can't be taken
 * back; so at most a few of them are under way, and one that nobody waits for any more wakes up for nothing.
 */
export class TimerQueue {
  /** In the order of their calls, which decides where two are due at the same moment. */
  readonly #timers = new Set<Timer>();
  /** When the next wake-up comes; infinite where none is under way. */
  #wakesAtMs = Infinity;

  /** Calls `fire` once after `delayMs`, unless it is disposed of before. */
  add(delayMs: number, fire: () => void): Disposable {
    const timer: Timer = { dueAtMs: performance.now() + Math.max(0, delayMs), fire };
    this.#timers.add(timer);
    this.#wakeBy(timer.dueAtMs);
    return { [Symbol.dispose]: () => this.#timers.delete(timer) };
  }

  /** Looks through all of them: thousands take less than what woke it. */
  #wake(): void {
    this.#wakesAtMs = Infinity;
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
    if (atMs >= this.#wakesAtMs) return;
    this.#wakesAtMs = atMs;
    const delayMs = Math.min(maxDelayMs, Math.max(0, Math.ceil(atMs - performance.now())));
    AbortSignal.timeout(delayMs).addEventListener("abort", () => {
      // An earlier one took its place.
      if (this.#wakesAtMs === atMs) this.#wake();
    });
  }
}

/** A day: an `Infinity` isn't a delay to the runtime, and a wake-up that is too early sees that nothing is due. */
const maxDelayMs = 86_400_000;

interface Timer {
  dueAtMs: number;
  fire: () => void;
}
