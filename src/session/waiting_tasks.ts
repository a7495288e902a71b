/** A session's container first starts the agent's tasks that were queued when the previous pod ended. */

/**
 * Lines for any POSIX shell. Tasks are folders named by their numbers; `agent/runner_script.ts` describes their
 * content. A task that had started isn't queued any more, whatever its result; nor is one of a copy, which comes
 * without its `runner`. Each prints its number once it is queued, and only then the next one starts: so they keep their
 * order.
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
