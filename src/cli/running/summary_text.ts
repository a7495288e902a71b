/** Outcomes and the summary of a run, as a person reads them. */
import { type Outcome, restOf, type RunSummary } from "../../actions/exec_events.ts";
import { formatDuration } from "../../base/duration.ts";

/** `47 ok, 2 failed (1: weka-drive-3; 127: weka-drive-9), 1 timeout in 12s`. */
export function summaryText(summary: RunSummary, durationMs: number): string {
  return `${summary.text} in ${formatDuration(durationMs)}`;
}

/** Why targets were never begun: each reason once. */
export function skippedReasons(outcomes: readonly Outcome[]): string[] {
  const reasons = outcomes.flatMap((outcome) => outcome.kind === "skipped" ? [outcome.reason] : []);
  return [...new Set(reasons)].map((reason) => `skipped because ${reason}`);
}

/** What a target's command couldn't say itself; undefined where it has, or was never to begin. */
export function troubleText(outcome: Outcome): string | undefined {
  switch (outcome.kind) {
    case "ok":
    case "skipped":
      return undefined;
    case "failed":
      return outcome.reason === undefined ? undefined : `not started: ${outcome.reason}`;
    case "timeout": {
      const limit = outcome.limit === "connect" ? "no stream" : "not done";
      const text = `timeout: ${limit} within ${formatDuration(outcome.afterMs)}`;
      return [text, ...restOf(outcome)].join("; ");
    }
    case "unreachable":
      return `unreachable: ${outcome.reason}`;
    case "unknown":
      return `unknown: ${outcome.reason}`;
    case "cancelled":
      return restOf(outcome).length === 0 ? undefined : `cancelled: ${restOf(outcome).join("; ")}`;
  }
}

/** How one single target ended, in kubectl's words; undefined after a success. */
export function singleOutcomeText(outcome: Outcome): string | undefined {
  if (outcome.kind !== "failed") return troubleText(outcome);
  if (outcome.reason !== undefined) {
    return `command not started: ${outcome.reason} (exit code ${outcome.exitCode})`;
  }
  const by = outcome.signal === undefined ? "" : ` (${outcome.signal})`;
  return `command terminated with exit code ${outcome.exitCode}${by}`;
}
