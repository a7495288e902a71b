/** The args that start a user's shell in a pod, and the line they print first. */
import { parentScript, persistentShellScript } from "./persistent_shell.ts";
import { endMarkOf } from "./end_mark.ts";
import { startScript } from "./start_command.ts";
import type { TerminalSize } from "../kube/client.ts";

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
export interface ShellRequest {
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
