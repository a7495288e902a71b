# NUMBER OFFSET: sends a task's events from there as they arrive. Its messages are the task's state when it changes, and
# the size of its events when it has ended. It ends when its input does.
exec 3<&0 </dev/null
task=$root/$1
[ -e "$task/claim" ] || refuse "noTask $1"
need tail sleep
reported=
inspect() {
  kodama_inspect "$task"
  state=$kodama_state
  [ "$state" = alive ] && {
    state=queued
    [ -e "$task/began" ] && state=working
  }
  [ "$state" = "$reported" ] || report "state $state"
  reported=$state
}
inspect
tail -c "+$(($2 + 1))" -f "$task/events.jsonl" 3<&- &
sender=$!
exec >&2
(
  while read -r _; do :; done
  kill "$sender"
) <&3 >/dev/null 2>&1 &
watcher=$!
exec 3<&-
while [ "$kodama_state" = alive ] && kill -0 "$sender" 2>/dev/null; do
  sleep 0.3 2>/dev/null || sleep 1
  inspect
done
kodama_size "$task/events.jsonl"
report "end $kodama_bytes"
wait "$sender"
kill "$watcher" 2>/dev/null
exit 0
