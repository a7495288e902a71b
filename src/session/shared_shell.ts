/** A shell of a session's pod for several users at once, by the pod's own tmux. Pure. */
import { workspaceFolder } from "./names.ts";
import { sessionCommand } from "./pod_script.ts";

/** The shell's state; `shared`: it has been started. */
type SharedShellState = "noTmux" | "none" | "shared";

/** Returns the command that queries the pod. */
export function sharedStateCommand(): string[] {
  return sessionCommand("sharedState");
}

/** Returns the pod's answer; undefined for anything else. */
export function sharedStateOf(answer: string): SharedShellState | undefined {
  const states: readonly SharedShellState[] = ["noTmux", "none", "shared"];
  return states.find((state) => state === answer.trim());
}

/** Returns the command that joins it, or starts it; a read-only user only joins. */
export function sharedShellCommand({ readOnly }: { readOnly: boolean }): string[] {
  return sessionCommand("sharedShell", [readOnly ? "read" : "write", workspaceFolder]);
}
