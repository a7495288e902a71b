/** The question before snapshots of the cluster are deleted: their owner and their age. */
import type { PlannedSnapshotRemoval } from "../../../actions/session/snapshots/snapshots.ts";
import { UsageError } from "../../../base/errors.ts";
import { printable } from "../../../terminal/printable.ts";
import type { Terminal } from "../../../terminal/terminal.ts";
import { askYes, canAsk } from "../../ask_yes.ts";

/** Returns the lines of the plan. */
export function snapshotRemovalLines(
  { snapshots, namespace, context }: PlannedSnapshotRemoval,
): string[] {
  return [
    `permanently deleted, in namespace "${namespace}" (context ${context}):`,
    ...snapshots.map(({ name, session, takenAt }) =>
      `  snapshot ${name} of session "${session}" at ${takenAt}`
    ),
  ];
}

/**
 * Asks on the terminal.
 *
 * @throws UsageError if no one can be asked.
 */
export async function askSnapshotRemoval(
  plan: PlannedSnapshotRemoval,
  { terminal, signal }: { terminal: Terminal; signal: AbortSignal },
): Promise<boolean> {
  if (!canAsk(terminal)) {
    const names = plan.snapshots.map(({ name }) => name).join(", ");
    const noun = plan.snapshots.length === 1 ? "snapshot" : "snapshots";
    throw new UsageError(`refusing to delete ${noun} ${names} without confirmation`, {
      hint: "pass --yes",
    });
  }
  const lines = snapshotRemovalLines(plan).map((line) => `${printable(line)}\n`).join("");
  return await askYes(terminal, `${lines}Delete?`, signal);
}
