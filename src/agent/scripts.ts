/**
 * The scripts that kodama runs in a pod to start a task, to inspect tasks, and to end one: lines for any POSIX shell.
 * User text comes on standard input or is a number; a script's own lines start with an unguessable mark.
 */
import { lookScript } from "./runner_script.ts";

/** Starts every script: `$1` is the mark. */
const beginning = `mark=$1
shift
say() { printf '%s\\n' "$mark$*"; }
refuse() { say "refused $*"; exit 1; }
need() { for tool; do command -v "$tool" >/dev/null 2>&1 || refuse "noTool $tool"; done; }
[ "\${HOME-}" ] || refuse noHome
root=$HOME/.kodama/tasks`;

/** `key`: creates a task from the files on standard input, and starts its runner. */
const add = `${beginning}
need mkdir mv rm date sleep dd tail cat
umask 077
mkdir -p "$root" 2>/dev/null || refuse noFolder
new=$root/.new-$1-$$
mkdir "$new" 2>/dev/null || refuse noFolder
trap 'rm -rf "$new"' HUP INT TERM
complete=
while IFS= read -r line; do
case $line in
.) complete=1; break ;;
=*) exec 3>"$new/\${line#=}" || break ;;
+*) printf '%s\\n' "\${line#+}" >&3 || break ;;
esac
done
[ "$complete" ] || { rm -rf "$new"; refuse incomplete; }
: >"$new/events.jsonl"
exec 3>&-
run() {
trap '' HUP
command -v setsid >/dev/null 2>&1 && exec setsid sh "$new/runner" "$new"
exec sh "$new/runner" "$new"
}
number=$(run </dev/null 2>/dev/null &)
case $number in
"" | *[!0-9]*) rm -rf "$new"; refuse notStarted ;;
esac
say "added $number"`;

/** Lines that define `tell FOLDER`: prints all data of a task except its events. */
const telling = `one_line() { read -r line <"$1"; } 2>/dev/null
tell() {
kodama_look "$1"
say "task \${1##*/} $kodama_is"
line=
one_line "$1/began" && say "began $line"
one_line "$1/exit" && say "exit $line"
one_line "$1/task" && say "meta $line"
}`;

/**
 * `newest only limit`: prints the tasks, the oldest first: the newest N (all for 0), or the one of that number, each
 * with the last `limit` bytes of its events.
 */
const read = `${beginning}
${lookScript}
${telling}
need tail head
numbers=
[ -d "$root" ] && for one in "$root"/[1-9]*; do
one=\${one##*/}
case $one in *[!0-9]*) continue ;; esac
[ -e "$root/$one/again" ] && continue
[ "$2" = 0 ] || [ "$2" = "$one" ] && numbers="$numbers
$one"
done
numbers=$(echo "$numbers" | sort -n)
set -- "$1" "$3" $numbers
newest=$1 limit=$2
shift 2
[ "$newest" = 0 ] || while [ "$#" -gt "$newest" ]; do shift; done
for one; do
task=$root/$one
tell "$task"
file=$task/events.jsonl
[ -e "$file" ] || { say "events 0 0"; continue; }
kodama_size "$file"
all=$kodama_bytes at=0
[ "$all" -gt "$limit" ] && at=$((all - limit))
say "events $all $((all - at))"
tail -c "+$((at + 1))" "$file" | head -c "$((all - at))"
if [ -s "$file.end" ]; then
kodama_size "$file.end"
say "rest $kodama_bytes"
head -c "$kodama_bytes" "$file.end"
fi
done
say end`;

/**
 * `number offset`: sends a task's events from there as they arrive. Its reports are on standard error: the task's
 * state, when its turn comes, and the size of its events when it has ended. It ends when its input does.
 */
const follow = `${beginning}
${lookScript}
task=$root/$1
exec 3<&0 </dev/null 4>&1 >&2
[ -e "$task/claim" ] || refuse "noTask $1"
need tail sleep
said=
look() {
kodama_look "$task"
state=$kodama_is
[ "$state" = alive ] && { state=queued; [ -e "$task/began" ] && state=working; }
[ "$state" = "$said" ] || say "state $state"
said=$state
}
look
tail -c "+$(($2 + 1))" -f "$task/events.jsonl" >&4 3<&- &
sender=$!
exec 4>&-
(while read -r line; do :; done; kill "$sender") <&3 >/dev/null 2>&1 &
watcher=$!
exec 3<&-
while [ "$kodama_is" = alive ] && kill -0 "$sender" 2>/dev/null; do
sleep 0.3 2>/dev/null || sleep 1
look
done
kodama_size "$task/events.jsonl"
say "end $kodama_bytes"
wait "$sender"
kill "$watcher" 2>/dev/null
exit 0`;

/**
 * Lines that define `tree ID`, which puts the process and its descendants into `$tree` (each with its birth after a
 * colon), and `living LIST`, which puts those that are still the same into `$left`. Only processes that were reparented
 * are missing, and that was on purpose.
 */
const trees = `parents() {
pairs=
for file in /proc/[0-9]*/stat; do
text=
{ while read -r line; do text="$text $line"; done <"$file"; } 2>/dev/null
set -- \${text##*) }
case \${1-Z} in Z | X) continue ;; esac
file=\${file#/proc/}
pairs="$pairs \${file%/stat}:$2:\${20}"
done
}
tree() {
parents
case " $pairs" in *" $1:"*) ;; *) tree=; return ;; esac
known=" $1 " tree= grown=1
while [ "$grown" ]; do
grown= tree=
for pair in $pairs; do
pid=\${pair%%:*} rest=\${pair#*:}
case $known in
*" $pid "*) tree="$tree $pid:\${rest#*:}" ;;
*" \${rest%%:*} "*) known="$known$pid " tree="$tree $pid:\${rest#*:}" grown=1 ;;
esac
done
done
}
living() {
left=
for one in $1; do
kodama_born "\${one%%:*}"
[ "$kodama_birth" = "\${one#*:}" ] && left="$left $one"
done
}
signal() { for one in $2; do kill "-$1" "\${one%%:*}" 2>/dev/null; done; }`;

/**
 * `number signal to seconds`: a signal, a grace, TERM to all, a grace, KILL; each only if needed. Task number 0 means
 * the first that hasn't ended: the current one, or the next. It prints the task's previous state, and then how many
 * processes remain.
 */
const interrupt = `${beginning}
${lookScript}
${trees}
need sleep
number=$1
if [ "$number" = 0 ]; then
for one in "$root"/[1-9]*; do
case \${one##*/} in *[!0-9]*) continue ;; esac
kodama_look "$one"
one=\${one##*/}
[ "$kodama_is" = alive ] || continue
[ "$number" = 0 ] || [ "$one" -lt "$number" ] && number=$one
done
[ "$number" = 0 ] && refuse idle
fi
task=$root/$number
[ -e "$task/claim" ] || refuse "noTask $number"
kodama_look "$task"
say "state $number $kodama_is"
[ "$kodama_is" = alive ] || exit 0
: >"$task/interrupt"
turn=0
while [ -e "$task/began" ] && ! [ -s "$task/agent" ] && [ "$turn" -lt 20 ]; do
kodama_look "$task"
[ "$kodama_is" = alive ] || break
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
*) signal "$2" "$tree" ;;
esac
settle() {
turn=0
while kodama_look "$task"; living "$all"; [ "$kodama_is" = alive ] || [ "$left" ]; do
turn=$((turn + 1))
[ "$turn" -gt $(($1 * 5)) ] && return 1
sleep 0.2 2>/dev/null || { sleep 1; turn=$((turn + 4)); }
done
}
again() {
[ "$agent" ] || { read -r agent <"$task/agent"; } 2>/dev/null
[ "$agent" ] && tree "$agent"
all="$left $tree"
}
settle "$4" || { again; signal TERM "$all"; settle 3 || { again; signal KILL "$all"; settle 3; }; }
living "$all"
set -- $left
say "gone $#"`;

/** The scripts by name. */
const scripts = { add, read, follow, interrupt } as const;

/** The script to run. */
export type FarScript = keyof typeof scripts;

/** Returns the args of an exec that runs a script. */
export function farCommand(script: FarScript, mark: string, args: readonly string[]): string[] {
  return ["sh", "-c", scripts[script], "kodama", mark, ...args];
}
