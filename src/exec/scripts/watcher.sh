# Starts the watcher, which ends the command when the input of the exec ends: TERM, then KILL after `$kodama_grace`
# seconds. It holds none of the streams of the command open: otherwise the exec would not end. It comes after round.sh.
exec 3<&0 </dev/null
(
  trap "" TERM
  exec <&3 >/dev/null 3<&- 4>&-
  while read -r line; do :; done
  kill -USR1 $$
  read -r self line </proc/self/stat
  session=$$ spared="$$ $self"
  round TERM
  sleep "$kodama_grace"
  # Again for processes that were forked meanwhile.
  for turn in 0 1 2; do
    round KILL
    [ "$alive" = 0 ] && break
  done
) &
kodama_watcher=$!
exec 3<&-
