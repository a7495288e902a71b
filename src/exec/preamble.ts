/**
 * A short shell preamble that runs before a command in the pod, so that the command can be ended later.
 *
 * It sets the command's variables, prints process ids on the first line of standard output, and runs the command: below
 * a shell that stays (see below), or by `exec`, which turns the same process into the command. A runtime starts an
 * exec as the leader of a session and of a process group (runc calls setsid), so the id is that of the group and of the
 * session too.
 *
 * Differences from a bare exec: `sh` must exist, and shells such as dash and busybox ash don't pass on variables whose
 * names they can't hold (`my.var`).
 */
import type { Target } from "../kube/select/target.ts";
import { endMarkOf, MarkedLine } from "./marked_line.ts";
import { type ProcessSession, roundScript } from "./session_signal.ts";

/** Options of the setup before the command. */
interface PreambleOptions {
  /** Unguessable to the output of the command: marks the line with the process ids. */
  nonce: string;
  /** Index of the target in its run, from 0. */
  index: number;
  total: number;
  environment?: Readonly<Record<string, string>>;
  workdir?: string;
  /** The command runs below a shell of kodama's; absent if that shell must become the command. */
  leader?: Pick<LeaderOptions, "watch">;
}

/** Returns the marker that `sh` prints before the process ids. */
function markerOf(nonce: string): string {
  return `kodama:${nonce}:`;
}

/**
 * Returns the args for the runtime that replace `command`. No user text becomes part of the script: each is an
 * argument, so there is no quoting.
 */
export function withPreamble(
  command: readonly string[],
  target: Target,
  options: PreambleOptions,
): string[] {
  const { index, total, nonce, workdir, leader } = options;
  const environment = Object.entries(options.environment ?? {});
  const script = [
    'export KODAMA_POD="$1" KODAMA_NAMESPACE="$2" KODAMA_NODE="$3" KODAMA_INDEX="$4" KODAMA_TOTAL="$5"',
    "kodama_marker=$6",
    "shift 6",
    ...environment.map(() => 'export "$1"; shift'),
    ...(workdir === undefined ? [] : [folderScript]),
    leader === undefined
      ? `echo "$kodama_marker$$"\n${startScript}`
      : leaderScript({ nonce, ...leader }),
  ].join("\n");
  return [
    "sh",
    "-c",
    script,
    "kodama",
    target.pod,
    target.namespace,
    target.node,
    String(index),
    String(total),
    markerOf(nonce),
    ...environment.map(([name, value]) => `${name}=${value}`),
    ...(workdir === undefined ? [] : [rootedPath(workdir)]),
    ...command,
  ];
}

/** A path that `cd` takes neither as an option nor through CDPATH (which would print it). */
function rootedPath(path: string): string {
  return path.startsWith("/") ? path : `./${path}`;
}

/** Extracts the line with the process ids from standard output: the first one, like {@link MarkedLine}. */
export class PreambleReader extends MarkedLine<ProcessSession> {
  constructor(nonce: string) {
    super(markerOf(nonce), readSession);
  }

  /** The command's session, as soon as it is known. */
  get session(): ProcessSession | undefined {
    return this.value;
  }
}

function readSession(text: string): ProcessSession | undefined {
  const [, leader, watcher] = /^([1-9]\d{0,9})(?: ([1-9]\d{0,9}))?$/.exec(text) ?? [];
  if (leader === undefined) return undefined;
  return {
    leader: Number(leader),
    ...(watcher === undefined ? {} : { watcher: Number(watcher) }),
  };
}

/*
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
 * neither watcher nor leader, because job control is the command's: `command_stream.ts` watches from outside. A process
 * that should outlive kodama leaves the session: `setsid`.
 */

/** After KILL, polls again N times for processes forked meanwhile. */
const killRounds = 3;

/** The leader's tasks besides running the command. */
interface LeaderOptions {
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
function leaderScript(options: LeaderOptions): string {
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
 * `marked_line.ts` follows both streams.
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

/*
 * Shell lines that exec a command, or report why they can't.
 *
 * A shell that fails in `exec` prefixes its message with its own name and the line of its script, which is kodama's and
 * means nothing to a user. So a command that is certainly missing is reported before, with the runtime's message that
 * kubectl shows and a shell's exit codes. Otherwise `exec` decides: `test -x` is unreliable if an old seccomp profile
 * refuses faccessat2(2).
 */

/** Replaces the shell with the command of its arguments. Without single quotes, because it is embedded in some. */
export const startScript = `kodama_why=
case $1 in
"") kodama_why="executable file not found in \\$PATH" ;;
*/*) [ -e "$1" ] || [ -h "$1" ] || kodama_why="no such file or directory" ;;
*)
kodama_rest=$PATH: kodama_why="executable file not found in \\$PATH"
while [ "$kodama_rest" ] && [ "$kodama_why" ]; do
kodama_folder=\${kodama_rest%%:*} kodama_rest=\${kodama_rest#*:}
if [ -e "\${kodama_folder:-.}/$1" ] && ! [ -d "\${kodama_folder:-.}/$1" ]; then kodama_why=; fi
done ;;
esac
[ "$kodama_why" ] && { echo "exec: \\"$1\\": $kodama_why" >&2; exit 127; }
[ -d "$1" ] && case $1 in */*) echo "exec: \\"$1\\": is a directory" >&2; exit 126 ;; esac
eval "exec \\"\\$@\\""`;

/** Goes to the folder of the first argument, which is then dropped. 125 like `env --chdir`: nothing was started. */
const folderScript = `cd "$1" 2>/dev/null || {
kodama_why="not allowed"
[ -d "$1" ] || kodama_why="not a directory"
[ -e "$1" ] || kodama_why="no such directory"
echo "cannot change to $1: $kodama_why" >&2
exit 125
}
shift`;
