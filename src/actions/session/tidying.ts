/** What is done behind a command that failed or was interrupted: by time of its own, and told with the failure. */
import { Deadline } from "../../base/abort.ts";
import type { Clock } from "../../base/clock.ts";
import { definedOnly } from "../../base/defined_only.ts";
import { KodamaError } from "../../base/errors.ts";
import { SessionStore } from "../../session/store.ts";

/** Of a few calls; a second Ctrl-C leaves at once. */
const usualLimitMs = 15_000;

/**
 * Tidies up; false where the cluster refused it, or the time was up: the failure before it is what is told. The signal
 * of the command isn't heard, for it may be the reason for its end.
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
 * Why work ended, as a person is told it: by their own signal, where that came, with the way on that the work names.
 *
 * @throws the error itself where it is none of kodama's own.
 */
export function failureOf(error: unknown, signal: AbortSignal): KodamaError {
  const failure = signal.aborted ? signal.reason : error;
  if (!(failure instanceof KodamaError)) throw error;
  if (failure === error || !(error instanceof KodamaError) || error.kind !== "cancelled") {
    return failure;
  }
  const hint = failure.hint ?? error.hint;
  return new KodamaError(failure.kind, failure.message, definedOnly({ hint, cause: error }));
}

/** The error with what is left; its own hint first: it is nearer to the reason. */
export function withOutcome(error: KodamaError, outcome: string): KodamaError {
  const hint = error.hint === undefined ? outcome : `${error.hint}\n${outcome}`;
  return new KodamaError(error.kind, error.message, { hint, cause: error });
}
