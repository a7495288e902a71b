/**
 * Signals all processes that a command has started in its pod: shell lines with builtins only, because an image may
 * have neither `kill` nor `ps`.
 *
 * A runtime starts an exec as the leader of a session, and forked processes stay in that session, whatever process
 * groups a shell makes in it. Only processes that call setsid(2) leave it: daemons, on purpose.
 */

/** Signals as a shell names them; 0 only polls. */
export type RoundSignal = "TERM" | "KILL" | "0";

/** The processes of one exec. */
export interface Session {
  /** Id of the leader, which is also that of the session and of the first process group. */
  leader: number;
  /**
   * Set if the command runs below a shell of kodama's (`watch.ts`): that shell is the leader, and this is the process
   * that watches the link. Both exit by themselves after the command.
   */
  watcher?: number;
}

/**
 * Lines that read `$signal`, `$session` and `$spared` (ids that are neither counted nor killed), and count in `$alive`.
 *
 * The group is signalled at once, so that no fork slips through, then the session's processes with groups of their own.
 * Only if KILL must spare one is each process killed separately. Field order of /proc/PID/stat: proc(5); the name in it
 * may hold blanks, parentheses and newlines.
 */
export const roundScript = `alive=0 others= whole=1
[ "$signal" = KILL ] && [ "$spared" ] && whole=
for file in /proc/[0-9]*/stat; do
  text=
  { while read -r line; do text="$text $line"; done <"$file"; } 2>/dev/null
  set -- \${text##*) }
  [ "$4" = "$session" ] || continue
  case $1 in Z | X) continue ;; esac
  process=\${file#/proc/} process=\${process%/stat}
  case " $spared " in *" $process "*) continue ;; esac
  alive=$((alive + 1))
  [ "$whole" ] && [ "$3" = "$session" ] || others="$others $process"
done
[ "$whole" ] && kill "-$signal" "-$session" 2>/dev/null
for process in $others; do kill "-$signal" "$process" 2>/dev/null; done`;

/** Returns the args that signal a session from a separate exec, and print how many were alive in it. */
export function signalWords(signal: RoundSignal, { leader, watcher }: Session): string[] {
  const script = `signal=$1 session=$2 spared=$3\n${roundScript}\necho "$alive"`;
  const spared = watcher === undefined ? "" : `${leader} ${watcher}`;
  return ["sh", "-c", script, "kodama", signal, String(leader), spared];
}
