/** The targets of a step by their names, including unreachable contexts. Pure. */
import { NoMatchError } from "../../base/errors.ts";
import { nameParts, targetName } from "../../exec/target_names.ts";
import type { StepKey, WorkflowEvent } from "../step_events.ts";
import type { StageTarget } from "./step_context.ts";
import type { DeadContext, FoundPods } from "./environment.ts";

/** Returns the found targets by name. @param severalContexts several were resolved: then every name has its context. */
export function named({ targets, dead }: FoundPods, severalContexts: boolean): StageTarget[] {
  const parts = nameParts(targets);
  const naming = { ...parts, context: parts.context || severalContexts };
  return [
    ...targets.map((target) => ({ target, name: targetName(target, naming) })),
    ...dead.map(whole),
  ];
}

/** Returns the event that names a step's targets. */
export function targetsEvent(
  step: StepKey,
  targets: readonly StageTarget[],
): Extract<WorkflowEvent, { kind: "stepTargets" }> {
  const scopes = new Map(
    targets.map(({ target: { context, namespace } }) =>
      [`${context}\0${namespace}`, { context, namespace }] as const
    ),
  );
  return {
    kind: "stepTargets",
    step,
    names: targets.map(({ name }) => name),
    scopes: [...scopes.values()],
  };
}

/** Returns a target for all pods of a context. */
function whole({ context, reason }: DeadContext): StageTarget {
  const target = { context, namespace: "", pod: "*", container: "", node: "", ip: "" };
  return { target, name: nameOfAll(context), unreachable: reason };
}

function nameOfAll(context: string): string {
  return `${context}/*`;
}

/**
 * Returns those that are named; `CONTEXT/*` names all of a context. A name in an unreachable context stands for its
 * unknown pods.
 *
 * @throws NoMatchError for a name that doesn't exist.
 */
export function narrowed(
  all: readonly StageTarget[],
  names: readonly string[],
  severalContexts: boolean,
): StageTarget[] {
  const isMeant = ({ target: { context }, name, unreachable }: StageTarget, wanted: string) =>
    wanted === name || wanted === nameOfAll(context) ||
    unreachable !== undefined && (!severalContexts || wanted.startsWith(`${context}/`));
  const gone = names.find((wanted) => !all.some((one) => isMeant(one, wanted)));
  if (gone !== undefined) {
    throw new NoMatchError(`${JSON.stringify(gone)} isn't among the ${all.length} selected pods`);
  }
  const wantedNames = new Set(names);
  return all.filter((one) =>
    wantedNames.has(one.name) || names.some((wanted) => isMeant(one, wanted))
  );
}
