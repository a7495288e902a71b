# NUMBER SIGNAL TO SECONDS: a signal, a grace, TERM to all, a grace, KILL; each only if needed. Task number 0 means the
# first that hasn't ended: the current one, or the next. It reports the task's previous state, and then how many
# processes remain.
need sleep

# Sets $pairs: the id of each process, its parent and its birth.
parents() {
  pairs=
  for file in /proc/[0-9]*/stat; do
    text=
    { while read -r line; do text="$text $line"; done <"$file"; } 2>/dev/null
    # shellcheck disable=SC2086 # fields
    set -- ${text##*) }
    case ${1-Z} in Z | X) continue ;; esac
    file=${file#/proc/}
    pairs="$pairs ${file%/stat}:$2:${20}"
  done
}

# tree PID: sets $tree to the process and its descendants, each with its birth after a colon. Only processes that were
# reparented are missing, and that was on purpose.
tree() {
  parents
  tree=
  case " $pairs" in
    *" $1:"*) ;;
    *) return ;;
  esac
  known=" $1 " grown=1
  while [ "$grown" ]; do
    grown= tree=
    for pair in $pairs; do
      pid=${pair%%:*} rest=${pair#*:}
      case $known in
        *" $pid "*) tree="$tree $pid:${rest#*:}" ;;
        *" ${rest%%:*} "*) known="$known$pid " tree="$tree $pid:${rest#*:}" grown=1 ;;
      esac
    done
  done
}

# living LIST: sets $remaining to those that are still the same processes.
living() {
  remaining=
  for one in $1; do
    kodama_born "${one%%:*}"
    [ "$kodama_birth" = "${one#*:}" ] && remaining="$remaining $one"
  done
}
signal() {
  for one in $2; do kill "-$1" "${one%%:*}" 2>/dev/null; done
}

# wait_for_end SECONDS
wait_for_end() {
  turn=0
  while
    kodama_inspect "$task"
    living "$all"
    [ "$kodama_state" = alive ] || [ "$remaining" ]
  do
    turn=$((turn + 1))
    [ "$turn" -gt $(($1 * 5)) ] && return 1
    sleep 0.2 2>/dev/null || {
      sleep 1
      turn=$((turn + 4))
    }
  done
}

# Sets $all again: the processes that remain, and what they have started.
find_all() {
  [ "$agent" ] || { read -r agent <"$task/agent"; } 2>/dev/null
  [ "$agent" ] && tree "$agent"
  all="$remaining $tree"
}

number=$1
if [ "$number" = 0 ]; then
  for one in "$root"/[1-9]*; do
    case ${one##*/} in *[!0-9]*) continue ;; esac
    kodama_inspect "$one"
    one=${one##*/}
    [ "$kodama_state" = alive ] || continue
    [ "$number" = 0 ] || [ "$one" -lt "$number" ] && number=$one
  done
  [ "$number" = 0 ] && refuse idle
fi
task=$root/$number
[ -e "$task/claim" ] || refuse "noTask $number"
kodama_inspect "$task"
report "state $number $kodama_state"
[ "$kodama_state" = alive ] || exit 0
: >"$task/interrupt"
turn=0
while [ -e "$task/began" ] && ! [ -s "$task/agent" ] && [ "$turn" -lt 20 ]; do
  kodama_inspect "$task"
  [ "$kodama_state" = alive ] || break
  turn=$((turn + 1))
  sleep 0.1 2>/dev/null || sleep 1
done
agent=
{ read -r agent <"$task/agent"; } 2>/dev/null
tree=
[ "$agent" ] && tree "$agent"
all=$tree
case $3 in
  agent) [ "$tree" ] && kill "-$2" "$agent" 2>/dev/null ;;
  input)
    if [ -e "$task/cancel" ]; then cat "$task/cancel" "$task"/pending/* >>"$task/prompt" 2>/dev/null
    else signal "$2" "$tree"; fi
    ;;
  *) signal "$2" "$tree" ;;
esac
wait_for_end "$4" || {
  find_all
  signal TERM "$all"
  wait_for_end 3 || {
    find_all
    signal KILL "$all"
    wait_for_end 3
  }
}
living "$all"
# shellcheck disable=SC2086 # one process an argument
set -- $remaining
report "remaining $#"
