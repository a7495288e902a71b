/** Calls that are made again where the server stumbled: for what may be done twice without harm. */
import { passed } from "../base/abort.ts";
import type { Clock } from "../base/clock.ts";
import { KodamaError } from "../base/errors.ts";

const attempts = 5;
const firstDelayMs = 200;

/**
 * Does the call, and again where the server answered with an error of its own or the link broke: some five
 * times within six seconds. What was refused for a reason is not asked again.
 */
export async function persistently<T>(
  clock: Clock,
  signal: AbortSignal,
  call: () => Promise<T>,
): Promise<T> {
  for (let attempt = 1;; attempt++) {
    try {
      return await call();
    } catch (error) {
      if (!isPassing(error) || attempt === attempts || signal.aborted) throw error;
      if (!await passed(clock, firstDelayMs * 2 ** attempt, { signal })) throw error;
    }
  }
}

function isPassing(error: unknown): boolean {
  return error instanceof KodamaError && ["server", "unreachable", "timeout"].includes(error.kind);
}

/** The answer, or undefined where the object isn't there. */
export async function ifThere<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof KodamaError && error.kind === "notFound") return undefined;
    throw error;
  }
}
