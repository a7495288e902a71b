/**
 * Ending a command in its pod. Dropping the link leaves it running (kubernetes/kubernetes#89031), and the
 * API has no call for it; so a second exec in the same container signals the command's group and session.
 */
import { passed } from "../base/abort.ts";
import type { Clock } from "../base/clock.ts";

/** TERM and KILL as a shell names them; 0 only looks. */
export type RoundSignal = "TERM" | "KILL" | "0";

/** Signals a session and counts the processes that were alive in it. Rejects where the pod can't be reached. */
export type SignalRound = (signal: RoundSignal) => Promise<number>;

/**
 * The words that signal a session and count who was alive in it. With a shell's builtins alone, for an image
 * may have neither `kill` nor `ps`: the group at once, so that no fork slips through, then whoever of the
 * session has a group of its own.
 * Field order of /proc/PID/stat: proc(5); the name in it may hold blanks, parentheses and newlines.
 */
export function signalWords(signal: RoundSignal, pid: number): string[] {
  const script = `signal=$1 session=$2 alive=0 others=
for file in /proc/[0-9]*/stat; do
  text=
  { while read -r line; do text="$text $line"; done <"$file"; } 2>/dev/null
  set -- \${text##*) }
  [ "$4" = "$session" ] || continue
  case $1 in Z | X) continue ;; esac
  alive=$((alive + 1))
  [ "$3" = "$session" ] && continue
  file=\${file#/proc/}
  others="$others \${file%/stat}"
done
for process in "-$session" $others; do kill "-$signal" "$process" 2>/dev/null; done
echo "$alive"`;
  return ["sh", "-c", script, "kodama", signal, String(pid)];
}

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
    return `${left} ${left === 1 ? "process" : "processes"} did not end on KILL`;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return `the command may still run: ${reason}`;
  }
}
