/** Work that a signal ends: for commands that start nothing that would have to be stopped elsewhere. */
import { KodamaError } from "../../base/errors.ts";
import type { SignalSource } from "../invocation.ts";

/**
 * Does the work with a signal that the first Ctrl-C (or TERM, or HUP) aborts. Throws a `cancelled`
 * error then, at once: it doesn't wait for the work.
 */
export async function interruptible<T>(
  signals: SignalSource,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const stopped = Promise.withResolvers<never>();
  using _listening = signals.listen((name) => {
    const error = new KodamaError("cancelled", `stopped by ${name}`);
    controller.abort(error);
    stopped.reject(error);
  });
  return await Promise.race([work(controller.signal), stopped.promise]);
}
