/** The question before a session is stopped while its agent works: the task fails. */
import type { StopPlan } from "../../../actions/session/stop.ts";
import { UsageError } from "../../../base/errors.ts";
import { printable } from "../../../terminal/printable.ts";
import type { Terminal } from "../../../terminal/terminal.ts";
import { askYes, canAsk } from "../../ask_yes.ts";

/** Returns the line that names another owner; undefined if there is none. */
export function ownerLineOf({ session: { name }, otherOwner }: StopPlan): string | undefined {
  return otherOwner === undefined ? undefined : `session "${name}" belongs to ${otherOwner}`;
}

/**
 * Returns whether to stop: at once if no agent works, else by the person's answer.
 *
 * @throws UsageError if an agent works and there is no terminal to ask on.
 */
export async function askStop(
  plan: StopPlan,
  { terminal, signal }: { terminal: Terminal; signal: AbortSignal },
): Promise<boolean> {
  const { session: { name }, workingTask } = plan;
  if (workingTask === undefined) return true;
  const lost = `its agent works on task ${workingTask}, which fails then`;
  if (!canAsk(terminal)) {
    throw new UsageError(`refusing to stop session "${name}" without confirmation: ${lost}`, {
      hint: `pass --yes; kodama agent logs ${name} -f waits for the end of the task`,
    });
  }
  return await askYes(terminal, printable(`session "${name}": ${lost}. Stop it?`), signal);
}
