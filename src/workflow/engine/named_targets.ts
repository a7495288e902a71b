/** The targets of a step by their names, contexts that can't be asked among them. Pure. */
import { NoMatchError } from "../../base/errors.ts";
import { nameParts, targetName } from "../../exec/target_names.ts";
import type { StepKey, WorkflowEvent } from "../step_events.ts";
import type { StageTarget } from "./stage.ts";
import type { DeadContext, FoundPods } from "./world.ts";

/** What was found, by name. @param severalContexts several were asked: then every name has its context. */
export function named({ targets, dead }: FoundPods, severalContexts: boolean): StageTarget[] {
  const parts = nameParts(targets);
  const naming = { ...parts, context: parts.context || severalContexts };
  return [
    ...targets.map((target) => ({ target, name: targetName(target, naming) })),
    ...dead.map(whole),
  ];
}

/** The event that names a step's targets. */
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

/** All pods of a context. */
function whole({ context, reason }: DeadContext): StageTarget {
  const target = { context, namespace: "", pod: "*", container: "", node: "", ip: "" };
  return { target, name: nameOfAll(context), unreachable: reason };
}

function nameOfAll(context: string): string {
  return `${context}/*`;
}

/**
 * Those that are named; `CONTEXT/*` names all of a context. A name that lies in a context that can't be asked stands
 * for what can't be known of it.
 *
 * @throws NoMatchError for a name that none has.
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
