/** What a session's container does first: tasks of its agent that waited when the pod before it went have their turns. */

/**
 * Lines for any POSIX shell. Tasks are folders with their numbers as names; `agent/runner_script.ts` says what is in
 * them. One that had begun doesn't wait any more, whatever became of it; nor does one of a copy, which comes without its
 * `runner`. Each says its number once it has its place, and only then the next one is begun: so they keep their order.
 */
export const waitingTasksScript = `begin_waiting() {
umask 077
trap '' HUP
command -v setsid >/dev/null 2>&1 && exec setsid sh "$1/runner" "$1"
exec sh "$1/runner" "$1"
}
for number in $(ls "$HOME/.kodama/tasks" 2>/dev/null | grep -x '[1-9][0-9]*' | sort -n); do
task=$HOME/.kodama/tasks/$number
[ -e "$task/began" ] || [ -e "$task/exit" ] || ! [ -e "$task/runner" ] && continue
number=$(begin_waiting "$task" </dev/null 2>/dev/null &)
done`;
