/** A cluster that takes a call and says nothing: as good as one that isn't there. */
import { Deadline, orAborted } from "../../base/abort.ts";
import type { Clock } from "../../base/clock.ts";
import { KodamaError } from "../../base/errors.ts";

/** What answers at all does so in seconds; what doesn't is asked anew. */
const answerMs = 30_000;

/** The call's result; its signal is for the call alone. Throws KodamaError `timeout` where it doesn't come. */
export async function inTime<T>(
  clock: Clock,
  call: (signal: AbortSignal) => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  using deadline = new Deadline(clock, answerMs, signal);
  try {
    return await orAborted(call(deadline.signal), deadline.signal);
  } catch (error) {
    if (!deadline.expired) throw error;
    throw new KodamaError("timeout", `the cluster gave no answer within ${answerMs / 1000}s`);
  }
}
