/** A cluster that accepts a call and doesn't answer is treated like one that isn't there. */
import { Deadline, orAborted } from "../../base/abort.ts";
import type { Clock } from "../../base/clock.ts";
import { KodamaError } from "../../base/errors.ts";

/** Any answer arrives within seconds; a call without one is made again. */
const answerMs = 30_000;

/** Returns the call's result; its signal is for the call alone. Throws KodamaError `timeout` if it doesn't arrive. */
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
