# EVERY WINDOW PROC TERMINALS WORKSPACE TTL TTL_TEXT TTL_WARNING IDLE IDLE_TEXT IDLE_WARNING
#
# The watcher of a session with limits: the container's first process. It polls every few seconds, and exits by itself,
# with code 0, when the session is idle for too long or its time to live is over. It can't call the API, because the pod
# has no token; and no other process needs to run for it. Times are in seconds; a limit is empty if there is none.
#
# A session is in use if
#
# - it has a terminal with input in the last hours: a shell, a client of tmux;
# - it runs a command from outside for longer than one poll: an exec, a copy. Short reads (`kodama get`) aren't
#   noticed, and a sync's loop is recognized and skipped;
# - its agent has a task that hasn't ended;
# - a sync has just brought a change;
# - its programs use more than a tenth of a CPU, averaged over a minute: a build continues unattended;
# - its file `keep` has just been touched.
#
# Its files in `$HOME/.kodama-life`, a folder as old as the pod, which outlives its containers:
#
#     began   seconds since 1970
#     active  the same of the last use, and its kind
#     keep    created to request more time; removed again
#
# A process is distinguished from a later one of the same id by its birth: proc(5).
#
# Kubernetes expands a container's command first and replaces two dollar signs by one: so the system is asked for the
# shell's id. https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/#entrypoint
every=$1 window=$2 proc=$3 terminals=$4 workspace=$5
shift 5
ttl=$1 ttl_text=$2 ttl_warning=$3 idle=$4 idle_text=$5 idle_warning=$6
folder="$HOME"/.kodama-life nl='
'
blank=" $nl" IFS=" $nl"
roots= ours= ttl_warned= idle_warned= brought= counted=0
{ read -r self _; } </proc/self/stat
trap 'exit 143' TERM INT
clock() { now=$(date +%s); }
pause() {
  sleep "$1" &
  wait $!
}

# inspect_process LINE: parses one line of a process's `stat`. $roots are commands from outside, recognized by the
# parent id 0; $ours those of syncs, and $sync_work the total work of these.
inspect_process() {
  pid=${1%% *}
  # shellcheck disable=SC2086 # fields
  set -- ${1##*) }
  [ "$#" -ge 20 ] && [ "$pid" != "$self" ] || return 0
  birth=${20}
  case $pid$2$5${12}${13}${14}${15}$birth in *[!0-9]*) return ;; esac
  case $1 in Z | X) return ;; esac
  pairs="$pairs $pid:$birth"
  one=$pid:$birth
  took=$((${12} + ${13} + ${14} + ${15}))
  if [ "$2" != 0 ]; then
    spent=$((spent + took))
    return
  fi
  case "$known " in *" $one "*)
    ours="$ours $one" sync_work=$((sync_work + took))
    return
    ;;
  esac
  spent=$((spent + took))
  if [ "$5" != 0 ]; then
    terminal=$(($5 & 255 | $5 >> 12 & 1048320))
    attended="$attended $terminal"
    has_input "$terminal" && use="a terminal is open in it"
    return
  fi
  case "$before " in
    *" $one "*) use="a command runs that was sent to it" ;;
    *)
      case $(tr '\000' ' ' 2>/dev/null <"$proc/$pid/cmdline") in *" kodama-sync kodama-"*)
        ours="$ours $one" sync_work=$((sync_work + took))
        return
        ;;
      esac
      ;;
  esac
  roots="$roots $one"
}

# A terminal without input for eight hours was forgotten: an office computer that was left on.
has_input() {
  at=$(stat -c %X "$terminals/$1" 2>/dev/null)
  case $at in "" | *[!0-9]*) return 0 ;; esac
  [ $((now - at)) -lt 28800 ]
}
inspect() {
  before=$roots known=$ours
  use= spent=0 sync_work=0 pairs= attended= roots= ours=
  all=$(cat "$proc"/[0-9]*/stat 2>/dev/null)
  [ "$all" ] || {
    use="its processes can't be seen"
    return
  }
  set -f
  IFS=$nl
  # shellcheck disable=SC2086 # lines
  set -- $all
  IFS=$blank
  for line; do inspect_process "$line"; done
  set +f
}

# for_tasks COMMAND...: runs it with the folder of each task that hasn't ended; $pid is its runner.
for_tasks() {
  for task in "$HOME"/.kodama/tasks/[1-9]*; do
    [ -e "$task/claim" ] && ! [ -e "$task/exit" ] || continue
    pid= birth=
    { read -r pid birth _ <"$task/claim"; } 2>/dev/null
    case "$pairs " in *" $pid:$birth "*) "$@" "$task" ;; esac
  done
}
use_by_task() { use="task ${1##*/} of its agent"; }
use_by_sync() {
  set -- "$workspace"/.kodama-sync-*/steps
  [ -e "$1" ] || return 0
  seen=$(stat -c %Y "$@" 2>/dev/null)
  [ "$seen" = "$brought" ] || use="a sync brought changes"
  brought=$seen
}

# The unit of proc(5) is a hundredth of a second: ten of them per second are a tenth of a CPU.
use_by_programs() {
  [ $((now - counted_at)) -ge "$window" ] || return 0
  [ $((spent - counted)) -gt $(((now - counted_at) * 10)) ] && use="its programs work"
  counted=$spent counted_at=$now
}
use_by_request() { [ -e "$folder/keep" ] && rm -f "$folder/keep" && use="more time was requested"; }
find_use() {
  for_tasks use_by_task
  use_by_sync
  use_by_programs
  use_by_request
}

# notify TEXT: to the log, and to all terminals. It runs in the background, because a terminal may block.
notify() {
  echo "kodama: $1"
  show "$1" >/dev/null 2>&1 &
}
show() {
  shown=
  for socket in "$HOME/.kodama-shared-shell" "${TMPDIR:-/tmp}"/kodama-shell-*/*/tmux /tmp/tmux-*/*; do
    [ -S "$socket" ] || continue
    for client in $(tmux -S "$socket" list-clients -F '#{client_tty}'); do
      shown="$shown ${client##*/} "
      tmux -S "$socket" display-message -d 20000 -c "$client" "kodama: $1"
    done
  done
  for one in $attended; do
    case $shown in
      *" $one "*) ;;
      *) printf '\r\n\007kodama: %s\r\n' "$1" >"$terminals/$one" & ;;
    esac
  done
}

# span SECONDS: sets $span.
span() {
  span=
  [ "$1" -ge 3600 ] && span=$(($1 / 3600))h
  [ $(($1 / 60 % 60)) -gt 0 ] && span=$span$(($1 / 60 % 60))m
  [ $(($1 % 60)) -gt 0 ] && [ "$1" -lt 600 ] && span=$span$(($1 % 60))s
  [ "$span" ] || span=0s
}

# An agent gets ten seconds to end after its interrupt, and again after TERM. A queued task runs in the next pod: its
# runner is ended first, before its turn comes.
signal_agent() {
  [ -e "$1/began" ] || {
    kill "$pid" 2>/dev/null
    return
  }
  : >"$1/interrupt"
  agent=
  { read -r agent <"$1/agent"; } 2>/dev/null
  case $agent in
    "" | *[!0-9]*) ;;
    *) kill "-$signal" "$agent" 2>/dev/null ;;
  esac
  alive=1
}
set_alive() { alive=1; }
end_agents() {
  for signal in INT TERM; do
    inspect
    alive= turn=0
    for_tasks signal_agent
    while [ "$alive" ] && [ "$turn" -lt 10 ]; do
      pause 1
      turn=$((turn + 1)) alive=
      inspect
      for_tasks set_alive
    done
    [ "$alive" ] || return
  done
}

# The last changes may take three seconds to sync, and thirty if they are many.
flush() {
  inspect
  [ "$ours" ] || return
  quiet=0 turn=0
  while [ "$quiet" -lt 3 ] && [ "$turn" -lt 30 ]; do
    last=$sync_work
    pause 1
    inspect
    turn=$((turn + 1)) quiet=$((quiet + 1))
    [ "$sync_work" = "$last" ] || quiet=0
  done
}

# finish REASON: every process gets its chance to end well, in sequence.
finish() {
  trap '' HUP
  inspect
  notify "the session stops now: $1. Its files remain: resume $KODAMA_SESSION to continue"
  end_agents
  flush
  turn=0
  if [ "$self" = 1 ]; then
    kill -HUP -1
    pause 1
    kill -TERM -1
    while
      inspect
      # shellcheck disable=SC2086 # one process an argument
      set -- $pairs
      [ "$#" -gt 1 ] && [ "$turn" -lt 5 ]
    do
      pause 1
      turn=$((turn + 1))
    done
  fi 2>/dev/null
  exit 0
}

mkdir -p "$folder"
clock
began= active=
{ read -r began <"$folder/began"; } 2>/dev/null
case $began in "" | *[!0-9]*)
  began=$now
  echo "$began" >"$folder/began"
  ;;
esac
{ read -r active _ <"$folder/active"; } 2>/dev/null
case $active in "" | *[!0-9]*)
  active=$now
  echo "$active" >"$folder/active"
  ;;
esac
inspect
use_by_sync
counted=$spent counted_at=$now
while :; do
  pause "$every"
  clock
  case $now in "" | *[!0-9]*) continue ;; esac
  if [ "$ttl" ]; then
    remaining=$((began + ttl - now))
    [ "$remaining" -gt 0 ] || finish "the time to live of $ttl_text is over"
    if [ "$remaining" -le "$ttl_warning" ] && [ -z "$ttl_warned" ]; then
      ttl_warned=1
      span "$remaining"
      inspect
      notify "the time to live of $ttl_text is over in $span: save what is open"
    fi
  fi
  if [ "$idle" ]; then
    inspect
    find_use
    [ "$use" ] && {
      active=$now idle_warned=
      echo "$now $use" >"$folder/active"
    }
    remaining=$((active + idle - now))
    [ "$remaining" -gt 0 ] || finish "idle for $idle_text"
    if [ "$remaining" -le "$idle_warning" ] && [ -z "$idle_warned" ]; then
      idle_warned=1
      span "$remaining"
      notify "the session is not in use: it stops in $span unless it is used"
    fi
  fi
done
