/**
 * A short shell preamble that runs before a command in the pod, so that the command can be ended later.
 *
 * It sets the command's variables, prints process ids on the first line of standard output, and runs the command: below
 * a shell that stays (`watch.ts`), or by `exec`, which turns the same process into the command. A runtime starts an
 * exec as the leader of a session and of a process group (runc calls setsid), so the id is that of the group and of the
 * session too.
 *
 * Differences from a bare exec: `sh` must exist, and shells such as dash and busybox ash don't pass on variables whose
 * names they can't hold (`my.var`).
 */
import type { Target } from "../kube/select/target.ts";
import { MarkedLine } from "./marked_line.ts";
import type { Session } from "./session_signal.ts";
import { folderScript, startScript } from "./start_command.ts";
import { type LeaderOptions, leaderScript } from "./watch.ts";

/** Options of the setup before the command. */
export interface PreambleOptions {
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
export class PreambleReader extends MarkedLine<Session> {
  constructor(nonce: string) {
    super(markerOf(nonce), readSession);
  }

  /** The command's session, as soon as it is known. */
  get session(): Session | undefined {
    return this.value;
  }
}

function readSession(text: string): Session | undefined {
  const [, leader, watcher] = /^([1-9]\d{0,9})(?: ([1-9]\d{0,9}))?$/.exec(text) ?? [];
  if (leader === undefined) return undefined;
  return {
    leader: Number(leader),
    ...(watcher === undefined ? {} : { watcher: Number(watcher) }),
  };
}
