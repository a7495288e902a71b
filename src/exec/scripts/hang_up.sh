# Defines `hang_up SECONDS`, with the time between HUP and KILL in whole seconds, for that is what every `sleep` takes.
# It reads `$session` and `$exempt` (ids that are neither counted nor killed), and comes after round.sh.
hang_up() {
  spared=$exempt
  round HUP
  round CONT
  sleep "$1"
  # Bit 0 of `SigIgn` is SIGHUP: proc(5).
  for file in /proc/[0-9]*/status; do
    process=${file#/proc/} process=${process%/status}
    { while read -r key value; do
      case $key in SigIgn:) case $value in *[13579bdf]) spared="$spared $process" ;; esac ;; esac
    done <"$file"; } 2>/dev/null
  done
  # Again for processes that were forked meanwhile.
  for turn in 0 1 2; do
    round KILL
    [ "$alive" = 0 ] && break
  done
}
