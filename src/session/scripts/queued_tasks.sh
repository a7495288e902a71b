# Starts the runners of queued tasks. Tasks are folders named by their numbers; `runner.sh` of agents describes their
# content. A task that had started isn't queued any more, whatever its result; nor is one of a copy, which comes without
# its `runner`. Each prints its number once it is queued, and only then the next one starts: so their order stays.
start_runner() {
  umask 077
  trap '' HUP
  command -v setsid >/dev/null 2>&1 && exec setsid sh "$1/runner" "$1"
  exec sh "$1/runner" "$1"
}
# shellcheck disable=SC2010 # a glob isn't sorted by number
for number in $(ls "$HOME/.kodama/tasks" 2>/dev/null | grep -x '[1-9][0-9]*' | sort -n); do
  task=$HOME/.kodama/tasks/$number
  [ -e "$task/began" ] || [ -e "$task/exit" ] || ! [ -e "$task/runner" ] && continue
  number=$(start_runner "$task" </dev/null 2>/dev/null &)
done
