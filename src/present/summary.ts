/** Outcomes and the summary of a run, as text. */
import type { Hint } from "../base/hint.ts";
import { commandHint } from "./hints.ts";
import {
  compressNames,
  type ExecEvent,
  type Outcome,
  outcomeName,
  outcomeReason,
  type RunSummary,
} from "../actions/exec/events.ts";
import { plural } from "../base/plural.ts";
import { isNotReady } from "../runs/notes.ts";
import { messagePiece, printable } from "../terminal/printable.ts";
import type { Piece } from "../terminal/terminal.ts";

/** The summary of a run besides the outcomes of its targets, followed from its events. */
export class SummaryExtras {
  /** Contexts whose pods aren't known, and how many of them were unreachable. */
  failedContexts = 0;
  unreachableContexts = 0;
  /** Pods that were selected and can't be used. */
  notReady = 0;

  follow(event: { kind: string } | Extract<ExecEvent, { kind: "contextFailed" | "podsSkipped" }>) {
    if (event.kind === "contextFailed" && "error" in event) {
      this.failedContexts += 1;
      if (event.error.kind === "unreachable") this.unreachableContexts += 1;
    }
    if (event.kind === "podsSkipped" && "skipped" in event) {
      this.notReady += event.skipped.filter(isNotReady).length;
    }
  }
}

/** `47 ok, 2 failed (exit 1: web-3; exit 127: web-9), 1 context unreachable, 1 not ready`. */
export function summaryText(summary: RunSummary, extras: SummaryExtras): string {
  const { failedContexts, unreachableContexts, notReady } = extras;
  const how = failedContexts === unreachableContexts ? "unreachable" : "failed";
  return [
    summary.text,
    ...(failedContexts === 0 ? [] : [`${plural(failedContexts, "context")} ${how}`]),
    ...(notReady === 0 ? [] : [`${notReady} not ready`]),
  ].join(", ");
}

/** `failed: 2 of 50 pods failed: web-[3-4] (exit code 1)`: how a step or a workflow ended. */
export function stepText(
  { outcome, error }: { outcome: string | null; error: string | null },
): string {
  return printable(error === null ? `${outcome}` : `${outcome}: ${error}`);
}

/** Returns why targets were never started: each reason once. */
export function skippedReasons(outcomes: readonly Outcome[]): string[] {
  const reasons = outcomes.flatMap((outcome) => outcome.kind === "skipped" ? [outcome.reason] : []);
  return [...new Set(reasons)].map((reason) => `skipped because ${reason}`);
}

/** What a target's command couldn't report itself. */
export interface Trouble {
  /** `unreachable`, `not started`. */
  what: string;
  /** Empty if `what` is sufficient. */
  why: string;
  hint?: Hint;
}

/** Undefined if the command itself has reported it, or was never to start. */
export function troubleOf(outcome: Outcome): Trouble | undefined {
  switch (outcome.kind) {
    case "ok":
    case "skipped":
      return undefined;
    case "failed": {
      const { reason, signal } = outcome;
      if (reason === undefined) return undefined;
      return signal === undefined
        ? { what: "not started", why: reason, ...startHint(reason) }
        : { what: `failed (${signal})`, why: reason };
    }
    case "forbidden": {
      const { reason, hint } = outcome;
      return { what: "forbidden", why: reason, ...(hint === undefined ? {} : { hint }) };
    }
    default: {
      const why = outcomeReason(outcome);
      return why === undefined ? undefined : { what: outcomeName(outcome.kind), why };
    }
  }
}

/** A shell that is missing in many images. */
function startHint(reason: string): { hint?: Hint } {
  return /"(?:bash|zsh|\/bin\/bash)"/.test(reason)
    ? { hint: "the image may have no bash: try sh, or open a shell, which finds one" }
    : {};
}

/** {@link troubleOf} as one text. */
export function troubleText(outcome: Outcome): string | undefined {
  const trouble = troubleOf(outcome);
  return trouble && `${trouble.what}: ${trouble.why}`;
}

/** Returns how a single target ended, in kubectl's wording; undefined after a success. */
export function singleOutcomeText(outcome: Outcome): string | undefined {
  if (outcome.kind !== "failed") return troubleText(outcome);
  const { exitCode, signal, reason } = outcome;
  if (reason !== undefined && signal === undefined) {
    return `command not started: ${reason} (exit code ${exitCode})`;
  }
  const by = signal === undefined ? "" : ` (${signal})`;
  const why = reason === undefined ? "" : `: ${reason}`;
  return `command terminated with exit code ${exitCode}${by}${why}`;
}

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
      const text = hint === undefined ? undefined : commandHint(hint);
      if (text === undefined || this.#hints.has(text)) return [line];
      this.#hints.add(text);
      return [line, `hint: ${text}`];
    });
    return lines.map(messagePiece);
  }
}
