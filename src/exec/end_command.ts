/**
 * Ends a command in its pod. Dropping the link leaves it running (kubernetes/kubernetes#89031), and the API has no call
 * for it; so a second exec in the same container signals the command's group and session.
 */
import { passed } from "../base/abort.ts";
import type { Clock } from "../base/clock.ts";
import { counted } from "../base/counted.ts";
import type { RoundSignal } from "./session_signal.ts";

/**
 * Signals a command's session and returns the number of its processes that were alive. Rejects if the pod can't be
 * reached.
 */
export type SignalRound = (signal: RoundSignal) => Promise<number>;

/** How long processes may take to disappear after KILL, before the remaining ones are counted. */
const settleMs = 1000;

/** Delay before the first poll; each further one waits twice as long. */
const firstLookMs = 50;

/**
 * TERM, a grace, KILL; each step only if needed.
 *
 * @param ended resolves when the command's own stream has ended. That may be long after the command, if much of its
 *   output is unread; so the pod is polled, too.
 * @returns what may still run, or undefined if nothing does.
 */
export async function endCommand(
  round: SignalRound,
  options: { ended: Promise<unknown>; graceMs: number; clock: Clock },
): Promise<string | undefined> {
  try {
    for (const [signal, limitMs] of [["TERM", options.graceMs], ["KILL", settleMs]] as const) {
      const alive = await round(signal);
      const left = await lookUntilGone(round, { ...options, alive, limitMs });
      if (left === 0) return undefined;
      if (signal === "KILL") return `${counted(left, "process", "processes")} did not end on KILL`;
    }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return `the command may still run: ${reason}`;
  }
}

/** Returns how many are alive: 0, or the count when the time is over. */
async function lookUntilGone(
  round: SignalRound,
  options: { ended: Promise<unknown>; alive: number; limitMs: number; clock: Clock },
): Promise<number> {
  const { ended, limitMs, clock } = options;
  const startMs = clock.elapsedMs();
  let { alive } = options;
  let streaming = true;
  for (let delayMs = firstLookMs; alive > 0; delayMs *= 2) {
    const restMs = limitMs - (clock.elapsedMs() - startMs);
    if (restMs <= 0) return alive;
    const unless: { settled?: Promise<unknown> } = streaming ? { settled: ended } : {};
    if (!await passed(clock, Math.min(delayMs, restMs), unless)) streaming = false;
    // Only the command itself: its own end is sufficient.
    alive = !streaming && alive === 1 ? 0 : await round("0");
  }
  return 0;
}
