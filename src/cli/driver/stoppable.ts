/** Work that has to clean up: the first signal asks it to end, the second leaves at once. */
import { KodamaError } from "../../base/errors.ts";
import type { SignalSource } from "../invocation.ts";

/**
 * Does the work with a signal that the first Ctrl-C (or TERM, or HUP) aborts, and waits for its end: it reports what
 * remains.
 */
export async function stoppable<T>(
  signals: SignalSource,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const left = Promise.withResolvers<never>();
  using _listening = signals.listen((name) => {
    const error = new KodamaError("cancelled", `stopped by ${name}`);
    if (controller.signal.aborted) left.reject(error);
    controller.abort(error);
  });
  return await Promise.race([work(controller.signal), left.promise]);
}
