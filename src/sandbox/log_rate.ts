/** Lines of a script, as many and as long as somebody could read. */
import type { Clock } from "../base/clock.ts";

/** Characters of a line, and lines of a second. */
export const logLimits = { line: 10_000, perSecond: 10_000 } as const;

/** Passes lines on, cut where they are too long. */
export class LogRate {
  #second = -Infinity;
  #lines = 0;

  constructor(readonly clock: Clock, readonly take: (line: string) => void) {}

  /** False where it is one line too many for this second. */
  add(text: string): boolean {
    for (const line of text.split("\n")) {
      const second = Math.floor(this.clock.elapsedMs() / 1000);
      if (second !== this.#second) [this.#second, this.#lines] = [second, 0];
      if (++this.#lines > logLimits.perSecond) return false;
      this.take(line.length > logLimits.line ? `${line.slice(0, logLimits.line)}…` : line);
    }
    return true;
  }
}
