/** Calls that are retried if the server failed: for idempotent operations. */
import type { Clock } from "../base/clock.ts";
import { KodamaError } from "../base/errors.ts";
import { outagePolicy, retry, type RetryPolicy } from "../base/retry.ts";
import { isTransient } from "../kube/failures.ts";

const retries: RetryPolicy = { ...outagePolicy.interactive, attempts: 9 };

/**
 * Clients whose server has answered. A server that never did most likely doesn't exist: other commands fail at once,
 * too.
 */
const answered = new WeakSet<object>();

/** Like {@link persistently}, for a client; fails at once if its server can't be reached and has never answered. */
export function persistentlyOf<T>(
  client: object,
  { clock, signal }: { clock: Clock; signal: AbortSignal },
  call: () => Promise<T>,
): Promise<T> {
  return persistently(clock, signal, call, () => answered.has(client), () => answered.add(client));
}

/**
 * Calls, and retries if the server failed or the link broke: at most nine times within six seconds. A refusal with a
 * reason isn't retried.
 */
export async function persistently<T>(
  clock: Clock,
  signal: AbortSignal,
  call: () => Promise<T>,
  hasAnswered: () => boolean = () => true,
  onAnswer: () => void = () => {},
): Promise<T> {
  return await retry(async () => {
    try {
      const result = await call();
      onAnswer();
      return result;
    } catch (error) {
      if (!isUnreachable(error)) onAnswer();
      throw error;
    }
  }, {
    policy: retries,
    clock,
    signal,
    mayRetry: (error) => isTransient(error) && (!isUnreachable(error) || hasAnswered()),
  });
}

function isUnreachable(error: unknown): boolean {
  return error instanceof KodamaError && error.kind === "unreachable";
}
