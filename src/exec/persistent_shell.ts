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
import { scriptCommand, type ScriptParts, scriptText } from "../base/shell_script.ts";
import { hangUpScript } from "./session_signal.ts";
import { endMarkOf } from "./marked_line.ts";
import attached from "./scripts/attached.sh" with { type: "text" };
import born from "./scripts/born.sh" with { type: "text" };
import parentStart from "./scripts/persistent_parent.sh" with { type: "text" };
import parentEnd from "./scripts/persistent_parent_end.sh" with { type: "text" };
import persistentShell from "./scripts/persistent.sh" with { type: "text" };
import shellArgs from "./scripts/shell_args.sh" with { type: "text" };
import start from "./scripts/start.sh" with { type: "text" };
import type { TerminalSize } from "../kube/client.ts";

/** The parent of a persistent shell: its arguments are described in `persistent_parent.sh`. */
export const parentParts: ScriptParts = [
  born,
  attached,
  ...hangUpScript,
  parentStart,
  "(",
  start,
  ")",
  parentEnd,
];

/* The args that start a user's shell in a pod, and the line they print first. */

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

/** Returns the script that starts a shell; a persistent one prints `goodbye` before its exit code. */
export function shellParts(goodbye: string | undefined): ScriptParts {
  return [
    shellArgs,
    ...(goodbye === undefined ? [] : [`goodbye=${goodbye}`, born, attached, persistentShell]),
    "say plain",
    "unset kodama_script kodama_parent",
    start,
  ];
}

/**
 * Returns the args to run. No user text becomes part of a script. The scripts are in variables, so that process lists
 * in the pod show short lines; they have no single quotes.
 */
export function shellArgv({ nonce, command, persistent }: ShellRequest): string[] {
  const script = scriptText(shellParts(persistent === undefined ? undefined : endMarkOf(nonce)));
  const parent = persistent === undefined ? "" : scriptText(parentParts);
  const lines = `export kodama_script='${script}' kodama_parent='${parent}'
exec sh -c 'eval "$kodama_script"' "$0" "$@"`;
  const { requested, owner, id, keepSeconds, size } = persistent ?? endsWithLink;
  const { columns, rows } = size;
  const parameters = [markerOf(nonce), requested, owner, id, keepSeconds, columns, rows];
  return scriptCommand([lines], [...parameters.map(String), oneLine(command), ...command]);
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
