/** Errors of targets, equal ones once: a server that is down is one fact, even with many pods. */
import { compressNames, type Outcome } from "../actions/exec/events.ts";
import { messagePiece } from "../terminal/printable.ts";
import type { Piece } from "../terminal/terminal.ts";
import { type Trouble, troubleOf } from "./summary.ts";

/** Collects errors until they are printed. */
export class FoldedTroubles {
  #groups = new Map<string, { trouble: Trouble; names: string[] }>();
  /** Each hint is printed once in a run. */
  readonly #hints = new Set<string>();

  /** @param failure the name of a failure with a reason, if it isn't a command that didn't start. */
  add(name: string, outcome: Outcome, failure?: string): void {
    const found = troubleOf(outcome);
    if (found === undefined) return;
    const trouble = outcome.kind === "failed" && failure !== undefined
      ? { what: failure, why: found.why }
      : found;
    const key = JSON.stringify(trouble);
    const group = this.#groups.get(key);
    if (group === undefined) this.#groups.set(key, { trouble, names: [name] });
    else group.names.push(name);
  }

  get isEmpty(): boolean {
    return this.#groups.size === 0;
  }

  /** Returns the messages about all that was added since the last call; a hint follows the errors that it is for. */
  take(): Piece[] {
    const groups = [...this.#groups.values()];
    this.#groups = new Map();
    const lines = groups.flatMap(({ trouble: { what, why, hint }, names: ended }) => {
      // The same whichever target ends first.
      const names = ended.toSorted();
      const line = names.length === 1
        ? `${names[0]}: ${what}: ${why}`
        : `${what} in ${names.length} pods (${compressNames(names)}): ${why}`;
      if (hint === undefined || this.#hints.has(hint)) return [line];
      this.#hints.add(hint);
      return [line, `hint: ${hint}`];
    });
    return lines.map(messagePiece);
  }
}
