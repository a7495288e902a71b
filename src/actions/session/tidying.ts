/** Cleanup after a command that failed or was interrupted: with a separate time limit, reported with the failure. */
import { Deadline } from "../../base/abort.ts";
import type { Clock } from "../../base/clock.ts";
import { definedOnly } from "../../base/defined_only.ts";
import { KodamaError } from "../../base/errors.ts";
import { type Hint, hint } from "../../base/hint.ts";
import { SessionStore } from "../../session/store.ts";

/** For a few calls; a second Ctrl-C exits at once. */
const usualLimitMs = 15_000;

/**
 * Cleans up; returns false if the cluster refused it, or the time was up: the earlier failure is the one reported. The
 * command's signal is ignored, as it may be the reason for the end.
 */
export async function tidiedUp(
  clock: Clock,
  { client, namespace }: SessionStore,
  work: (store: SessionStore, signal: AbortSignal) => Promise<void>,
  limitMs: number = usualLimitMs,
): Promise<boolean> {
  using deadline = new Deadline(clock, limitMs);
  const { signal } = deadline;
  try {
    await work(new SessionStore(client, namespace, clock, signal), signal);
    return true;
  } catch (error) {
    if (!(error instanceof KodamaError) && !deadline.expired) throw error;
    return false;
  }
}

/**
 * Returns why work ended, as reported to the user: by their own signal, if it aborted, with the work's own hint.
 *
 * @throws the error itself if it isn't one of kodama's own.
 */
export function kodamaErrorOf(error: unknown, signal: AbortSignal): KodamaError {
  const failure = signal.aborted ? signal.reason : error;
  if (!(failure instanceof KodamaError)) throw error;
  if (failure === error || !(error instanceof KodamaError) || error.kind !== "cancelled") {
    return failure;
  }
  const hint = failure.hint ?? error.hint;
  return new KodamaError(failure.kind, failure.message, definedOnly({ hint, cause: error }));
}

/** Returns the error with what remains; its own hint comes first, as it is closer to the reason. */
export function withOutcome(error: KodamaError, outcome: Hint): KodamaError {
  return new KodamaError(error.kind, error.message, {
    hint: error.hint === undefined ? outcome : hint`${error.hint}\n${outcome}`,
    cause: error,
  });
}
