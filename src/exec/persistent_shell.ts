/**
 * A persistent shell, which outlives its link: shell lines that run it below a dtach or a tmux of the pod's own, find
 * it again, and end it if no one returns to it.
 *
 * Neither is visible. dtach passes bytes through unchanged and is preferred if both exist; tmux gets a configuration
 * without keys, without a status line and without the alternate screen, so that the terminal's own scrolling works.
 *
 * tmux draws on the terminal that is its standard input; its client's message at the end (`[exited]`) on standard
 * output is discarded.
 *
 * Output from before tmux takes the terminal is lost if it is still unread: tmux discards what the terminal buffers
 * (`tcflush`). So tmux itself prints the greeting as its first output; at the same time it clears a screen for itself
 * by scrolling the existing lines away.
 *
 * Each shell has a folder of its own below `$root`, with an unguessable name:
 *
 *     dtach, tmux   the socket
 *     client        id and birth of the process that has it on its terminal, or is about to
 *     owner         id and birth of the process that runs the shell; absent until that has started
 *     command       the requested command: a shell is found again only by the same args
 *     code          once it has ended, the exit code, and the seconds from the boot of the node until then
 *
 * Many may start at once in one pod, of one user. So none takes a shell that another one holds by its `client`, nor
 * removes a folder that another one is starting in, or whose exit code its client may still read.
 *
 * Two more processes belong to the shell's session: its parent, which stores the exit code and gives the multiplexer a
 * moment to show the last output, and the keeper, which polls every few seconds whether a client is attached, and hangs
 * the session up if none was for too long.
 */
import { bornScript, hangUpScript } from "./session_signal.ts";
import { startScript } from "./preamble.ts";
import { endMarkOf } from "./marked_line.ts";
import type { TerminalSize } from "../kube/client.ts";

/** Interval between two polls of the keeper, in seconds. */
const pollSeconds = 5;

/**
 * How often a new shell polls for its first client before it starts without one: its earlier output is seen by no one.
 */
const attachTurns = 50;

/** Between HUP and KILL, when a shell's time is over. */
const graceMs = 2000;

/** Sets `$kind` of the shell in folder `$1`, empty if it has ended. */
const aliveScript = `alive() {
kind= owner= since=
[ -e "$1/code" ] && return
{ read -r owner since <"$1/owner"; } 2>/dev/null
[ "$owner" ] || return
born "$owner"
[ "$birth" = "$since" ] || return
for kind in dtach tmux ""; do [ "$kind" ] && [ -S "$1/$kind" ] && return; done
}`;

/**
 * `own` holds the shell in folder `$1`, `claim` does so unless a living process holds it. `is_left`, after `alive` found
 * none there, returns whether nobody needs the folder any more.
 */
const claimScript = `own() {
born $$
echo "$$ $birth" >"$1/client"
}
is_gone() {
process= since=
{ read -r process since <"$1/client"; } 2>/dev/null || return
born "$process"
[ "$birth" != "$since" ]
}
claim() {
is_gone "$1" && rm -f "$1/client"
(set -C; own "$1") 2>/dev/null
}
is_left() {
if [ -e "$1/code" ]; then
{ read -r code ended <"$1/code" && read -r now rest </proc/uptime; } 2>/dev/null || return
[ "$((\${now%%.*} - \${ended:-0}))" -gt "$keep" ]
else
[ "$owner" ] || is_gone "$1"
fi
}`;

/** Returns whether a client is attached to the shell in `$1`: dtach then marks its socket as executable. */
const attachedScript = `attached() {
if [ -S "$1/dtach" ]; then [ -x "$1/dtach" ]
else [ "$(tmux -S "$1/tmux" list-clients 2>/dev/null)" ]; fi
}`;

/** The parent of a persistent shell, without single quotes. Its arguments: folder, seconds to retain it, the args. */
const parentScript = `folder=$1 keep=$2
shift 2
unset TMUX TMUX_PANE kodama_script kodama_parent
${bornScript}
${attachedScript}
${hangUpScript(graceMs)}
born $$
echo "$$ $birth" >"$folder/owner"
(
trap "" HUP INT QUIT TERM
read -r exempt rest </proc/self/stat
idle=0
while [ "$idle" -lt "$keep" ]; do
sleep ${pollSeconds}
if attached "$folder"; then idle=0; else idle=$((idle + ${pollSeconds})); fi
done
session=$$
hang_up
rm -rf "$folder"
rmdir "\${folder%/*}" 2>/dev/null
) </dev/null >/dev/null 2>&1 &
keeper=$!
trap : INT QUIT
turn=0
while [ "$turn" -lt ${attachTurns} ] && ! attached "$folder"; do
sleep 0.1 2>/dev/null || sleep 1
turn=$((turn + 1))
done
(
${startScript}
)
code=$?
now=
{ read -r now rest </proc/uptime; } 2>/dev/null
echo "$code \${now%%.*}" >"$folder/code"
sleep 0.1 2>/dev/null
kill -KILL "$keeper" 2>/dev/null
exit "$code"`;

/** tmux without features of its own, as text between double quotes. */
const tmuxSettings = [
  "set -g status off",
  "set -g prefix None",
  "set -g prefix2 None",
  "unbind-key -a",
  "unbind-key -a -T root",
  "set -g mouse off",
  "set -s escape-time 0",
  "set -g focus-events on",
  "set -g set-titles on",
  'set -g set-titles-string \\"#T\\"',
  "set -g remain-on-exit off",
  "set -g destroy-unattached off",
  "set -g history-limit 0",
  // What tmux would clear on exit is the shell's last output.
  'set -ga terminal-overrides \\",*:smcup@:rmcup@:clear=\\\\\\\\033[999;1H\\\\\\\\n\\"',
];

/**
 * Lines that start or find a persistent shell, stay until it ends or is detached, and exit with its code. They return
 * if the pod has no multiplexer. They read `$requested`, `$root`, `$id`, `$keep`, `$columns`, `$rows`, `$identity`,
 * `$kodama_parent` (exported) and the args, and call `say`; `$goodbye` is printed before the exit code, because a
 * server may report success for a link that broke (`marked_line.ts`). The folder is made twice if need be: the last
 * shell to end removes `$root`, perhaps between the two.
 */
const persistentShellScript = `${bornScript}
${aliveScript}
${claimScript}
${attachedScript}
described() {
{ read -r line <"$1/command"; } 2>/dev/null
[ "$line" = "$identity" ]
}
has_terminal() {
for place in /etc/terminfo /lib/terminfo /usr/lib/terminfo /usr/share/terminfo; do
[ -e "$place/\${1%"\${1#?}"}/$1" ] && return 0
done
return 1
}
say_within() {
text= rest="$mark$1 $kind $id"
while case $rest in *:*) ;; *) false ;; esac; do
text="$text\${rest%%:*}\\072"
rest=\${rest#*:}
done
text="$text$rest\\r\\n"
while [ "$rows" -gt 0 ]; do
text="$text\\n"
rows=$((rows - 1))
done
tmux -S "$folder/tmux" set-option -g "terminal-overrides[77]" "*:smcup=$text" 2>/dev/null
}
join() {
if [ "$kind" = dtach ]; then
say "$1" "$kind"
dtach -a "$folder/dtach" -E -z -r winch
else
has_terminal "$TERM" || TERM=xterm-256color
say_within "$1" || say "$1" "$kind"
tmux -S "$folder/tmux" attach-session -d >/dev/null
fi
}
leave() {
{ read -r code ended <"$folder/code"; } 2>/dev/null || exit 0
rm -rf "$folder"
rmdir "$root" 2>/dev/null
echo "$goodbye$code"
exit "$code"
}
folder=$root/$id
if [ "$requested" = same ]; then
alive "$folder"
[ "$kind" ] && { own "$folder"; join back; leave; }
code=
{ read -r code ended <"$folder/code"; } 2>/dev/null
rm -rf "$folder"
say gone "$code"
exit 0
fi
for old in "$root"/*; do
[ "$requested" = any ] || break
[ -d "$old" ] || continue
alive "$old"
[ "$kind" ] || { is_left "$old" && rm -rf "$old"; continue; }
attached "$old" && continue
described "$old" && claim "$old" || continue
id=\${old##*/} folder=$old
join back
leave
done
kind=
for program in dtach tmux; do
command -v "$program" >/dev/null 2>&1 && { kind=$program; break; }
done
for program in mkdir rm sleep; do
command -v "$program" >/dev/null 2>&1 || kind=
done
made() { (umask 077 && mkdir -p "$folder") 2>/dev/null; }
if [ "$kind" ] && { made || made; }; then
own "$folder"
echo "$identity" >"$folder/command"
set -- sh -c "eval \\"\\$kodama_parent\\"" kodama-shell "$folder" "$keep" "$@"
if [ "$kind" = dtach ]; then
dtach -n "$folder/dtach" -E -z -r winch "$@" && { join new; leave; }
else
inner=screen
for one in screen-256color tmux-256color; do has_terminal "$one" && inner=$one; done
echo "${tmuxSettings.join("\n")}
set -g default-terminal $inner" >"$folder/conf"
tmux -S "$folder/tmux" -f "$folder/conf" new-session -d -x "$columns" -y "$rows" -- "$@" 2>/dev/null &&
{ join new; leave; }
fi
rm -rf "$folder"
shift 6
fi
rmdir "$root" 2>/dev/null`;

/* The args that start a user's shell in a pod, and the line they print first. */

/** In order of preference; the first that the image has is used. `sh` reads these args, so it exists. */
const shells = ["bash", "zsh", "ash", "dash", "ksh", "sh"];

/** The requested shell, if shells can be persistent. */
export type RequestedShell =
  /** A new one. */
  | "new"
  /** One of the same user and command without an attached client, or a new one. */
  | "any"
  /** The one of this id, and no other. */
  | "same";

/** A shell that outlives its link. */
export interface PersistentShell {
  requested: RequestedShell;
  /** Owner of the shells that may be found again; unguessable for others. Letters and digits. */
  owner: string;
  /** Id of this shell, or of a new one. Letters and digits. */
  id: string;
  /** How long it waits in the pod while no one is attached; at least 1. */
  keepSeconds: number;
  size: TerminalSize;
}

/** A shell to start in a pod. */
interface ShellRequest {
  /** Marks the line that reports the started shell; programs in the pod can't guess it. */
  nonce: string;
  /** Runs instead of a shell; may be empty. */
  command: readonly string[];
  /** Absent if the shell ends with its link. */
  persistent?: PersistentShell;
}

/** The started shell. */
export type ShellGreeting =
  | { kind: "plain" }
  /** It can be found again by this id. */
  | { kind: "persistent"; by: "tmux" | "dtach"; id: string; found: boolean }
  /** The requested shell has ended; its exit code, if it stored one. */
  | { kind: "missing"; exitCode: number | undefined };

function markerOf(nonce: string): string {
  return `kodama-shell:${nonce}:`;
}

/**
 * Returns the args to run. No user text becomes part of a script. The scripts are in variables, so that process lists
 * in the pod show short lines; they have no single quotes.
 */
export function shellArgv({ nonce, command, persistent }: ShellRequest): string[] {
  const script = [
    "mark=$1 requested=$2 root=${TMPDIR:-/tmp}/kodama-shell-$3 id=$4 keep=$5 columns=$6 rows=$7 identity=$8",
    "shift 8",
    'say() { echo "$mark$1 $2 $id"; }',
    `if [ $# = 0 ]; then
for shell in ${shells.join(" ")}; do command -v "$shell" >/dev/null 2>&1 && break; done
set -- "$shell"
fi`,
    ...(persistent === undefined ? [] : [`goodbye=${endMarkOf(nonce)}`, persistentShellScript]),
    "say plain",
    "unset kodama_script kodama_parent",
    startScript,
  ].join("\n");
  const parent = persistent === undefined ? "" : parentScript;
  const start = `export kodama_script='${script}' kodama_parent='${parent}'
exec sh -c 'eval "$kodama_script"' "$0" "$@"`;
  const { requested, owner, id, keepSeconds, size } = persistent ?? endsWithLink;
  const { columns, rows } = size;
  const parameters = [markerOf(nonce), requested, owner, id, keepSeconds, columns, rows];
  return ["sh", "-c", start, "kodama", ...parameters.map(String), oneLine(command), ...command];
}

/** Replaces a {@link PersistentShell} if it isn't read. */
const endsWithLink = {
  ...{ requested: "", owner: "", id: "", keepSeconds: 0 },
  size: { columns: 0, rows: 0 },
};

/** Identifies a shell to find again: one line that no `read` or `echo` changes. */
function oneLine(command: readonly string[]): string {
  return `=${command.map(encodeURIComponent).join("+")}`;
}

/** Returns the line's marker and its parser. */
export function greetingLine(nonce: string) {
  return { marker: markerOf(nonce), parse: readGreeting };
}

function readGreeting(text: string): ShellGreeting | undefined {
  const [state = "", detail = "", id = ""] = text.split(" ");
  switch (state) {
    case "plain":
      return { kind: "plain" };
    case "new":
    case "back": {
      if (detail !== "tmux" && detail !== "dtach") return undefined;
      return /^\w{1,64}$/.test(id)
        ? { kind: "persistent", by: detail, id, found: state === "back" }
        : undefined;
    }
    case "gone":
      return { kind: "missing", exitCode: /^\d{1,3}$/.test(detail) ? Number(detail) : undefined };
    default:
      return undefined;
  }
}
