/** The question before a session is deleted: what is deleted, and what is retained. */
import type { DeletionPlan } from "../../../actions/session/events.ts";
import { UsageError } from "../../../base/errors.ts";
import { printable } from "../../../terminal/printable.ts";
import type { Terminal } from "../../../terminal/terminal.ts";
import { askYes, canAsk } from "../../ask_yes.ts";

/** Returns the lines of the plan. */
export function planLines(plan: DeletionPlan): string[] {
  const { name, namespace, context, removes, claims, purge, session, otherOwner } = plan;
  const branch = session?.repository?.branch;
  const lost = claims.map((claim) => `  ${claim.name} (${claim.size}), with all that is in it`);
  const kept = claims.map((claim) => claim.name).join(", ");
  const lines = [
    `session "${name}" in namespace "${namespace}" (context ${context}):`,
    ...(otherOwner === undefined ? [] : [`it belongs to ${otherOwner}`]),
    ...removes.filter(({ kind }) => kind !== "persistentvolumeclaim")
      .map((one) => `  ${one.kind} ${one.name}`),
  ];
  if (!purge) return kept === "" ? lines : [...lines, `kept: ${kept} (--purge deletes them too)`];
  const taken = plan.snapshots.map(({ name, takenAt }) => `  snapshot ${name} of ${takenAt}`);
  if (plan.takesSnapshots) lost.push(...taken);
  if (lost.length === 0) return lines;
  const unpushed = branch === undefined
    ? []
    : [`what isn't pushed of branch ${branch} is lost; kodama pull ${name} brings it home first`];
  return [...lines, "permanently deleted:", ...lost, ...unpushed];
}

/**
 * Asks on the terminal.
 *
 * @throws UsageError if no one can be asked.
 */
export async function askDeletion(
  plan: DeletionPlan,
  { terminal, signal }: { terminal: Terminal; signal: AbortSignal },
): Promise<boolean> {
  const lines = planLines(plan).map((line) => `${printable(line)}\n`).join("");
  if (!canAsk(terminal)) {
    const whose = plan.otherOwner === undefined ? "" : ` of ${plan.otherOwner}`;
    throw new UsageError(
      printable(`refusing to delete session "${plan.name}"${whose} without confirmation`),
      { hint: "pass --yes" },
    );
  }
  return await askYes(terminal, `${lines}Delete it?`, signal);
}
