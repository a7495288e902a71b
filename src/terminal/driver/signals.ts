/** The signals that a person or a system sends to end the process, and work that they end. */
import { exitCodeOfKind, KodamaError } from "../../base/errors.ts";

/** Signals that request the process to end. */
export type EndSignal = "SIGINT" | "SIGTERM" | "SIGHUP";

/** The signals of the process. */
export interface SignalSource {
  /** Handles the signals until it is disposed of; without a handler, each has its default effect. */
  listen(handler: (signal: EndSignal) => void): Disposable;
  /**
   * Calls the handler when a person requests progress, by Ctrl-\\ (SIGQUIT) or SIGUSR1; until it is disposed of,
   * these signals don't end the process. Absent on a system without such signals.
   */
  onStatus?(handler: () => void): Disposable;
}

/** The exit code after Ctrl-C, a signal, or a picker that was left without a choice: 128 + SIGINT. */
export const interruptedExitCode = exitCodeOfKind("cancelled");

/** Returns the error of work that a signal ended. */
export function interruption(signal: EndSignal): KodamaError {
  return new KodamaError("cancelled", `stopped by ${signal}`);
}

/**
 * Does work that a signal ends at once: for commands that start nothing that would have to be stopped elsewhere.
 * Throws `cancelled` on the first signal, without waiting for the work.
 */
export async function interruptible<T>(
  signals: SignalSource,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  return await untilSignal(signals, work, 1);
}

/**
 * Does work that has to clean up: the first signal aborts it, and it reports the remaining objects. The second signal
 * throws `cancelled` at once.
 */
export async function stoppable<T>(
  signals: SignalSource,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  return await untilSignal(signals, work, 2);
}

/** @param limit the number of signals after which the work isn't awaited any more. */
async function untilSignal<T>(
  signals: SignalSource,
  work: (signal: AbortSignal) => Promise<T>,
  limit: number,
): Promise<T> {
  const controller = new AbortController();
  const abandoned = Promise.withResolvers<never>();
  let received = 0;
  using _listening = signals.listen((signal) => {
    const error = interruption(signal);
    controller.abort(error);
    received += 1;
    if (received >= limit) abandoned.reject(error);
  });
  return await Promise.race([work(controller.signal), abandoned.promise]);
}
