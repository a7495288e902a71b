/**
 * Does to a session in a pod, whose terminal stays, what the kernel does for a closed terminal: HUP to all of it, a
 * grace, KILL. Processes that ignore HUP (`nohup`) are spared, and those that left the session (`setsid`): both are
 * ways to request that a process continues.
 */
import { roundScript } from "./session_signal.ts";

/** After KILL, polls again N times for processes forked meanwhile. */
const killRounds = 3;

/**
 * Lines that define `hang_up`, which reads `$session` and `$exempt` (ids that are neither counted nor killed).
 * Bit 0 of `SigIgn` is SIGHUP: proc(5).
 *
 * @param graceMs between HUP and KILL; counted in whole seconds, for that is what every `sleep` takes.
 */
export function hangUpScript(graceMs: number): string {
  const turns = Array.from({ length: killRounds }, (_, index) => index).join(" ");
  return `round() {
signal=$1
${roundScript}
}
hang_up() {
spared=$exempt
round HUP
round CONT
sleep ${Math.ceil(graceMs / 1000)}
for file in /proc/[0-9]*/status; do
  process=\${file#/proc/} process=\${process%/status}
  { while read -r key value; do
    case $key in SigIgn:) case $value in *[13579bdf]) spared="$spared $process" ;; esac ;; esac
  done <"$file"; } 2>/dev/null
done
for turn in ${turns}; do
  round KILL
  [ "$alive" = 0 ] && break
done
}`;
}

/**
 * Lines that define `born ID`, which sets `$birth` to a value that distinguishes a process from a later one of the same
 * id; empty if there is none.
 */
export const bornScript = `born() {
text=
{ while read -r line; do text="$text $line"; done <"/proc/$1/stat"; } 2>/dev/null
set -- \${text##*) }
birth=\${20-}
}`;
