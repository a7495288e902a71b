/** Targets by their names, including unreachable contexts; and those that have ended. Pure. */
import { NoMatchError } from "../../base/errors.ts";
import { definedOnly } from "../../base/json_value.ts";
import { type NameParts, nameParts, targetKey, targetName } from "../../exec/target_names.ts";
import { recordOf, textType, type Type } from "../../expression/type.ts";
import type { Target } from "../../kube/select/target.ts";
import type { StepKey, StepTargetEnd, WorkflowEvent } from "../step_events.ts";
import type { DeadContext, FoundPods } from "./environment.ts";

/** A target of a step with its name, unique in the run. */
export interface StepTarget {
  target: Target;
  name: string;
  /** Set if it stands for all pods of an unreachable context: the reason; its name is `CONTEXT/*`. */
  unreachable?: string;
  /** Among all targets of the step, if this process works only in some of them. */
  position?: { index: number; total: number };
}

/** The labels of a pod. */
export type Labels = Readonly<Record<string, string>>;

/**
 * The names of the targets of a run: a target has one name, and a name stands for one target, whatever the selections
 * of its steps. Each is as short as it can be when the target is found first.
 */
export class TargetNames {
  readonly #targets = new Map<string, Target>();
  readonly #names = new Map<string, string>();
  readonly #labels = new Map<string, Labels>();

  /** @param earlier names of an earlier run, whose outputs are used. */
  constructor(earlier: Iterable<readonly [string, Target]> = []) {
    for (const [name, target] of earlier) {
      if (target.pod !== allPods) this.#give(name, target, targetKey(target));
    }
  }

  /** Returns the found targets by name. @param severalContexts several were resolved: then new names have theirs. */
  named({ targets, dead, labelsOf }: FoundPods, severalContexts: boolean): StepTarget[] {
    const found = nameParts(targets);
    const parts = { ...found, context: found.context || severalContexts };
    return [
      ...targets.map((target) => {
        const key = targetKey(target);
        if (labelsOf !== undefined) this.#labels.set(key, labelsOf(target));
        const name = this.#names.get(key) ?? this.#free(target, parts);
        this.#give(name, target, key);
        return { target, name };
      }),
      ...dead.map(whole),
    ];
  }

  /** Returns the target of a name; undefined if it hasn't been found. */
  targetOf(name: string): Target | undefined {
    return this.#targets.get(name);
  }

  /** Returns a target as expressions see it. */
  record(target: Target, name: string): TargetRecord {
    const { context, namespace, pod, container, node, ip } = target;
    const key = pod === allPods ? name : targetKey(target);
    const labels = this.#labels.get(key) ?? {};
    return { key, name, context, namespace, pod, container, node, ip, labels };
  }

  #free(target: Target, parts: NameParts): string {
    const short = targetName(target, parts);
    if (!this.#targets.has(short)) return short;
    const longer = targetName(target, { ...parts, context: true, namespace: true });
    return this.#targets.has(longer) ? targetKey(target) : longer;
  }

  #give(name: string, target: Target, key: string): void {
    this.#targets.set(name, target);
    this.#names.set(key, name);
  }
}

/** A target in expressions. */
export type TargetRecord = Readonly<
  & Record<"key" | "name" | "context" | "namespace" | "pod" | "container" | "node" | "ip", string>
  & { labels: Labels }
>;

/** The type of a target in expressions. */
export const targetFields: Readonly<Record<string, Type>> = {
  key: textType,
  name: textType,
  context: textType,
  namespace: textType,
  pod: textType,
  container: textType,
  node: textType,
  ip: textType,
  labels: recordOf(textType),
};

/** Returns the event that names a step's targets. */
export function targetsEvent(
  { key, retained }: { key: StepKey; retained: Pick<EndedTargets, "get"> },
  targets: readonly StepTarget[],
): Extract<WorkflowEvent, { event: "targetsAdded" }> {
  const scopes = new Map(
    targets.map(({ target: { context, namespace } }) =>
      [`${context}\0${namespace}`, { context, namespace }] as const
    ),
  );
  return {
    event: "targetsAdded",
    step: key,
    targets: targets.map((one) => {
      const { context, namespace, pod, container, node, ip, uid = null } = one.target;
      const place = { context, namespace, pod, container, node, name: one.name, ip, uid };
      return { ...place, ...definedOnly({ earlier: retained.get(one)?.outcome.kind }) };
    }),
    record: { scopes: [...scopes.values()] },
  };
}

/** Stands for all pods of a context. */
const allPods = "*";

/** Returns a target for all pods of a context. */
function whole({ context, reason }: DeadContext): StepTarget {
  const target = { context, namespace: "", pod: allPods, container: "", node: "", ip: "" };
  return { target, name: nameOfAll(context), unreachable: reason };
}

function nameOfAll(context: string): string {
  return `${context}/${allPods}`;
}

/** A target that a step is restricted to: its name in this run, or its record, whose key never changes. */
export type RequestedTarget = string | { key: string };

/**
 * Returns those that are named; `CONTEXT/*` names all of a context. A name in an unreachable context stands for its
 * unknown pods.
 *
 * @throws NoMatchError for one that isn't among them: also if another target of the same name is.
 */
export function narrowed(
  all: readonly StepTarget[],
  requested: readonly RequestedTarget[],
  names: Pick<TargetNames, "targetOf">,
): StepTarget[] {
  const byName = new Map(all.map((one) => [one.name, one]));
  const byKey = new Map(all.map((one) => [targetKey(one.target), one]));
  const dead = all.filter(({ unreachable }) => unreachable !== undefined);
  const chosen = new Set<StepTarget>();
  for (const one of requested) {
    const found = typeof one === "string" ? byName.get(one) : byKey.get(one.key);
    const text = typeof one === "string" ? one : one.key;
    const inContext = all.filter(({ target }) => text === nameOfAll(target.context));
    const context = typeof one === "string" ? names.targetOf(one)?.context : undefined;
    const unknown = dead.filter(({ target }) =>
      context === undefined
        ? all.length === 1 || text.startsWith(`${target.context}/`)
        : context === target.context
    );
    const matching = found !== undefined ? [found] : inContext.length > 0 ? inContext : unknown;
    if (matching.length === 0) {
      throw new NoMatchError(
        `${JSON.stringify(text)} isn't among the ${all.length} selected pods`,
      );
    }
    for (const target of matching) chosen.add(target);
  }
  return all.filter((one) => chosen.has(one));
}

/* Targets that have ended, in an earlier run or an earlier attempt. */

/** The ends of targets by their keys: a pod that was replaced by another of its name hasn't ended. */
export class EndedTargets {
  readonly #ends = new Map<string, StepTargetEnd>();

  constructor(ends: Iterable<StepTargetEnd> = []) {
    for (const end of ends) this.set(end);
  }

  /** Returns the end of a target, with its current name. */
  get({ target, name }: StepTarget): StepTargetEnd | undefined {
    const end = this.#ends.get(keyOfEnd(target));
    if (end === undefined) return undefined;
    const isReplaced = target.uid !== undefined && end.target.uid !== undefined &&
      end.target.uid !== target.uid;
    return isReplaced ? undefined : { ...end, name };
  }

  /** Adds an end. */
  set(end: StepTargetEnd): void {
    this.#ends.set(keyOfEnd(end.target), end);
  }

  /** Removes those that a rule doesn't accept. */
  retain(accepts: (end: StepTargetEnd) => boolean): void {
    for (const [key, end] of this.#ends) if (!accepts(end)) this.#ends.delete(key);
  }

  /** Returns all of them. */
  values(): readonly StepTargetEnd[] {
    return [...this.#ends.values()];
  }
}

function keyOfEnd(target: Target): string {
  return target.pod === allPods ? nameOfAll(target.context) : targetKey(target);
}
