# FOLDER: runs a task in its pod, long after kodama has exited. The folder is that in which all was prepared, or that of
# a task that was queued when its pod ended; it prints the task's number when the claim exists.
#
# A task is a folder below `~/.kodama/tasks`, named by its number:
#
#     task         the request, as one line of JSON; kodama's own
#     key          distinguishes it from any other
#     again        one of a lower number has the same key: nothing was done, and it isn't shown
#     prompt       the agent's standard input
#     dialogue     an expression for the last line of an agent that is answered while it works; may be missing
#     talk         the half of an agent's protocol that runs here, and its own files; may be missing
#     answers      a folder for each request of it that was answered; the answers themselves are in `prompt`
#     environment  variables of this task, deleted when it starts; may be missing
#     start        lines that become the agent
#     runner       the lines of this file
#     claim        the runner's process: id, birth, the kernel's boot, birth of the container's first process
#     began        when its turn came, in seconds since 1970
#     agent        the agent's process id
#     events.jsonl the agent's output on both streams; bounded, then `events.jsonl.end` has its tail
#     interrupt    a user requested its end
#     anyway       it has its turn also if a task that it waited for fails
#     exit         how it ended: code, seconds since 1970, `ended`, `interrupted`, or `behind` and the task that it waited
#                  for, which failed
#
# There are no locks, and nothing must be taken over from a runner that was killed: a folder gets its number by one
# rename, with its claim already in it. A task has its turn when all of lower numbers have ended, and one whose runner
# is missing has ended, whatever files remain. So the state after a pod's restart can be derived from the files.
#
# A pod that retains these files, and is created again, may restart the runners of queued tasks, one after the other
# (`runner FOLDER`, in the order of their numbers): each claims its task again, and waits as before. Beside the tasks,
# `queue` has the id and the birth of the process that has done so.
kodama_new=$1
kodama_root=${kodama_new%/*}
kodama_finish() {
  echo "$1 $(date +%s) $2" >"$kodama_task/exit.new"
  mv "$kodama_task/exit.new" "$kodama_task/exit"
  exit 0
}
kodama_claim() {
  kodama_boot
  kodama_born 1
  kodama_first=${kodama_birth:--}
  kodama_born $$
  echo "$$ ${kodama_birth:--} $kodama_boot $kodama_first" >"$1/claim.new"
  mv "$1/claim.new" "$1/claim"
}

kodama_number=${kodama_new##*/}
case $kodama_number in
  *[!0-9]*)
    kodama_claim "$kodama_new"
    kodama_turn=0
    while [ "$kodama_turn" -lt 100 ]; do
      kodama_turn=$((kodama_turn + 1)) kodama_last=0
      for kodama_one in "$kodama_root"/[1-9]*; do
        kodama_one=${kodama_one##*/}
        case $kodama_one in *[!0-9]*) continue ;; esac
        [ "$kodama_one" -gt "$kodama_last" ] && kodama_last=$kodama_one
      done
      kodama_number=$((kodama_last + 1))
      kodama_task=$kodama_root/$kodama_number
      kodama_nested=$kodama_task/${kodama_new##*/}
      mv "$kodama_new" "$kodama_task" 2>/dev/null
      [ -e "$kodama_nested" ] && {
        mv "$kodama_nested" "$kodama_new"
        continue
      }
      [ -e "$kodama_new" ] || break
    done
    [ -e "$kodama_new" ] && exit 1
    ;;
  *)
    kodama_task=$kodama_new
    [ -e "$kodama_task/exit" ] || [ -e "$kodama_task/began" ] && exit 0
    kodama_claimed "$kodama_task"
    [ "$kodama_state" = alive ] && exit 0
    kodama_claim "$kodama_task"
    ;;
esac
echo "$kodama_number"
exec >/dev/null 2>&1

# kodama_failed FOLDER: whether a task that was waited for has failed, or was interrupted in its turn.
kodama_failed() {
  kodama_code= kodama_why=
  { read -r kodama_code _ kodama_why <"$1/exit"; } 2>/dev/null
  case "$kodama_code $kodama_why" in
    "0 ended") return 1 ;;
    *" interrupted") [ -e "$1/began" ] ;;
  esac
}

# Waits for its turn.
kodama_own=
{ read -r kodama_own <"$kodama_task/key"; } 2>/dev/null
for kodama_one in "$kodama_root"/[1-9]*; do
  kodama_other=${kodama_one##*/}
  case $kodama_other in *[!0-9]*) continue ;; esac
  [ "$kodama_other" -lt "$kodama_number" ] || continue
  kodama_key=
  { read -r kodama_key <"$kodama_one/key"; } 2>/dev/null
  [ "$kodama_key" ] && [ "$kodama_key" = "$kodama_own" ] && {
    : >"$kodama_task/again"
    kodama_finish 0 ended
  }
  kodama_waited=
  while
    kodama_inspect "$kodama_one"
    [ "$kodama_state" = alive ]
  do
    kodama_waited=1
    [ -e "$kodama_task/interrupt" ] && kodama_finish 143 interrupted
    sleep 0.3 2>/dev/null || sleep 1
  done
  [ "$kodama_waited" ] && ! [ -e "$kodama_task/anyway" ] && kodama_failed "$kodama_one" &&
    kodama_finish 125 "behind $kodama_other"
done

# A pod stores a hundred tasks, and 128 MiB of their output: older ones are deleted.
kodama_all=0 kodama_other=$kodama_number kodama_stored=1
while [ "$kodama_other" -gt 1 ]; do
  kodama_other=$((kodama_other - 1))
  kodama_one=$kodama_root/$kodama_other
  [ -e "$kodama_one/events.jsonl" ] || continue
  kodama_size "$kodama_one/events.jsonl"
  kodama_all=$((kodama_all + kodama_bytes)) kodama_stored=$((kodama_stored + 1))
  [ "$kodama_stored" -gt 100 ] || [ "$kodama_all" -gt $((128 * 1024 * 1024)) ] && rm -rf "$kodama_one"
done
date +%s >"$kodama_task/began.new"
mv "$kodama_task/began.new" "$kodama_task/began"
[ -e "$kodama_task/interrupt" ] && kodama_finish 143 interrupted

# kodama_store FILE: stores standard input up to $kodama_max_bytes, which is checked every 4 MiB, and then its tail: the
# agent's last messages, including its result.
kodama_store() {
  kodama_have=0
  while dd bs=65536 count=64 2>/dev/null >>"$1"; do
    kodama_size "$1"
    [ "$kodama_bytes" = "$kodama_have" ] && return
    kodama_have=$kodama_bytes
    [ "$kodama_have" -lt "$kodama_max_bytes" ] || break
  done
  tail -c "$kodama_tail_bytes" >"$1.end"
  cat >/dev/null
}

# kodama_talk: runs an agent whose input is `prompt` and everything that is appended to it: until its last line, after
# which its input is closed, or until `talk` closes it. Its output passes through `tee`, because the last line may be
# beyond what is stored; or through `talk`.
kodama_talk() {
  for kodama_pipe in input output copy; do
    mkfifo "$kodama_task/$kodama_pipe" || return 125
  done
  tail -c +1 -f "$kodama_task/prompt" >"$kodama_task/input" &
  kodama_sender=$! kodama_talking=
  if [ -e "$kodama_task/talk" ]; then
    sh "$kodama_task/talk" "$kodama_task" "$kodama_sender" <"$kodama_task/output" &
    kodama_talking=$!
  else
    {
      grep -q -E -f "$kodama_task/dialogue"
      kill "$kodama_sender"
      cat
    } <"$kodama_task/copy" >/dev/null &
    tee "$kodama_task/copy" <"$kodama_task/output" &
  fi
  sh "$kodama_task/start" "$kodama_task" <"$kodama_task/input" >"$kodama_task/output" 2>&1
  kodama_status=$?
  kill "$kodama_sender"
  [ "$kodama_talking" ] && kodama_hear
  rm -f "$kodama_task/input" "$kodama_task/output" "$kodama_task/copy"
  return "$kodama_status"
}

# kodama_hear: awaits the end of `talk`, for three seconds if processes hold the agent's output open. Whether the agent
# has answered is the result, and not how it then ended.
kodama_hear() {
  {
    kodama_turn=0
    while [ "$kodama_turn" -lt 30 ]; do
      kodama_turn=$((kodama_turn + 1))
      sleep 0.1 || sleep 1
    done
    kill "$kodama_talking"
  } >/dev/null &
  kodama_guard=$!
  if wait "$kodama_talking"; then kodama_status=0
  elif [ "$kodama_status" = 0 ]; then kodama_status=1; fi
  kill "$kodama_guard"
}
{
  if [ -e "$kodama_task/dialogue" ] || [ -e "$kodama_task/talk" ]; then kodama_talk
  else sh "$kodama_task/start" "$kodama_task" <"$kodama_task/prompt" 2>&1; fi
  echo $? >"$kodama_task/code"
  exec >/dev/null
  # The process that stores the output starts beside a task that may be shorter: it is awaited for ten seconds, and
  # processes that hold the output open after the agent's end for three.
  kodama_storing= kodama_turn=0
  until [ "$kodama_storing" ] || [ "$kodama_turn" -eq 100 ]; do
    kodama_turn=$((kodama_turn + 1))
    { read -r kodama_storing <"$kodama_task/keeper"; } 2>/dev/null || sleep 0.1 || break
  done
  kodama_turn=0
  while [ "$kodama_storing" ] && [ "$kodama_turn" -lt 30 ] && kill -0 "$kodama_storing"; do
    kodama_turn=$((kodama_turn + 1))
    sleep 0.1 || break
  done
  [ "$kodama_storing" ] && kill "$kodama_storing"
} | (
  # shellcheck disable=SC2016 # of the inner shell
  kodama_storing=$(exec sh -c 'echo "$PPID"')
  echo "$kodama_storing" >"$kodama_task/keeper"
  kodama_store "$kodama_task/events.jsonl"
)
kodama_code=137
{ read -r kodama_code <"$kodama_task/code"; } 2>/dev/null
rm -f "$kodama_task/code" "$kodama_task/keeper" "$kodama_task/agent"
kodama_why=ended
[ -e "$kodama_task/interrupt" ] && kodama_why=interrupted
kodama_finish "$kodama_code" "$kodama_why"
