/**
 * What the kernel does to a terminal that is gone, done to a session in a pod whose terminal stays: HUP to all of
 * it, a grace, KILL. What ignores HUP (`nohup`) is spared, as is what has left the session (`setsid`): both are how
 * a person says that something is to go on.
 */
import { roundScript } from "./session_signal.ts";

/** After KILL, looks again so often for what was forked meanwhile. */
const killRounds = 3;

/**
 * Lines that define `hang_up`, which reads `$session` and `$kept` (ids that are neither counted nor killed).
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
spared=$kept
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

/** Lines that define `born ID`, which sets `$birth` to what tells a process from a later one of its id; empty without one. */
export const bornScript = `born() {
text=
{ while read -r line; do text="$text $line"; done <"/proc/$1/stat"; } 2>/dev/null
set -- \${text##*) }
birth=\${20-}
}`;
