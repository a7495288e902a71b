/** One shell of a session's pod for several users at once, by the pod's own tmux. Pure. */
import { workspaceFolder } from "./names.ts";

/** In the home folder, which is the pod's own: everyone who runs commands in the pod finds the same. */
const socket = `"$HOME/.kodama-shared-shell"`;
const tmux = `tmux -u -S ${socket} -f /dev/null`;

/** The shell's state; `shared`: it has been started. */
export type SharedShellState = "noTmux" | "none" | "shared";

/** The args that query the pod. */
export const sharedStateWords: readonly string[] = [
  "sh",
  "-c",
  `command -v tmux >/dev/null 2>&1 || { echo noTmux; exit 0; }
${tmux} has-session -t shared 2>/dev/null && echo shared || echo none`,
];

/** Returns the pod's answer; undefined for anything else. */
export function sharedStateOf(answer: string): SharedShellState | undefined {
  const states: readonly SharedShellState[] = ["noTmux", "none", "shared"];
  return states.find((state) => state === answer.trim());
}

/** For a pod that doesn't know the user's terminal, it is the one that nearly all of them resemble. */
const knownTerminal = `known=
for folder in /usr/share/terminfo /lib/terminfo /etc/terminfo /usr/lib/terminfo; do
  for file in "$folder"/*/"$TERM"; do [ -e "$file" ] && known=1; done
done
[ "$known" ] || TERM=xterm-256color
export TERM
cd ${workspaceFolder}`;

/**
 * Returns the args that join it, or start it. The window has the size of the user who typed last; read-only users don't
 * affect it.
 */
export function sharedShellWords({ readOnly }: { readOnly: boolean }): string[] {
  const join = readOnly
    ? `${tmux} attach-session -r -t shared`
    : `${tmux} new-session -A -s shared "$(command -v bash || echo sh)" \\; set-option -g window-size latest \\; ` +
      `set-option -g status-right "#{session_attached} here, Ctrl-b d leaves" \\; ` +
      `set-option -g status-left "$KODAMA_SESSION "`;
  return ["sh", "-c", `${knownTerminal}\nexec ${join}`];
}
