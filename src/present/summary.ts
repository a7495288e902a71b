/** Outcomes and the summary of a run, as text. */
import { type Outcome, remainsOf, type RunSummary } from "../actions/exec/events.ts";
import { counted } from "../base/counted.ts";
import { formatDuration } from "../base/duration.ts";

/** The summary of a run besides the outcomes of its targets. */
export interface SummaryExtras {
  /** Contexts whose pods aren't known, and how many of them were unreachable. */
  failedContexts: number;
  unreachableContexts: number;
  /** Pods that were selected and can't be used. */
  notReady: number;
}

/** `47 ok, 2 failed (exit 1: web-3; exit 127: web-9), 1 context unreachable, 1 not ready`. */
export function summaryText(summary: RunSummary, extras: SummaryExtras): string {
  const { failedContexts, unreachableContexts, notReady } = extras;
  const how = failedContexts === unreachableContexts ? "unreachable" : "failed";
  return [
    summary.text,
    ...(failedContexts === 0 ? [] : [`${counted(failedContexts, "context")} ${how}`]),
    ...(notReady === 0 ? [] : [`${notReady} not ready`]),
  ].join(", ");
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
  hint?: string;
}

/** Undefined if the command itself has reported it, or was never to start. */
export function troubleOf(outcome: Outcome): Trouble | undefined {
  switch (outcome.kind) {
    case "ok":
    case "skipped":
      return undefined;
    case "failed":
      return outcome.reason === undefined
        ? undefined
        : { what: "not started", why: outcome.reason, ...startHint(outcome.reason) };
    case "timeout": {
      const limit = outcome.limit === "connect" ? "no stream" : "not done";
      const text = `${limit} within ${formatDuration(outcome.afterMs)}`;
      return { what: "timed out", why: [text, ...remainsOf(outcome)].join("; ") };
    }
    case "forbidden": {
      const { reason, hint } = outcome;
      return { what: "forbidden", why: reason, ...(hint === undefined ? {} : { hint }) };
    }
    case "unreachable":
    case "unknown":
      return { what: outcome.kind, why: outcome.reason };
    case "cancelled": {
      const rest = remainsOf(outcome).join("; ");
      return rest === "" ? undefined : { what: "cancelled", why: rest };
    }
  }
}

/** A shell that is missing in many images. */
function startHint(reason: string): { hint?: string } {
  return /"(?:bash|zsh|\/bin\/bash)"/.test(reason)
    ? { hint: "the image may have no bash: try sh, or `kodama shell`, which finds a shell" }
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
  if (outcome.reason !== undefined) {
    return `command not started: ${outcome.reason} (exit code ${outcome.exitCode})`;
  }
  const by = outcome.signal === undefined ? "" : ` (${outcome.signal})`;
  return `command terminated with exit code ${outcome.exitCode}${by}`;
}
