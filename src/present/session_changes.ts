/** Changes of a session before they are made, and what remains after them, as text. Pure. */
import type { DeletionPlan } from "../actions/session/events.ts";
import type { StopPlan } from "../actions/session/stop.ts";
import type { TransferPlan } from "../actions/session/team.ts";

/** Returns what a stop ends; undefined if no agent works. */
export function stoppedWork({ workingTask }: StopPlan): string | undefined {
  return workingTask === undefined
    ? undefined
    : `its agent works on task ${workingTask}, which fails then`;
}

/** Returns the line that names another owner; undefined if there is none. */
export function otherOwnerLine(
  { session: { name }, otherOwner }: Pick<StopPlan, "session" | "otherOwner">,
): string | undefined {
  return otherOwner === undefined ? undefined : `session "${name}" belongs to ${otherOwner}`;
}

/** Returns what a deletion removes and what it retains. @param purge names the choice that removes the volumes too. */
export function deletionLines(plan: DeletionPlan, purge: string): string[] {
  const { name, namespace, context, removes, claims, session, otherOwner } = plan;
  const branch = session?.repository?.branch;
  const lost = claims.map((claim) => `  ${claim.name} (${claim.size}), with all its contents`);
  const retained = claims.map((claim) => claim.name).join(", ");
  const lines = [
    `session "${name}" in namespace "${namespace}" (context ${context}):`,
    ...(otherOwner === undefined ? [] : [`it belongs to ${otherOwner}`]),
    ...removes.filter(({ kind }) => kind !== "persistentvolumeclaim")
      .map((one) => `  ${one.kind} ${one.name}`),
  ];
  if (!plan.purge) {
    return retained === ""
      ? lines
      : [...lines, `retained: ${retained} (${purge} deletes them too)`];
  }
  const taken = plan.snapshots.map(({ name, takenAt }) => `  snapshot ${name} of ${takenAt}`);
  if (plan.takesSnapshots) lost.push(...taken);
  if (lost.length === 0) return lines;
  const unpushed = branch === undefined ? [] : [
    `commits of branch ${branch} that aren't pushed are lost; kodama pull ${name} fetches them first`,
  ];
  return [...lines, "permanently deleted:", ...lost, ...unpushed];
}

/** Returns the lines about what isn't transferred with a session. */
export function transferLines(
  { session: { name }, from = "its old owner", to, secrets }: TransferPlan,
): string[] {
  const { variables, gitToken } = secrets;
  const all = [...variables, ...(gitToken ? ["the token for git"] : [])].join(", ");
  return [
    ...(all === "" ? [] : [
      `warning: these are still those of ${from}: ${all}; ` +
      `kodama start ${name} --env-file FILE by ${to} replaces them`,
    ]),
    `kodama share ${name} --to ${to} prints the rights that ${to} needs`,
  ];
}
