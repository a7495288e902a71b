/** Why a target isn't ok, as text: the same in every face, in reports and in records. */
import { formatDuration } from "../base/duration.ts";
import { type Outcome, remainsOf } from "./outcome.ts";
import { outcomeName } from "./summary.ts";

/** Returns what the command itself can't have reported; undefined if there is nothing. */
export function outcomeReason(outcome: Outcome): string | undefined {
  switch (outcome.kind) {
    case "ok":
      return undefined;
    case "timeout": {
      const limit = outcome.limit === "connect" ? "no stream" : "not done";
      const text = `${limit} within ${formatDuration(outcome.afterMs)}`;
      return [text, ...remainsOf(outcome)].join("; ");
    }
    case "cancelled":
      return remainsOf(outcome).join("; ") || undefined;
    default:
      return outcome.reason;
  }
}

/** Returns the reason; without one the exit code, or the name of the outcome. */
export function reasonOrName(outcome: Outcome): string {
  const reason = outcomeReason(outcome);
  if (reason !== undefined) return reason;
  return outcome.kind === "failed" ? `exit code ${outcome.exitCode}` : outcomeName(outcome.kind);
}

/** Returns the outcome with its reason: `exit code 3`, `timed out: not done within 5s`. */
export function outcomeText(outcome: Outcome): string {
  const reason = reasonOrName(outcome);
  const name = outcomeName(outcome.kind);
  return outcome.kind === "failed" || reason === name ? reason : `${name}: ${reason}`;
}
