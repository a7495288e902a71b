/** Changes of a session before they are made, and what remains after them, as text. Pure. */
import { type DeletionPlan, type Unsaved, unsavedLines } from "../actions/session/events.ts";
import type { Consent, OthersSession } from "../actions/session/owner.ts";
import type { StopPlan } from "../actions/session/stop.ts";
import type { TransferPlan } from "../actions/session/transfer.ts";

/** Returns what a stop ends; undefined if no agent works. */
export function stoppedWork({ workingTask }: StopPlan): string | undefined {
  return workingTask === undefined
    ? undefined
    : `its agent works on task ${workingTask}, which fails then`;
}

/** Returns the line of a question about a verb on another user's session. */
export function othersLine({ name, owner }: OthersSession): string {
  return `session "${name}" belongs to ${owner}`;
}

/** Returns a consent that is a line of the question which is asked next. */
export function consentLine(lines: string[]): Consent {
  return (session) => {
    lines.push(othersLine(session));
    return Promise.resolve();
  };
}

/** Returns what a deletion removes and what it retains. @param purge names the choice that removes the volumes too. */
export function deletionLines(plan: DeletionPlan, purge: string): string[] {
  const { name, namespace, context, removes, claims } = plan;
  const lost = claims.map((claim) => `  ${claim.name} (${claim.size}), with all its contents`);
  const retained = claims.map((claim) => claim.name).join(", ");
  const lines = [
    `session "${name}" in namespace "${namespace}" (context ${context}):`,
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
  return [...lines, "permanently deleted:", ...lost, ...lostWorkLines(plan.unsaved)];
}

/** Returns the lines about work that is lost with a workspace. */
export function lostWorkLines(unsaved: readonly Unsaved[]): string[] {
  return unsaved.length === 0 ? [] : [
    "work that nothing else has:",
    ...unsavedLines(unsaved).map((line) => `  ${line}`),
  ];
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
