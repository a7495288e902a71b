/** Limits the number and length of a script's lines to what a person could read. */
import type { Clock } from "../base/clock.ts";

/** Characters of a line; lines of a second, and characters of them before they are cut. */
const logLimits = { line: 10_000, perSecond: 10_000, charactersPerSecond: 16e6 } as const;

/** Passes lines on; cuts those that are too long. */
export class LogRate {
  #second = -Infinity;
  #lines = 0;
  #characters = 0;

  constructor(readonly clock: Clock, readonly take: (line: string) => void) {}

  /** Returns false if it exceeds the limit of this second. */
  add(text: string): boolean {
    const second = Math.floor(this.clock.elapsedMs() / 1000);
    if (second !== this.#second) [this.#second, this.#lines, this.#characters] = [second, 0, 0];
    this.#characters += text.length;
    if (this.#characters > logLimits.charactersPerSecond) return false;
    for (const line of text.split("\n")) {
      if (++this.#lines > logLimits.perSecond) return false;
      this.take(line.length > logLimits.line ? `${line.slice(0, logLimits.line)}…` : line);
    }
    return true;
  }
}
