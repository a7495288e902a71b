/** The exit code of a whole run: the table of the reference, as a function. */
import type { Outcome } from "./outcome.ts";

/** Codes of a run. 2 is a wrong command line, which isn't an outcome; 130 is 128 + SIGINT. */
const codes = { ok: 0, forbidden: 1, limit: 3, unreachable: 4, failed: 5, stopped: 130 } as const;

/**
 * Returns the gravest outcome: unreachable or unknown, then timed out or cancelled, then forbidden, then a failed
 * command. A single target returns its own exit code, like kubectl.
 *
 * @param options.failedContexts contexts whose targets could not even be listed: unreachable, all of them.
 * @param options.maxExitCode failed commands return the largest of their codes.
 * @param options.stopped a user or a signal stopped the run, whatever its state by then.
 */
export function exitCodeOfRun(
  outcomes: readonly Outcome[],
  options: { failedContexts?: number; maxExitCode?: boolean; stopped?: boolean } = {},
): number {
  if (options.stopped === true) return codes.stopped;
  const kinds = new Set(outcomes.map((outcome) => outcome.kind));
  const contextFailed = (options.failedContexts ?? 0) > 0;
  if (contextFailed || kinds.has("unreachable") || kinds.has("unknown")) return codes.unreachable;
  if (kinds.has("timeout") || kinds.has("cancelled")) return codes.limit;
  if (kinds.has("forbidden")) return codes.forbidden;
  const remote = outcomes.map((outcome) => outcome.kind === "failed" ? outcome.exitCode : 0);
  const largest = remote.reduce((max, code) => Math.max(max, code), 0);
  if (largest > 0) {
    return outcomes.length === 1 || options.maxExitCode === true ? largest : codes.failed;
  }
  return kinds.has("skipped") ? codes.limit : codes.ok;
}
