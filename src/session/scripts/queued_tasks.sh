# Starts the runners of queued tasks. Tasks are folders named by their numbers; `runner.sh` of agents describes their
# content. A task that had started isn't queued any more, whatever its result; nor is one of a copy, which comes without
# its `runner`. Each prints its number once it is queued, and only then the next one starts: so their order stays.
start_runner() {
  umask 077
  trap '' HUP
  command -v setsid >/dev/null 2>&1 && exec setsid sh "$1/runner" "$1"
  exec sh "$1/runner" "$1"
}
# record_start FOLDER: records this process, which has started all.
record_start() {
  { read -r stat </proc/self/stat; } 2>/dev/null || return
  pid=${stat%% *}
  # shellcheck disable=SC2086 # fields
  set -- "$1" ${stat##*) }
  (umask 077 && mkdir -p "$1" && echo "$pid ${21}" >"$1/queue.new" && mv "$1/queue.new" "$1/queue") 2>/dev/null ||
    rm -f "$1/queue"
}
# shellcheck disable=SC2010 # a glob isn't sorted by number
for number in $(ls "$HOME/.kodama/tasks" 2>/dev/null | grep -x '[1-9][0-9]*' | sort -n); do
  task=$HOME/.kodama/tasks/$number
  [ -e "$task/began" ] || [ -e "$task/exit" ] || ! [ -e "$task/runner" ] && continue
  number=$(start_runner "$task" </dev/null 2>/dev/null &)
done
record_start "$HOME/.kodama/tasks"
