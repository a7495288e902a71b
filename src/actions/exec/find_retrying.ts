/** Finds targets while a server is down: retried like the streams into them. */
import { Deadline } from "../../base/abort.ts";
import type { Clock } from "../../base/clock.ts";
import { Outages } from "../../exec/outages.ts";
import { isUnsent } from "../../kube/failures.ts";
import type { FindIn } from "./discover_targets.ts";
import type { ExecEvent } from "./events.ts";

/** A shorter wait isn't reported. */
const reportAfterMs = 1000;

/**
 * Returns a `find` that is retried while the server is down, until the limit; then it throws the last error.
 * `onWait` is called once for each wait that takes longer than a second.
 */
export function findRetrying(
  find: FindIn,
  { clock, signal, limit, onWait }: {
    clock: Clock;
    signal: AbortSignal;
    /** Milliseconds. Awaited only if the server is down. */
    limit: Promise<number>;
    onWait: (wait: Extract<ExecEvent, { kind: "contextWaiting" }>) => void;
  },
): FindIn {
  limit.catch(() => {
    // Reported by the caller, which needs all settings.
  });
  return async (name) => {
    const startMs = clock.elapsedMs();
    try {
      return await find(name);
    } catch (error) {
      if (!isUnsent(error)) throw error;
      const { at: { context }, reason } = error.failure;
      const limitMs = await limit;
      using deadline = new Deadline(clock, limitMs, signal);
      using _report = clock.timer(
        Math.max(0, startMs + reportAfterMs - clock.elapsedMs()),
        () => onWait({ kind: "contextWaiting", context, reason, limitMs }),
      );
      return await new Outages(clock, limitMs).retry(context, () => find(name), deadline.signal);
    }
  };
}
