/** The targets of a step by their names, including unreachable contexts. Pure. */
import { NoMatchError } from "../../base/errors.ts";
import { nameParts, targetName } from "../../exec/target_names.ts";
import type { StepKey, WorkflowEvent } from "../step_events.ts";
import type { StepTarget } from "./step_context.ts";
import type { DeadContext, FoundPods } from "./environment.ts";

/** Returns the found targets by name. @param severalContexts several were resolved: then every name has its context. */
export function named({ targets, dead }: FoundPods, severalContexts: boolean): StepTarget[] {
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
  targets: readonly StepTarget[],
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
function whole({ context, reason }: DeadContext): StepTarget {
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
  all: readonly StepTarget[],
  names: readonly string[],
  severalContexts: boolean,
): StepTarget[] {
  const isNamed = ({ target: { context }, name, unreachable }: StepTarget, requestedName: string) =>
    requestedName === name || requestedName === nameOfAll(context) ||
    unreachable !== undefined && (!severalContexts || requestedName.startsWith(`${context}/`));
  const missing = names.find((requestedName) => !all.some((one) => isNamed(one, requestedName)));
  if (missing !== undefined) {
    throw new NoMatchError(
      `${JSON.stringify(missing)} isn't among the ${all.length} selected pods`,
    );
  }
  const requested = new Set(names);
  return all.filter((one) =>
    requested.has(one.name) || names.some((requestedName) => isNamed(one, requestedName))
  );
}
