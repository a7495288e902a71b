/**
 * The watcher of a session with limits: the container's first process, lines for any POSIX shell (dash, busybox, bash).
 * It polls every few seconds, and exits by itself, with code 0, when the session is idle for too long or its time to
 * live is over. It can't call the API, because the pod has no token; and no other process needs to run for it.
 *
 * A session is in use if
 *
 * - it has a terminal with input in the last hours: a shell, a client of tmux;
 * - it runs a command from outside for longer than one poll: an exec, a copy. Short reads (`kodama get`) aren't
 *   noticed, and a sync's loop is recognized and skipped;
 * - its agent has a task that hasn't ended;
 * - a sync has just brought a change;
 * - its programs use more than a tenth of a CPU, averaged over a minute: a build continues unattended;
 * - its file `keep` has just been touched.
 *
 * Its files in `$HOME/.kodama-life`, a folder as old as the pod, which outlives its containers:
 *
 *     began   seconds since 1970
 *     active  the same of the last use, and its kind
 *     keep    created to request more time; removed again
 *
 * A process is distinguished from a later one of the same id by its birth: proc(5).
 */
import { limitText, lookSeconds, type SessionLimits } from "./limits.ts";
import { workspaceFolder } from "./names.ts";

/** The watcher's folder, as a shell writes it. */
export const lifeFolder = `"$HOME"/.kodama-life`;

/** The watcher's environment; tests replace it. */
export interface LifeWorld {
  proc: string;
  terminals: string;
  workspace: string;
  /** Commands: one that prints seconds since 1970, and one that sleeps for N seconds. */
  date: string;
  sleep: string;
}

const pod: LifeWorld = {
  proc: "/proc",
  terminals: "/dev/pts",
  workspace: workspaceFolder,
  date: "date +%s",
  sleep: "sleep",
};

/** A terminal without input for this long was forgotten: an office computer that was left on. */
const forgottenSeconds = 8 * 3600;

/** Per CPU, in hundredths of a second per second: the unit of proc(5). */
const busyTicks = 10;

/** How long before its end a session notifies its users. */
const warnSeconds = 300;

/** How long an agent may take to end after its interrupt, and again after TERM. */
const agentSeconds = 10;
/** How long the last changes may take to sync, and no more. */
const flushSeconds = { least: 3, most: 30 };
/** How long other programs may take after HUP and TERM. */
const endSeconds = 5;

/**
 * `each LINE` parses one line of a process's `stat`. `$roots` are commands from outside, recognized by the parent id 0;
 * `$ours` those of syncs, and `$carried` the total work of these.
 */
const processes = `each() {
pid=\${1%% *}
set -- \${1##*) }
[ "$#" -ge 20 ] && [ "$pid" != "$self" ] || return 0
birth=\${20}
case $pid$2$5\${12}\${13}\${14}\${15}$birth in *[!0-9]*) return ;; esac
case $1 in Z | X) return ;; esac
pairs="$pairs $pid:$birth"
one=$pid:$birth
took=$((\${12} + \${13} + \${14} + \${15}))
if [ "$2" != 0 ]; then spent=$((spent + took)); return; fi
case "$known " in *" $one "*) ours="$ours $one" carried=$((carried + took)); return ;; esac
spent=$((spent + took))
if [ "$5" != 0 ]; then
terminal=$(($5 & 255 | $5 >> 12 & 1048320))
attended="$attended $terminal"
typed "$terminal" && use="somebody has a terminal in it"
return
fi
case "$before " in *" $one "*) use="a command runs that was sent to it" ;; *)
case $(tr '\\000' ' ' 2>/dev/null <"$proc/$pid/cmdline") in *" kodama-sync kodama-"*) ours="$ours $one" carried=$((carried + took)); return ;; esac ;;
esac
roots="$roots $one"
}
typed() {
at=$(stat -c %X "$terminals/$1" 2>/dev/null)
case $at in "" | *[!0-9]*) return 0 ;; esac
[ $((now - at)) -lt ${forgottenSeconds} ]
}
look() {
before=$roots known=$ours
use= spent=0 carried=0 pairs= attended= roots= ours=
all=$(cat "$proc"/[0-9]*/stat 2>/dev/null)
[ "$all" ] || { use="its processes can't be seen"; return; }
set -f
IFS=$nl
set -- $all
IFS=$blank
for line do each "$line"; done
set +f
}`;

/** Further uses of the session, which set `$use`. */
const uses = `tasks() {
for task in "$HOME"/.kodama/tasks/[1-9]*; do
[ -e "$task/claim" ] && ! [ -e "$task/exit" ] || continue
pid= birth=
{ read -r pid birth rest <"$task/claim"; } 2>/dev/null
case "$pairs " in *" $pid:$birth "*) "$@" "$task" ;; esac
done
}
working() { use="task \${1##*/} of its agent"; }
changes() {
set -- "$workspace"/.kodama-sync-*/steps
[ -e "$1" ] || return 0
seen=$(stat -c %Y "$@" 2>/dev/null)
[ "$seen" = "$brought" ] || use="a sync brought changes"
brought=$seen
}
programs() {
[ $((now - counted_at)) -ge "$window" ] || return 0
[ $((spent - counted)) -gt $(((now - counted_at) * ${busyTicks})) ] && use="its programs work"
counted=$spent counted_at=$now
}
wishes() { [ -e "$life/keep" ] && rm -f "$life/keep" && use="somebody asked for more time"; }
uses() {
tasks working
changes
programs
wishes
}`;

/** `tell TEXT`: to the log, and to all terminals. It runs in the background, because a terminal may block. */
const telling = `tell() {
echo "kodama: $1"
show "$1" >/dev/null 2>&1 &
}
show() {
shown=
for socket in "$HOME/.kodama-shared-shell" "\${TMPDIR:-/tmp}"/kodama-shell-*/*/tmux /tmp/tmux-*/*; do
[ -S "$socket" ] || continue
for client in $(tmux -S "$socket" list-clients -F '#{client_tty}'); do
shown="$shown \${client##*/} "
tmux -S "$socket" display-message -d 20000 -c "$client" "kodama: $1"
done
done
for one in $attended; do
case $shown in *" $one "*) ;; *) printf '\\r\\n\\007kodama: %s\\r\\n' "$1" >"$terminals/$one" & ;; esac
done
}
span() {
span=
[ "$1" -ge 3600 ] && span=$(($1 / 3600))h
[ $(($1 / 60 % 60)) -gt 0 ] && span=$span$(($1 / 60 % 60))m
[ $(($1 % 60)) -gt 0 ] && [ "$1" -lt 600 ] && span=$span$(($1 % 60))s
[ "$span" ] || span=0s
}`;

/**
 * `finish REASON`: every process gets its chance to end well, in sequence. A queued task runs in the next pod: its
 * runner is ended first, before its turn comes.
 */
const finishing = `signal_agent() {
[ -e "$1/began" ] || { kill "$pid" 2>/dev/null; return; }
: >"$1/interrupt"
agent=
{ read -r agent <"$1/agent"; } 2>/dev/null
case $agent in "" | *[!0-9]*) ;; *) kill "-$signal" "$agent" 2>/dev/null ;; esac
alive=1
}
still() { alive=1; }
end_agents() {
for signal in INT TERM; do
look
alive= turn=0
tasks signal_agent
while [ "$alive" ] && [ "$turn" -lt ${agentSeconds} ]; do
pause 1
turn=$((turn + 1)) alive=
look
tasks still
done
[ "$alive" ] || return
done
}
flush() {
look
[ "$ours" ] || return
quiet=0 turn=0
while [ "$quiet" -lt ${flushSeconds.least} ] && [ "$turn" -lt ${flushSeconds.most} ]; do
last=$carried
pause 1
look
turn=$((turn + 1)) quiet=$((quiet + 1))
[ "$carried" = "$last" ] || quiet=0
done
}
finish() {
trap '' HUP
look
tell "the session stops now: $1. kodama resume $KODAMA_SESSION goes on with it"
end_agents
flush
turn=0
if [ "$self" = 1 ]; then
kill -HUP -1
pause 1
kill -TERM -1
while look; set -- $pairs; [ "$#" -gt 1 ] && [ "$turn" -lt ${endSeconds} ]; do
pause 1
turn=$((turn + 1))
done
fi 2>/dev/null
exit 0
}`;

/**
 * Returns the lines: a shell that runs them exits when the session should end. Kubernetes expands a container's command
 * first and replaces `$$` by `$`: so the lines ask the system for the shell's id.
 * https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/#entrypoint
 */
export function lifeScript(limits: SessionLimits, world: LifeWorld = pod): string {
  const { ttlSeconds, idleSeconds } = limits;
  const every = lookSeconds({ ttlSeconds, idleSeconds });
  const window = Math.min(60, Math.max(every, Math.floor((idleSeconds ?? 0) / 5)));
  return `proc=${world.proc} terminals=${world.terminals} workspace=${world.workspace}
life=${lifeFolder} nl='
'
blank=" $nl" IFS=" $nl"
roots= ours= told= warned= brought= counted=0 window=${window}
{ read -r self rest </proc/self/stat; }
trap 'exit 143' TERM INT
clock() { now=$(${world.date}); }
pause() { ${world.sleep} "$1" & wait $!; }
${processes}
${uses}
${telling}
${finishing}
mkdir -p "$life"
clock
began= active=
{ read -r began <"$life/began"; } 2>/dev/null
case $began in "" | *[!0-9]*) began=$now; echo "$began" >"$life/began" ;; esac
{ read -r active rest <"$life/active"; } 2>/dev/null
case $active in "" | *[!0-9]*) active=$now; echo "$active" >"$life/active" ;; esac
look
changes
counted=$spent counted_at=$now
while :; do
pause ${every}
clock
case $now in "" | *[!0-9]*) continue ;; esac
${[...ttlLines(ttlSeconds), ...idleLines(idleSeconds)].join("\n")}
done`;
}

function ttlLines(seconds: number | undefined): string[] {
  if (seconds === undefined) return [];
  const text = `the time to live of ${limitText(seconds)}`;
  return [`left=$((began + ${seconds} - now))
[ "$left" -gt 0 ] || finish "${text} is over"
if [ "$left" -le ${warnBefore(seconds)} ] && [ -z "$told" ]; then
told=1
span "$left"
look
tell "${text} is over in $span: save what is open"
fi`];
}

function idleLines(seconds: number | undefined): string[] {
  if (seconds === undefined) return [];
  return [`look
uses
[ "$use" ] && { active=$now warned=; echo "$now $use" >"$life/active"; }
left=$((active + ${seconds} - now))
[ "$left" -gt 0 ] || finish "idle for ${limitText(seconds)}"
if [ "$left" -le ${warnBefore(seconds)} ] && [ -z "$warned" ]; then
warned=1
span "$left"
tell "nobody uses this session: it stops in $span, unless somebody does"
fi`];
}

/** Half of a short limit. */
function warnBefore(seconds: number): number {
  return Math.min(warnSeconds, Math.floor(seconds / 2));
}
