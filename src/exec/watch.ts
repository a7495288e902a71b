/**
 * The shell that runs a command in its pod and waits for it, and ends a command whose kodama is gone: killed, crashed,
 * or cut off.
 *
 * A server doesn't end a command when its link ends: it would continue unseen, for as long as it likes
 * (kubernetes/kubernetes#89031). A pod notices only the end of the exec's standard input, if it was requested; so
 * kodama requests it, sends nothing on it, and a process in the pod waits for its end.
 *
 * So the exec's session has three processes:
 *
 *     the leader   a shell; runs the command, waits for it and returns its exit code
 *     the watcher  a copy of that shell; waits for the end of input, then TERM, a grace, KILL
 *     the command  as it would be alone: input /dev/null, its own output, default signals
 *
 * The leader stays, although `exec` would save it, because the watcher needs a parent. As a child of the command it
 * would surprise programs that wait for all children (make, xargs); as an orphan it would stay as a zombie in each
 * container whose first process doesn't reap them, one per run. The price is two forks, some 2 ms, and two shells'
 * private memory (about 100 kB each with busybox or dash) while the command runs.
 *
 * Commands that read input themselves (`-i`) have no watcher: the end of input is theirs. Under a terminal there is
 * neither watcher nor leader, because job control is the command's: `terminal_watch.ts` watches from outside. A process
 * that should outlive kodama leaves the session: `setsid`.
 */
import { endMarkOf } from "./end_mark.ts";
import { roundScript } from "./session_signal.ts";
import { startScript } from "./start_command.ts";

/** After KILL, polls again N times for processes forked meanwhile. */
const killRounds = 3;

/** The leader's tasks besides running the command. */
export interface LeaderOptions {
  /** Marks the leader's own lines. */
  nonce: string;
  /**
   * The end of the exec's input ends the command, with this grace between TERM and KILL; absent if the input is the
   * command's.
   */
  watch?: { graceMs: number };
}

/**
 * Lines that run the command's args below a shell that stays. They don't return.
 *
 * The args are passed to the leader in variables: as its arguments they would make it look like the command,
 * and `pgrep -f` or `pkill -f` in the pod would match too much. The leader prints `$kodama_marker` before its own id
 * and that of the watcher, or its own again if there is none.
 */
export function leaderScript(options: LeaderOptions): string {
  return `export kodama_marker kodama_count=0 kodama_script='${stayingScript(options)}'
for kodama_word; do
export "kodama_word_$kodama_count=$kodama_word"
kodama_count=$((kodama_count + 1))
done
exec sh -c 'eval "$kodama_script"' kodama`;
}

/**
 * The leader's lines. They contain no single quotes, because they are embedded in some.
 *
 * Names of variables are kodama's own, because an assignment to one that the container exports would reach the command.
 * The leader's own stderr is discarded: shells report there when a command dies of a signal. At the end, the mark of
 * `end_mark.ts` follows both streams.
 */
function stayingScript({ nonce, watch }: LeaderOptions): string {
  return `kodama_at=0
while [ "$kodama_at" -lt "$kodama_count" ]; do
eval "set -- \\"\\$@\\" \\"\\$kodama_word_$kodama_at\\"; unset kodama_word_$kodama_at"
kodama_at=$((kodama_at + 1))
done
unset kodama_script kodama_count kodama_at kodama_word
exec 4>&2 2>/dev/null
kodama_lost= kodama_watcher=
trap : TERM
trap kodama_lost=1 USR1
${watch === undefined ? "" : watcherScript(watch.graceMs)}
echo "$kodama_marker$$ \${kodama_watcher:-$$}"
unset kodama_marker
(
exec 2>&4 4>&-
${startScript}
)
kodama_code=$?
if [ "$kodama_watcher" ]; then
[ "$kodama_lost" ] || kill -KILL "$kodama_watcher"
wait "$kodama_watcher"
fi
echo "${endMarkOf(nonce)}$kodama_code"
echo "${endMarkOf(nonce)}$kodama_code" >&4
exit "$kodama_code"`;
}

/** Lines that start the watcher, which holds none of the command's streams open: otherwise the exec wouldn't end. */
function watcherScript(graceMs: number): string {
  const turns = Array.from({ length: killRounds }, (_, index) => index).join(" ");
  return `exec 3<&0 </dev/null
(
trap "" TERM
exec <&3 >/dev/null 3<&- 4>&-
while read -r line; do :; done
kill -USR1 $$
read -r self line </proc/self/stat
session=$$ spared="$$ $self"
round() {
signal=$1
${roundScript}
}
round TERM
sleep ${Math.ceil(graceMs / 1000)}
for turn in ${turns}; do
round KILL
[ "$alive" = 0 ] && break
done
) &
kodama_watcher=$!
exec 3<&-`;
}
