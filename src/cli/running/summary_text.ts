/** Outcomes and the summary of a run, as a person reads them. */
import type { Outcome, RunSummary } from "../../actions/exec_events.ts";
import { formatDuration } from "../duration.ts";

/** `47 ok, 2 failed (1: weka-drive-3; 127: weka-drive-9), 1 timeout in 12s`. */
export function summaryText(summary: RunSummary, durationMs: number): string {
  return `${summary.text} in ${formatDuration(durationMs)}`;
}

/** Why targets were never begun: each reason once. */
export function skippedReasons(outcomes: readonly Outcome[]): string[] {
  const reasons = outcomes.flatMap((outcome) => outcome.kind === "skipped" ? [outcome.reason] : []);
  return [...new Set(reasons)].map((reason) => `skipped because ${reason}`);
}

/** Why a target has no exit code of its own, or undefined where it has one or was never begun. */
export function troubleText(outcome: Outcome): string | undefined {
  switch (outcome.kind) {
    case "ok":
    case "failed":
    case "skipped":
      return undefined;
    case "timeout": {
      const limit = outcome.limit === "connect" ? "no stream" : "not done";
      return `timeout: ${limit} within ${formatDuration(outcome.afterMs)}`;
    }
    case "unreachable":
      return `unreachable: ${outcome.reason}`;
    case "unknown":
      return `unknown: ${outcome.reason}`;
    case "cancelled":
      return outcome.left === undefined ? undefined : `cancelled: ${outcome.left}`;
  }
}

/** How one single target ended, in kubectl's words; undefined after a success. */
export function singleOutcomeText(outcome: Outcome): string | undefined {
  if (outcome.kind !== "failed") return troubleText(outcome);
  const by = outcome.signal === undefined ? "" : ` (${outcome.signal})`;
  return `command terminated with exit code ${outcome.exitCode}${by}`;
}
