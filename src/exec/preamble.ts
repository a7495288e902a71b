/**
 * The few words of shell that run before a command in the pod, so that it can be ended later.
 *
 * They set the command's variables, tell process ids on the first line of standard output, and run the command:
 * below a shell that stays (`watch.ts`), or by `exec`, where the same process goes on as the command.
 * A runtime starts an exec as the leader of a session and of a process group (runc calls setsid), so the id
 * is that of the group and of the session too.
 *
 * What differs from a bare exec: `sh` itself must be there, and shells such as dash and busybox ash don't pass
 * on variables whose names they can't hold (`my.var`).
 */
import type { Target } from "../kube/target.ts";
import type { Session } from "./session_signal.ts";
import { folderScript, startScript } from "./start_command.ts";
import { type LeaderOptions, leaderScript } from "./watch.ts";

/** What is set up before the command. */
export interface PreambleOptions {
  /** Unguessable to the output of the command: marks the line with the process ids. */
  nonce: string;
  /** Place of the target in its run, from 0. */
  index: number;
  total: number;
  environment?: Readonly<Record<string, string>>;
  workdir?: string;
  /** The command runs below a shell of kodama's; absent where that shell must become the command. */
  leader?: Pick<LeaderOptions, "watch">;
}

/** What `sh` prints before the process ids. */
function markerOf(nonce: string): string {
  return `kodama:${nonce}:`;
}

/**
 * The words to hand to the runtime in place of `command`. Nothing of what a person wrote becomes part of
 * the script: each word is an argument, so there is no quoting.
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

/** Bytes of standard output that are held back, at most, while the marker isn't found. */
const headLimitBytes = 4096;

/**
 * Takes the line with the process ids out of standard output, however it is split over chunks, and passes
 * on every other byte. The line is the first one, except where a terminal joins a shell's warnings to
 * standard output; it ends in CR LF there.
 */
export class PreambleReader {
  readonly #marker: Uint8Array;
  #head: Uint8Array = new Uint8Array();
  #state: { kind: "searching" } | { kind: "found"; session: Session } | { kind: "absent" } = {
    kind: "searching",
  };

  constructor(nonce: string) {
    this.#marker = new TextEncoder().encode(markerOf(nonce));
  }

  /** The command's session, as soon as it is known. */
  get session(): Session | undefined {
    return this.#state.kind === "found" ? this.#state.session : undefined;
  }

  /** Whether the first line is still awaited. */
  get searching(): boolean {
    return this.#state.kind === "searching";
  }

  /** What of the output so far is known to be the command's. */
  push(chunk: Uint8Array): Uint8Array {
    if (this.#state.kind !== "searching") return chunk;
    this.#head = joined(this.#head, chunk);
    const start = indexOfBytes(this.#head, this.#marker);
    const newline = start < 0 ? -1 : this.#head.indexOf(0x0a, start + this.#marker.length);
    if (newline < 0) return this.#head.length > headLimitBytes ? this.finish() : new Uint8Array();
    const digits = new TextDecoder().decode(
      this.#head.subarray(start + this.#marker.length, newline),
    );
    const session = readSession(digits);
    if (session === undefined) return this.finish();
    this.#state = { kind: "found", session };
    const rest = joined(this.#head.subarray(0, start), this.#head.subarray(newline + 1));
    this.#head = new Uint8Array();
    return rest;
  }

  /** What was held back, when the output has ended. */
  finish(): Uint8Array {
    if (this.#state.kind === "searching") this.#state = { kind: "absent" };
    const rest = this.#head;
    this.#head = new Uint8Array();
    return rest;
  }
}

function readSession(text: string): Session | undefined {
  const [, leader, watcher] = /^([1-9]\d{0,9})(?: ([1-9]\d{0,9}))?\r?$/.exec(text) ?? [];
  if (leader === undefined) return undefined;
  return {
    leader: Number(leader),
    ...(watcher === undefined ? {} : { watcher: Number(watcher) }),
  };
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  if (first.length === 0) return second;
  if (second.length === 0) return first;
  const whole = new Uint8Array(first.length + second.length);
  whole.set(first);
  whole.set(second, first.length);
  return whole;
}

function indexOfBytes(haystack: Uint8Array, needle: Uint8Array): number {
  const first = needle[0] ?? 0;
  for (let at = haystack.indexOf(first); at >= 0; at = haystack.indexOf(first, at + 1)) {
    if (needle.every((byte, offset) => haystack[at + offset] === byte)) return at;
  }
  return -1;
}
