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
import { scriptCommand, type ScriptParts, scriptText } from "../base/shell_script.ts";
import type { Target } from "../kube/select/target.ts";
import { endMarkOf, MarkedLine } from "./marked_line.ts";
import type { ProcessSession } from "./session_signal.ts";
import folder from "./scripts/folder.sh" with { type: "text" };
import leader from "./scripts/leader.sh" with { type: "text" };
import leaderEnd from "./scripts/leader_end.sh" with { type: "text" };
import leaderStarted from "./scripts/leader_started.sh" with { type: "text" };
import round from "./scripts/round.sh" with { type: "text" };
import start from "./scripts/start.sh" with { type: "text" };
import variables from "./scripts/variables.sh" with { type: "text" };
import watcher from "./scripts/watcher.sh" with { type: "text" };

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
 * argument, so there is no quoting. Values of variables come from {@link preambleInput}.
 */
export function withPreamble(
  command: readonly string[],
  target: Target,
  options: PreambleOptions,
): string[] {
  const { index, total, nonce, workdir, leader: leading } = options;
  const environment = Object.entries(options.environment ?? {});
  const script = [
    'export KODAMA_POD="$1" KODAMA_NAMESPACE="$2" KODAMA_NODE="$3" KODAMA_INDEX="$4" KODAMA_TOTAL="$5"',
    "kodama_marker=$6",
    "shift 6",
    ...(leading === undefined
      ? environment.map(() => 'export "$1"; shift')
      : environment.length === 0
      ? []
      : [variables]),
    ...(workdir === undefined ? [] : [folder]),
    ...(leading === undefined
      ? [`echo "$kodama_marker$$"`, start]
      : [leaderScript({ nonce, ...leading })]),
  ];
  return scriptCommand(script, [
    target.pod,
    target.namespace,
    target.node,
    String(index),
    String(total),
    markerOf(nonce),
    ...(leading === undefined
      ? environment.map(([name, value]) => `${name}=${value}`)
      : environment.length === 0
      ? []
      : [
        String(environment.length),
        ...environment.flatMap(([name, value]) => [name, String(value.split("\n").length)]),
      ]),
    ...(workdir === undefined ? [] : [rootedPath(workdir)]),
    ...command,
  ]);
}

/**
 * Returns what the preamble of a command below a leader reads from standard input first: the values of its variables.
 * Under a terminal they are arguments, because it would show what it gets.
 */
export function preambleInput(
  environment: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(Object.values(environment).map((value) => `${value}\n`).join(""));
}

/** A path that `cd` takes neither as an option nor through CDPATH (which would print it). */
function rootedPath(path: string): string {
  return path.startsWith("/") ? path : `./${path}`;
}

/** Extracts the line with the process ids from standard output: the first one, like {@link MarkedLine}. */
export class PreambleReader extends MarkedLine<ProcessSession> {
  constructor(nonce: string) {
    super(markerOf(nonce), readSession, { isFirst: true });
  }

  /** The command's session, as soon as it is known. */
  get session(): ProcessSession | undefined {
    return this.value;
  }
}

function readSession(text: string): ProcessSession | undefined {
  const [, leader, watcher] = /^([1-9]\d{0,9})(?: ([1-9]\d{0,9}))?$/.exec(text) ?? [];
  if (leader === undefined) return undefined;
  return { leader: Number(leader), ...(watcher === undefined ? {} : { watcher: Number(watcher) }) };
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
  return `export kodama_marker kodama_count=0 kodama_script='${scriptText(leaderParts(options))}'
for kodama_word; do
export "kodama_word_$kodama_count=$kodama_word"
kodama_count=$((kodama_count + 1))
done
exec sh -c 'eval "$kodama_script"' kodama`;
}

/** Returns the leader's script. It contains no single quotes, because it is embedded in some. */
export function leaderParts({ nonce, watch }: LeaderOptions): ScriptParts {
  return [
    leader,
    ...(watch === undefined
      ? []
      : [round, `kodama_grace=${Math.ceil(watch.graceMs / 1000)}`, watcher]),
    leaderStarted,
    "(",
    "exec 2>&4 4>&-",
    start,
    ")",
    `kodama_code=$? kodama_end=${endMarkOf(nonce)}`,
    leaderEnd,
  ];
}

/** Replaces the shell with the command of its arguments. Without single quotes. */
export const startScript: string = scriptText([start]);
