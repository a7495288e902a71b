/** Calls that are made again where the server stumbled: for what may be done twice without harm. */
import { passed } from "../base/abort.ts";
import type { Clock } from "../base/clock.ts";
import { KodamaError } from "../base/errors.ts";

const attempts = 5;
const firstDelayMs = 200;

/** Clients whose server has answered. One that never did is most likely not there: other commands fail at once, too. */
const answered = new WeakSet<object>();

/** As {@link persistently}, of a client; fails at once if its server can't be reached and has never answered. */
export function persistentlyOf<T>(
  client: object,
  { clock, signal }: { clock: Clock; signal: AbortSignal },
  call: () => Promise<T>,
): Promise<T> {
  return persistently(clock, signal, call, () => answered.has(client), () => answered.add(client));
}

/**
 * Does the call, and again where the server answered with an error of its own or the link broke: some five
 * times within six seconds. What was refused for a reason is not asked again.
 */
export async function persistently<T>(
  clock: Clock,
  signal: AbortSignal,
  call: () => Promise<T>,
  hasAnswered: () => boolean = () => true,
  onAnswer: () => void = () => {},
): Promise<T> {
  for (let attempt = 1;; attempt++) {
    try {
      const result = await call();
      onAnswer();
      return result;
    } catch (error) {
      const isUnreachable = error instanceof KodamaError && error.kind === "unreachable";
      if (!isUnreachable) onAnswer();
      else if (!hasAnswered()) throw error;
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
