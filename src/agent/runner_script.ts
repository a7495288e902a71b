/**
 * Runs a task in its pod, long after kodama has exited: lines for any POSIX shell (dash, busybox, bash) with the
 * programs that nearly every image has.
 *
 * A task is a folder below `~/.kodama/tasks`, named by its number:
 *
 *     task         the request, as one line of JSON; kodama's own
 *     key          distinguishes it from any other
 *     again        one of a lower number has the same key: nothing was done, and it isn't shown
 *     prompt       the agent's standard input
 *     environment  variables of this task, deleted when it starts; may be missing
 *     start        lines that become the agent
 *     runner       the lines of this file
 *     claim        the runner's process: id, birth, the kernel's boot, birth of the container's first process
 *     began        when its turn came, in seconds since 1970
 *     agent        the agent's process id
 *     events.jsonl the agent's output on both streams; bounded, then `events.jsonl.end` has its tail
 *     interrupt    a user wants it to end
 *     exit         how it ended: code, seconds since 1970, `ended` or `interrupted`
 *
 * There are no locks, and nothing must be taken over from a runner that was killed: a folder gets its number by one
 * rename, with its claim already in it. A task has its turn when all of lower numbers have ended, and one whose runner
 * is missing has ended, whatever files remain. So the state after a pod's restart can be derived from the files.
 *
 * A pod that retains these files, and is created again, may restart the runners of queued tasks, one after the other
 * (`runner FOLDER`, in the order of their numbers): each claims its task again, and waits as before.
 *
 * Names of variables start with `kodama_`, because an assignment to one that the container exports would reach the
 * agent.
 */

/** How much of a task's output stays on the pod's disk; approximate, because it is checked every few MiB. */
export const maxEventBytes = 16 * 1024 * 1024;

/** How much of the output after it is stored: the agent's last messages, including its result. */
export const keptEndBytes = 256 * 1024;

/** Tasks that a pod stores, and bytes of their output: older ones are deleted when a task has its turn. */
const keptTasks = 100;
const keptBytes = 128 * 1024 * 1024;

/** Poll interval for the end of the claim's line and for a turn: in seconds. */
const lookEvery = "0.3";

/** Blocks of 64 KiB between two checks of the size. */
const blocksBetweenLooks = 64;

/** How often processes that hold the output open are polled after the agent's end, ten times a second. */
const drainTurns = 30;

/** How often the output's keeper is polled, which starts beside a task that may be shorter; as above. */
const keeperTurns = 100;

/**
 * Lines that define `kodama_born ID`, which sets `$kodama_birth` to a value that distinguishes a process from a later
 * one of the same id, empty if there is none (or a zombie); and `kodama_look FOLDER`, which sets `$kodama_is`: `alive`,
 * `ended`, `killed`, or `restarted` if the container isn't the one in which the task was started. proc(5).
 */
export const lookScript = `kodama_born() {
kodama_text= kodama_birth=
{ while read -r kodama_line; do kodama_text="$kodama_text $kodama_line"; done <"/proc/$1/stat"; } 2>/dev/null
set -- \${kodama_text##*) }
case \${1-} in Z | X) ;; *) kodama_birth=\${20-} ;; esac
}
kodama_boot() { kodama_boot=-; { read -r kodama_boot </proc/sys/kernel/random/boot_id; } 2>/dev/null; }
kodama_look() {
[ -e "$1/exit" ] && { kodama_is=ended; return; }
kodama_pid= kodama_since= kodama_then= kodama_first=
{ read -r kodama_pid kodama_since kodama_then kodama_first <"$1/claim"; } 2>/dev/null
kodama_boot
kodama_born 1
kodama_is=killed
[ "$kodama_then $kodama_first" = "$kodama_boot $kodama_birth" ] || { kodama_is=restarted; return; }
kodama_born "$kodama_pid"
[ "$kodama_pid" ] && [ "$kodama_birth" = "$kodama_since" ] && kodama_is=alive
[ -e "$1/exit" ] && kodama_is=ended
}
kodama_size() { kodama_bytes=$(stat -c %s "$1" 2>/dev/null) || kodama_bytes=$(($(wc -c <"$1"))); }`;

/**
 * The file `runner`. Its argument is the folder in which all was prepared, or that of a task that was queued when its
 * pod ended; it prints the task's number when the claim exists.
 */
export const runnerScript = `${lookScript}
kodama_new=$1
kodama_root=\${kodama_new%/*}
kodama_finish() {
echo "$1 $(date +%s) $2" >"$kodama_task/exit.new"
mv "$kodama_task/exit.new" "$kodama_task/exit"
exit 0
}
kodama_claim() {
kodama_boot
kodama_born 1
kodama_first=\${kodama_birth:--}
kodama_born $$
echo "$$ \${kodama_birth:--} $kodama_boot $kodama_first" >"$1/claim.new"
mv "$1/claim.new" "$1/claim"
}
kodama_number=\${kodama_new##*/}
case $kodama_number in
*[!0-9]*)
kodama_claim "$kodama_new"
kodama_turn=0
while [ "$kodama_turn" -lt 100 ]; do
kodama_turn=$((kodama_turn + 1)) kodama_last=0
for kodama_one in "$kodama_root"/[1-9]*; do
kodama_one=\${kodama_one##*/}
case $kodama_one in *[!0-9]*) continue ;; esac
[ "$kodama_one" -gt "$kodama_last" ] && kodama_last=$kodama_one
done
kodama_number=$((kodama_last + 1))
kodama_task=$kodama_root/$kodama_number
kodama_nested=$kodama_task/\${kodama_new##*/}
mv "$kodama_new" "$kodama_task" 2>/dev/null
[ -e "$kodama_nested" ] && { mv "$kodama_nested" "$kodama_new"; continue; }
[ -e "$kodama_new" ] || break
done
[ -e "$kodama_new" ] && exit 1
;;
*)
kodama_task=$kodama_new
kodama_look "$kodama_task"
case $kodama_is in alive | ended) exit 0 ;; esac
[ -e "$kodama_task/began" ] && exit 0
kodama_claim "$kodama_task"
;;
esac
echo "$kodama_number"
exec >/dev/null 2>&1
kodama_own=
{ read -r kodama_own <"$kodama_task/key"; } 2>/dev/null
for kodama_one in "$kodama_root"/[1-9]*; do
kodama_other=\${kodama_one##*/}
case $kodama_other in *[!0-9]*) continue ;; esac
[ "$kodama_other" -lt "$kodama_number" ] || continue
kodama_key=
{ read -r kodama_key <"$kodama_one/key"; } 2>/dev/null
[ "$kodama_key" ] && [ "$kodama_key" = "$kodama_own" ] && { : >"$kodama_task/again"; kodama_finish 0 ended; }
while kodama_look "$kodama_one"; [ "$kodama_is" = alive ]; do
[ -e "$kodama_task/interrupt" ] && kodama_finish 143 interrupted
sleep ${lookEvery} 2>/dev/null || sleep 1
done
done
kodama_all=0 kodama_other=$kodama_number kodama_kept=1
while [ "$kodama_other" -gt 1 ]; do
kodama_other=$((kodama_other - 1))
kodama_one=$kodama_root/$kodama_other
[ -e "$kodama_one/events.jsonl" ] || continue
kodama_size "$kodama_one/events.jsonl"
kodama_all=$((kodama_all + kodama_bytes)) kodama_kept=$((kodama_kept + 1))
[ "$kodama_kept" -gt ${keptTasks} ] || [ "$kodama_all" -gt ${keptBytes} ] && rm -rf "$kodama_one"
done
date +%s >"$kodama_task/began.new"
mv "$kodama_task/began.new" "$kodama_task/began"
[ -e "$kodama_task/interrupt" ] && kodama_finish 143 interrupted
kodama_keep() {
kodama_have=0
while dd bs=65536 count=${blocksBetweenLooks} 2>/dev/null >>"$1"; do
kodama_size "$1"
[ "$kodama_bytes" = "$kodama_have" ] && return
kodama_have=$kodama_bytes
[ "$kodama_have" -lt ${maxEventBytes} ] || break
done
tail -c ${keptEndBytes} >"$1.end"
cat >/dev/null
}
{
sh "$kodama_task/start" "$kodama_task" <"$kodama_task/prompt" 2>&1
echo $? >"$kodama_task/code"
exec >/dev/null
kodama_keeper= kodama_turn=0
until [ "$kodama_keeper" ] || [ "$kodama_turn" -eq ${keeperTurns} ]; do
kodama_turn=$((kodama_turn + 1))
{ read -r kodama_keeper <"$kodama_task/keeper"; } 2>/dev/null || sleep 0.1 || break
done
kodama_turn=0
while [ "$kodama_keeper" ] && [ "$kodama_turn" -lt ${drainTurns} ] && kill -0 "$kodama_keeper"; do
kodama_turn=$((kodama_turn + 1))
sleep 0.1 || break
done
[ "$kodama_keeper" ] && kill "$kodama_keeper"
} | (
kodama_keeper=$(exec sh -c 'echo "$PPID"')
echo "$kodama_keeper" >"$kodama_task/keeper"
kodama_keep "$kodama_task/events.jsonl"
)
kodama_code=137
{ read -r kodama_code <"$kodama_task/code"; } 2>/dev/null
rm -f "$kodama_task/code" "$kodama_task/keeper" "$kodama_task/agent"
kodama_why=ended
[ -e "$kodama_task/interrupt" ] && kodama_why=interrupted
kodama_finish "$kodama_code" "$kodama_why"
`;
