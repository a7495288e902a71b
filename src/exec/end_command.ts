/**
 * Ending a command in its pod. Dropping the link leaves it running (kubernetes/kubernetes#89031), and the
 * API has no call for it; so a second exec in the same container signals the command's group and session.
 */
import { passed } from "../base/abort.ts";
import type { Clock } from "../base/clock.ts";
import { counted } from "../base/counted.ts";
import type { RoundSignal } from "./session_signal.ts";

/** Signals a command's session and counts its processes that were alive. Rejects where the pod can't be reached. */
export type SignalRound = (signal: RoundSignal) => Promise<number>;

/** How long processes are given to disappear after KILL, before what is left is counted. */
const settleMs = 1000;

/**
 * TERM, a grace, KILL; each step only as far as it is needed.
 *
 * @param ended settles when the command's own stream has ended.
 * @returns what may still run, or undefined where nothing does.
 */
export async function endCommand(
  round: SignalRound,
  options: { ended: Promise<unknown>; graceMs: number; clock: Clock },
): Promise<string | undefined> {
  const { ended, graceMs, clock } = options;
  try {
    const alive = await round("TERM");
    const termAt = clock.elapsedMs();
    const wentOn = await passed(clock, graceMs, { settled: ended });
    // The command alone: its own end says all.
    if (!wentOn && alive <= 1) return undefined;
    if (!wentOn) {
      if (await round("0") === 0) return undefined;
      await passed(clock, Math.max(0, graceMs - (clock.elapsedMs() - termAt)));
    }
    await round("KILL");
    await passed(clock, settleMs, { settled: ended });
    const left = await round("0");
    if (left === 0) return undefined;
    return `${counted(left, "process", "processes")} did not end on KILL`;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return `the command may still run: ${reason}`;
  }
}
