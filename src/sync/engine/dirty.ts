/** Paths that may have changed, debounced until their writer is idle. */
import type { Clock } from "../../base/clock.ts";
import type { Side } from "../core/model.ts";

/** Paths to inspect. */
export interface Work {
  /** The changed paths by side; `anywhere` if everything is to be scanned. */
  paths: Record<Side, ReadonlySet<string>>;
  anywhere: boolean;
}

/** How long a side must be quiet, and the longest wait for a busy side. */
const debounceMs: Record<Side, number> = { local: 30, remote: 10 };
const maxDebounceMs = 500;
/** More paths than these are treated as all. */
const maxPaths = 2000;

/** Collects from both sides, for one consumer. */
export class Dirty {
  #paths: Record<Side, Set<string>> = { local: new Set(), remote: new Set() };
  #anywhere = false;
  #firstAtMs = 0;
  #timer: Disposable | undefined;
  #due = false;
  #wake: () => void = () => {};

  constructor(private readonly clock: Clock) {}

  /** Marks a path as possibly changed. */
  add(side: Side, path: string): void {
    const paths = this.#paths[side];
    paths.add(path);
    if (paths.size > maxPaths) this.#anywhere = true;
    this.#debounce(debounceMs[side]);
  }

  /** Marks everything as possibly changed. */
  addAll(side: Side | "now"): void {
    this.#anywhere = true;
    this.#debounce(side === "now" ? 0 : debounceMs[side]);
  }

  #debounce(delayMs: number): void {
    const now = this.clock.elapsedMs();
    if (this.#timer === undefined) this.#firstAtMs = now;
    this.#timer?.[Symbol.dispose]();
    const remainingMs = Math.max(0, this.#firstAtMs + maxDebounceMs - now);
    this.#timer = this.clock.timer(Math.min(delayMs, remainingMs), () => {
      this.#timer = undefined;
      this.#due = true;
      this.#wake();
    });
  }

  /** Whether there is debounced work. */
  get due(): boolean {
    return this.#due;
  }

  /** Resolves when there is. */
  debounced(): Promise<void> {
    if (this.#due) return Promise.resolve();
    return new Promise((resolve) => this.#wake = resolve);
  }

  /** Takes all work, debounced or not. */
  take(): Work {
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
    this.#due = false;
    const work = { paths: this.#paths, anywhere: this.#anywhere };
    this.#paths = { local: new Set(), remote: new Set() };
    this.#anywhere = false;
    return work;
  }

  /** Clears the timers. */
  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]();
  }
}
