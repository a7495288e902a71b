/** Looking for targets where the server is down: asked again, as the streams into them are. */
import { Deadline } from "../base/abort.ts";
import type { Clock } from "../base/clock.ts";
import { mayPass, Outages } from "../exec/patience.ts";
import type { FindIn } from "./discover_targets.ts";
import type { ExecEvent } from "./exec_events.ts";

/** A shorter wait is not worth a line. */
const toldAfterMs = 1000;

/**
 * Finds as `find` does, which is called again while the server is down, until the limit; then its last error is
 * thrown. `told` hears of each wait that takes its time, once.
 */
export function findPatiently(
  find: FindIn,
  { clock, signal, limit, told }: {
    clock: Clock;
    signal: AbortSignal;
    /** Milliseconds. Not waited for where the server answers. */
    limit: Promise<number>;
    told: (wait: Extract<ExecEvent, { kind: "contextWaiting" }>) => void;
  },
): FindIn {
  limit.catch(() => {
    // Told by whoever needs all settings.
  });
  return async (name) => {
    const beganMs = clock.elapsedMs();
    try {
      return await find(name);
    } catch (error) {
      if (!mayPass(error)) throw error;
      const { at: { context }, reason } = error.failure;
      const limitMs = await limit;
      using deadline = new Deadline(clock, limitMs, signal);
      using _telling = clock.timer(
        Math.max(0, beganMs + toldAfterMs - clock.elapsedMs()),
        () => told({ kind: "contextWaiting", context, reason, limitMs }),
      );
      return await new Outages(clock, limitMs).ask(context, () => find(name), deadline.signal);
    }
  };
}
