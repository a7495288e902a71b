/** A clock that only a test advances. */
import { setImmediate } from "node:timers";
import { waitingFor } from "./waits.ts";
import type { Clock } from "../clock.ts";

interface Timer {
  dueMs: number;
  delayMs: number;
  fire: () => void;
}

/** Time starts at 0, by default on 1 January 2026. */
export class ManualClock implements Clock {
  #nowMs = 0;
  readonly #timers = new Set<Timer>();
  #start: number;
  #started = Promise.withResolvers<void>();

  constructor(start = "2026-01-01T00:00:00Z") {
    this.#start = Date.parse(start);
  }

  now(): Date {
    return new Date(this.#start + this.#nowMs);
  }

  elapsedMs(): number {
    return this.#nowMs;
  }

  timer(delayMs: number, fire: () => void): Disposable {
    const timer = { dueMs: this.#nowMs + delayMs, delayMs, fire };
    this.#timers.add(timer);
    this.#started.resolve();
    this.#started = Promise.withResolvers<void>();
    return { [Symbol.dispose]: () => void this.#timers.delete(timer) };
  }

  /** The number of pending timers. */
  get waiting(): number {
    return this.#timers.size;
  }

  /** Advances to the next timer and fires it; returns false if there is none. */
  step(): boolean {
    let next: Timer | undefined;
    for (const timer of this.#timers) {
      if (next === undefined || timer.dueMs < next.dueMs) next = timer;
    }
    if (next === undefined) return false;
    this.#timers.delete(next);
    this.#nowMs = Math.max(this.#nowMs, next.dueMs);
    next.fire();
    return true;
  }

  /** Advances the time, and fires the timers that are due by then. */
  advance(durationMs: number): void {
    this.#nowMs += durationMs;
    for (const timer of [...this.#timers]) {
      if (timer.dueMs <= this.#nowMs && this.#timers.delete(timer)) timer.fire();
    }
  }

  /** Changes the date and the time of day; durations stay as they are. */
  jump(byMs: number): void {
    this.#start += byMs;
  }

  /** Resolves as soon as a timer of exactly this length starts. */
  async waitedFor(durationMs: number): Promise<void> {
    while (![...this.#timers].some(({ delayMs }) => delayMs === durationMs)) {
      const seen = () => [...this.#timers].map(({ delayMs }) => `${delayMs} ms`).join(", ");
      await waitingFor(
        () => `a timer of ${durationMs} ms; there are: ${seen()}`,
        this.#started.promise,
      );
    }
  }

  /** Advances time whenever nothing else can run, until the promise settles. */
  async runUntil<T>(promise: Promise<T>): Promise<T> {
    let settled = false;
    const watched = promise.finally(() => settled = true);
    watched.catch(() => {});
    while (!settled) {
      await quiet();
      // Without a timer it waits for something real, for example a module that is loaded.
      if (!settled && !this.step()) await new Promise((resolve) => setTimeout(resolve));
    }
    return await watched;
  }
}

/** Resolves when every promise that can settle by itself has: an immediate comes after all microtasks. */
export function quiet(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}
