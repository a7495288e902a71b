/** The words that begin a person's shell in a pod, and what they say of it first. */
import { keptScript, parentScript } from "./kept_shell.ts";
import { endMarkOf } from "./end_mark.ts";
import { startScript } from "./start_command.ts";
import type { TerminalSize } from "../kube/client.ts";

/** In the order of preference; the first that the image has is taken. `sh` reads these very words, so it is there. */
const shells = ["bash", "zsh", "ash", "dash", "ksh", "sh"];

/** Which shell is meant, where shells can be kept. */
export type ShellWish =
  /** A new one. */
  | "new"
  /** One of the same user and command to which nobody is attached, or a new one. */
  | "any"
  /** The one of this id, and no other. */
  | "same";

/** A shell that is to outlive its link. */
export interface KeptShell {
  wish: ShellWish;
  /** Whose shells may be found again; nobody else can guess it. Letters and digits. */
  owner: string;
  /** Of this shell, or of a new one. Letters and digits. */
  id: string;
  /** How long it waits in the pod while nobody is attached; at least 1. */
  keepSeconds: number;
  size: TerminalSize;
}

/** What is begun in a pod. */
export interface ShellRequest {
  /** Not to be guessed by what runs in the pod: marks the line that says what was begun. */
  nonce: string;
  /** In place of a shell; may be empty. */
  command: readonly string[];
  /** Absent where the shell ends with its link. */
  kept?: KeptShell;
}

/** What was begun. */
export type ShellGreeting =
  | { kind: "plain" }
  /** It will be there again, under this id. */
  | { kind: "kept"; by: "tmux" | "dtach"; id: string; found: boolean }
  /** The one that was to be found has ended; its exit code, where it left one. */
  | { kind: "gone"; exitCode: number | undefined };

function markerOf(nonce: string): string {
  return `kodama-shell:${nonce}:`;
}

/**
 * The words to run. Nothing of what a person wrote becomes part of a script. The scripts go in variables, so that who
 * looks at processes in the pod sees short lines; they have no single quotes.
 */
export function shellWords({ nonce, command, kept }: ShellRequest): string[] {
  const script = [
    "mark=$1 wish=$2 root=${TMPDIR:-/tmp}/kodama-shell-$3 id=$4 keep=$5 columns=$6 rows=$7 asked=$8",
    "shift 8",
    'say() { echo "$mark$1 $2 $id"; }',
    `if [ $# = 0 ]; then
for shell in ${shells.join(" ")}; do command -v "$shell" >/dev/null 2>&1 && break; done
set -- "$shell"
fi`,
    ...(kept === undefined ? [] : [`goodbye=${endMarkOf(nonce)}`, keptScript]),
    "say plain",
    "unset kodama_script kodama_parent",
    startScript,
  ].join("\n");
  const parent = kept === undefined ? "" : parentScript;
  const start = `export kodama_script='${script}' kodama_parent='${parent}'
exec sh -c 'eval "$kodama_script"' "$0" "$@"`;
  const { wish, owner, id, keepSeconds, size } = kept ?? endsWithLink;
  const { columns, rows } = size;
  const places = [markerOf(nonce), wish, owner, id, keepSeconds, columns, rows];
  return ["sh", "-c", start, "kodama", ...places.map(String), oneLine(command), ...command];
}

/** In place of a {@link KeptShell}, where nothing reads it. */
const endsWithLink = {
  ...{ wish: "", owner: "", id: "", keepSeconds: 0 },
  size: { columns: 0, rows: 0 },
};

/** By which a shell is found again: one line that no `read` or `echo` changes. */
function oneLine(command: readonly string[]): string {
  return `=${command.map(encodeURIComponent).join("+")}`;
}

/** What marks the line, and how it is read. */
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
        ? { kind: "kept", by: detail, id, found: state === "back" }
        : undefined;
    }
    case "gone":
      return { kind: "gone", exitCode: /^\d{1,3}$/.test(detail) ? Number(detail) : undefined };
    default:
      return undefined;
  }
}
