/**
 * The plan of a run: its steps with their commands, the pods of each, what is granted, and which steps may change
 * something. Values that only the run can evaluate stay as they are written. Pure, except for the pods, which are
 * passed in.
 */
import { KodamaError } from "../base/errors.ts";
import { definedOnly, type JsonValue } from "../base/json_value.ts";
import { namesUsed } from "../expression/names_used.ts";
import { hasExpression, parseTemplate } from "../expression/template.ts";
import { Mask } from "./engine/mask.ts";
import { finallyPrefix } from "./engine/step_identity.ts";
import { EndedTargets, TargetNames } from "./engine/named_targets.ts";
import { targetKey } from "../exec/target_names.ts";
import type { StepTargetEnd } from "./step_events.ts";
import type { FoundPods } from "./engine/environment.ts";
import type { Target } from "../kube/select/target.ts";
import type { StepTarget } from "./engine/named_targets.ts";
import type { FullWorkflow, Permissions, Step } from "./model.ts";
import {
  type Around,
  noPlaces,
  onePlace,
  ownWhere,
  type Places,
  placesIn,
  whereIn,
  type WhereOverrides,
} from "./places.ts";
import { type SelectFields, selectFields, type Where } from "./selection_fields.ts";
import { listPrefix } from "./inner_lists.ts";
import type { PlannedRights } from "./rights.ts";
import type { Intent, Place, StepKind } from "./step_kind.ts";
import { stepKind } from "./step_registry.ts";
import { evaluateDeep, evaluateFields, textsIn, type Values } from "./templates.ts";

/** One step of a plan. */
export interface PlannedStep {
  /** As in the file; prefixed with `finally/` for a step of `finally`. */
  id: string;
  kind: string;
  title: string;
  does: string;
  command: readonly string[] | null;
  effect: Intent["effect"];
  /** Runs only if this is true; null if it always runs. */
  when: string | null;
  /** Names of its targets; null if it runs in none, or only the run can resolve them. */
  targets: readonly string[] | null;
  /**
   * The contexts and namespaces that it works in: those of its pods, or of its selection if its pods aren't known; null
   * if it uses no cluster, or only the run can resolve them.
   */
  scopes: readonly PlannedScope[] | null;
  /** The reason why they are unknown or empty, which contexts are unreachable, which pods are skipped. */
  targetsNote: string | null;
  /** The names of the targets in each batch; null for a step without batches, or if they aren't known. */
  batches: readonly (readonly string[])[] | null;
  steps: readonly PlannedStep[];
  /** What a rerun knows of its pods in the earlier run, by name; absent if it did nothing in any. */
  before?: {
    /** It isn't repeated there. */
    done: readonly string[];
    /** Its command had been started there, and hadn't ended: it is repeated. */
    inFlight: readonly string[];
    /** Pods that have replaced those of the earlier run. */
    replaced: readonly string[];
  };
}

/** What an earlier run has done in pods of a step that a rerun doesn't skip. */
export interface PlannedBefore {
  ends: readonly StepTargetEnd[];
  inFlight: readonly string[];
}

/** A context and a namespace; null for the current context, and for the context's own namespace. */
export interface PlannedScope {
  context: string | null;
  /** `*` for all. */
  namespace: string | null;
}

/** The plan of a run. */
export interface WorkflowPlan {
  workflow: string;
  path: string;
  params: Readonly<Record<string, JsonValue>>;
  permissions: Permissions;
  /** Ids of steps that aren't known to read only. */
  changes: readonly string[];
  steps: readonly PlannedStep[];
  finally: readonly PlannedStep[];
  /** Steps that a person left out, with the reason; absent if there are none. */
  omitted?: Readonly<Record<string, string>>;
  /** What a rerun doesn't repeat. */
  done?: readonly ({ step: string } & ({ outcome: string } | { pods: number }))[];
}

/** Input of a plan. */
interface PlanInput {
  params: Readonly<Record<string, JsonValue>>;
  overrides: WhereOverrides;
  uses: ReadonlyMap<Step, FullWorkflow>;
  /** What a rerun repeats in some pods only. */
  before?: ReadonlyMap<Step, PlannedBefore>;
  /** Called once for each selection. */
  find(where: Where): Promise<FoundPods>;
  /** Called with what each step needs in the cluster. */
  onRights?(rights: PlannedRights): void;
}

/** A step that changes pods, or objects of the cluster. */
export interface PlannedChange {
  id: string;
  /** In one line, without secrets. */
  does: string;
  /** Pods that it reaches at most; undefined if only the run can resolve them. */
  targets: readonly Target[] | undefined;
  /** Where it works, if its pods aren't known. */
  scopes: readonly PlannedScope[];
}

/** Makes the plan. */
export async function planOf(workflow: FullWorkflow, input: PlanInput): Promise<WorkflowPlan> {
  return (await planWithChanges(workflow, input)).plan;
}

/** Makes the plan, and collects the changes that a person confirms before it runs. */
export async function planWithChanges(
  workflow: FullWorkflow,
  input: PlanInput,
): Promise<{ plan: WorkflowPlan; changes: readonly PlannedChange[] }> {
  const changes: PlannedChange[] = [];
  const planner = new Planner(workflow, input, changes, { places: noPlaces });
  const steps = await planner.list(workflow.steps);
  const last = (await planner.list(workflow.finally))
    .map((step) => ({ ...step, id: finallyPrefix + step.id }));
  const mask = new Mask();
  mask.add(workflow, input.params);
  return {
    plan: mask.hide({
      workflow: workflow.name,
      path: workflow.path,
      params: input.params,
      permissions: workflow.permissions,
      changes: changing([...steps, ...last]),
      steps,
      finally: last,
    }),
    changes: changes.map(({ targets, ...change }) => ({ ...mask.hide(change), targets })),
  };
}

class Planner {
  readonly #values: Values;
  readonly #names: TargetNames;
  readonly #found = new Map<string, Promise<PlannedTargets>>();
  readonly #places: Places | undefined;

  constructor(
    private readonly workflow: FullWorkflow,
    private readonly input: PlanInput,
    private readonly changes: PlannedChange[],
    { names = new TargetNames(), places }: { names?: TargetNames; places: Places | undefined },
  ) {
    this.#names = names;
    this.#values = { params: input.params };
    this.#places = places;
  }

  /** @param around the targets of steps that don't select others. */
  async list(steps: readonly Step[], around?: PlannedTargets): Promise<PlannedStep[]> {
    const planned: PlannedStep[] = [];
    for (const step of steps) planned.push(await this.#step(step, around));
    return planned;
  }

  async #step(step: Step, around: PlannedTargets | undefined): Promise<PlannedStep> {
    const kind = stepKind(step.kind);
    const fields = this.#fields(step);
    const intent = kind.plan(fields);
    const { does, command, where, effect, change, asksItself } = intent;
    const rights = kind.rights(fields, this.workflow.permissions.cluster);
    this.input.onRights?.(this.#rights(step, rights, { selects: where === "pods", around }));
    const used = this.input.uses.get(step);
    const { before: earlier, ...own } = where === "pods"
      ? this.#remaining(step, await this.#targets(step, around))
      : { ...nowhere, scopes: this.#scopes(step, intent, around) };
    const before = this.changes.length;
    const inner = used === undefined
      ? await this.#inner(step, kind, kind.batches === undefined ? around : own)
      : await this.#usedSteps(used, step.fields.with ?? {}, this.#whereAround(around));
    const { found, where: _, ...targets } = own;
    // Its question covers those of its inner steps.
    if (asksItself === true) this.changes.length = before;
    else if (change !== undefined || effect === "asks") {
      this.changes.push({
        id: step.id,
        does,
        targets: found?.map(({ target }) => target),
        scopes: own.scopes ?? [],
      });
    }
    return {
      id: step.id,
      kind: step.kind,
      title: step.title ?? does,
      does,
      command: command ?? null,
      effect,
      when: step.when === undefined ? null : String(step.when),
      ...targets,
      batches: batchesOf(targets.targets, kind, { ...this.workflow.defaults, ...fields }),
      steps: inner,
      ...(earlier === undefined ? {} : { before: earlier }),
    };
  }

  async #inner(
    { inner }: Step,
    kind: StepKind,
    around: PlannedTargets | undefined,
  ): Promise<PlannedStep[]> {
    const planned: PlannedStep[] = [];
    for (const [list, steps] of Object.entries(inner)) {
      const prefix = listPrefix(kind, list);
      const own = await this.list(steps, around);
      planned.push(...own.map((one) => ({ ...one, id: prefix + one.id })));
    }
    return planned;
  }

  /** Returns the steps of the workflow that a step uses, with the parameters that are known before the run. */
  async #usedSteps(
    used: FullWorkflow,
    given: unknown,
    where: Where | undefined,
  ): Promise<PlannedStep[]> {
    const written = given as Readonly<Record<string, unknown>>;
    const params = Object.fromEntries(used.params.map((param) => {
      const { name, default: fallback = null } = param;
      if (!Object.hasOwn(written, name)) return [name, fallback];
      return [name, this.#isKnown(written[name]) ? this.#evaluated(written[name]) : null];
    }));
    const planner = new Planner(
      used,
      { ...this.input, params, overrides: {} },
      this.changes,
      { names: this.#names, places: where && placesIn(where, this.#around(this.#places)) },
    );
    const last = await planner.list(used.finally);
    return [
      ...await planner.list(used.steps),
      ...last.map((one) => ({ ...one, id: finallyPrefix + one.id })),
    ];
  }

  /** Returns null if only a run can evaluate it. */
  #evaluated(value: unknown): JsonValue {
    try {
      return evaluateDeep(value, this.#values) as JsonValue;
    } catch (error) {
      if (!(error instanceof KodamaError)) throw error;
      return null;
    }
  }

  /** Returns the fields with parameters substituted; a text that needs more stays as it is. */
  #fields(step: Step): Record<string, unknown> {
    const kind = stepKind(step.kind);
    try {
      const known = Object.entries(step.fields).filter(([, value]) => this.#isKnown(value));
      const evaluated = evaluateFields(
        Object.fromEntries(known),
        kind.command !== undefined && !known.some(([name]) => name === kind.command)
          ? { ...kind, command: undefined }
          : kind,
        this.#values,
      );
      const written = kind.command === undefined ? undefined : step.fields[kind.command];
      const asWritten = typeof written === "string" ? { [kind.command ?? ""]: written } : {};
      return { ...step.fields, ...evaluated, ...asWritten };
    } catch (error) {
      if (!(error instanceof KodamaError)) throw error;
      return step.fields;
    }
  }

  #isKnown(value: unknown): boolean {
    return textsIn(value, []).every(({ text }) =>
      !hasExpression(text) ||
      namesUsed(parseTemplate(text).template).every(({ path: [first, name] }) =>
        first === "params" && (name === undefined || this.input.params[name] !== null)
      )
    );
  }

  #around(places: Places = noPlaces): Around {
    return { overrides: this.input.overrides, places };
  }

  /** Returns the selection of steps that have none of their own; undefined if only the run can evaluate it. */
  #whereAround(around: PlannedTargets | undefined): Where | undefined {
    if (around !== undefined) return around.where;
    const { name, select } = this.workflow;
    if (this.#places === undefined || !this.#isKnown(select)) return undefined;
    const fields = selectFields(evaluateDeep(select, this.#values));
    return ownWhere(fields, this.#around(this.#places), `workflow ${name}`);
  }

  /** Returns the selection of a step; undefined if only the run can evaluate it. */
  #where(
    { id, fields: { select } }: Pick<Step, "id" | "fields">,
    around: PlannedTargets | undefined,
  ): Where | undefined {
    const outer = this.#whereAround(around);
    if (select === undefined || outer === undefined) return outer;
    if (!this.#isKnown(select)) return undefined;
    const own: SelectFields = selectFields(evaluateDeep(select, this.#values));
    return whereIn(own, placesIn(outer, this.#around(this.#places)), `step ${id}`);
  }

  /** Returns where a step works that doesn't run in pods. */
  #scopes(
    { id }: Step,
    { place, usesClusterPermissions }: Intent,
    around: PlannedTargets | undefined,
  ): PlannedStep["scopes"] {
    if (place === undefined) {
      const where = usesClusterPermissions === true ? this.#whereAround(around) : undefined;
      return where === undefined ? null : scopesOf(where);
    }
    const outer = this.#whereAround(around);
    if (outer === undefined || !this.#isKnown(place.context)) return null;
    const { namespace: written, ...named } = place;
    const isKnown = this.#isKnown(written);
    const fields = isKnown ? place : definedOnly({ ...named, isNamespaced: undefined });
    const known = evaluateDeep(fields, this.#values) as Place;
    const whose = `step ${id}`;
    const { context = null, namespace } = onePlace(
      known,
      whose,
      (fields) => whereIn(fields, placesIn(outer, this.#around(this.#places)), whose),
    );
    if (!isKnown) return [{ context, namespace: null }];
    return [{ context, namespace: namespace ?? (known.allNamespaces === true ? "*" : null) }];
  }

  #rights(
    step: Step,
    rights: ReturnType<StepKind["rights"]>,
    { selects, around }: { selects: boolean; around: PlannedTargets | undefined },
  ): PlannedRights {
    const { id } = step;
    const where = this.#where(step, around);
    const common = { id, where, selects };
    if (typeof rights === "string") return { ...common, rights: [], unknown: rights };
    const { namespace } = rights;
    const isSelecting = selects ||
      rights.selects === true && Object.keys(this.workflow.select).length > 0;
    const isOpen = where === undefined && (isSelecting || rights.rights.length > 0);
    if (isOpen || namespace !== undefined && hasExpression(namespace)) {
      return { ...common, rights: [], unknown: "its pods or its namespace are known when it runs" };
    }
    return { ...common, ...rights, selects: isSelecting };
  }

  async #targets(step: Step, around: PlannedTargets | undefined): Promise<PlannedTargets> {
    const narrowed = step.fields.targets;
    if (step.fields.select === undefined && around !== undefined) {
      return this.#narrowed(around, narrowed);
    }
    const where = this.#where(step, around);
    if (where === undefined) return { ...nowhere, targetsNote: "known when the step runs" };
    const key = JSON.stringify(
      where,
      (_key, value) => value instanceof RegExp ? `${value}` : value,
    );
    const finding = this.#found.get(key) ?? this.#find(where);
    this.#found.set(key, finding);
    return this.#narrowed(await finding, narrowed);
  }

  /** Leaves out pods in which an earlier run has ended the step. */
  #remaining(step: Step, all: PlannedTargets): PlannedTargets & Pick<PlannedStep, "before"> {
    const before = this.input.before?.get(step);
    if (before === undefined || all.found === undefined) return all;
    const ended = new EndedTargets(before.ends);
    const keys = new Set(before.ends.map(({ target }) => targetKey(target)));
    const done = all.found.filter((one) => ended.get(one) !== undefined);
    const remaining = all.found.filter((one) => !done.includes(one));
    const namesOf = (targets: readonly StepTarget[]) => targets.map(({ name }) => name);
    return {
      ...all,
      ...(all.targets === null ? {} : { targets: namesOf(remaining) }),
      found: remaining,
      before: {
        done: namesOf(done),
        inFlight: namesOf(remaining).filter((name) => before.inFlight.includes(name)),
        replaced: namesOf(remaining.filter(({ target }) => keys.has(targetKey(target)))),
      },
    };
  }

  #narrowed(found: PlannedTargets, narrowed: unknown): PlannedTargets {
    if (narrowed === undefined || found.targets === null) return found;
    if (!this.#isKnown(narrowed)) {
      return {
        ...found,
        targets: null,
        targetsNote: `${narrowed} of ${found.targets.length} pods`,
      };
    }
    const names = [evaluateDeep(narrowed, this.#values)].flat();
    const remaining = found.found?.filter(({ name }) => names.includes(name)) ?? [];
    return {
      ...found,
      targets: remaining.map(({ name }) => name),
      scopes: remaining.length === 0 ? found.scopes : scopesOfPods(remaining),
      found: remaining,
    };
  }

  async #find(where: Where): Promise<PlannedTargets> {
    const found = await this.input.find(where);
    const targets = this.#names.named({ ...found, dead: [] }, new Set(where.contexts).size > 1);
    const notes = found.dead.map(({ context, reason }) => `context ${context}: ${reason}`);
    // The reason why there are no pods mentions these too.
    if (found.none === undefined) {
      notes.push(...found.skipped.map(({ pod, reason }) => `skipped ${pod}: ${reason}`));
    } else if (notes.length === 0) notes.push(found.none);
    return {
      targets: targets.map(({ name }) => name),
      targetsNote: notes.length === 0 ? null : notes.join("; "),
      scopes: targets.length === 0 ? scopesOf(where) : scopesOfPods(targets),
      found: targets,
      where,
    };
  }
}

/** Targets of a step; `found` are those of its selection, if they are known. */
type PlannedTargets = Pick<PlannedStep, "targets" | "targetsNote" | "scopes"> & {
  found: readonly StepTarget[] | undefined;
  /** The selection, if it is known. */
  where: Where | undefined;
};

/** Returns the contexts and namespaces of a selection. */
function scopesOf({ contexts, selection: { namespaces } }: Where): PlannedScope[] {
  const names = namespaces.kind === "named"
    ? namespaces.names
    : [namespaces.kind === "all" ? "*" : null];
  return (contexts.length === 0 ? [null] : [...new Set(contexts)]).flatMap((context) =>
    names.map((namespace) => ({ context, namespace }))
  );
}

function scopesOfPods(targets: readonly StepTarget[]): PlannedScope[] {
  const scopes = targets.map(({ target: { context, namespace } }) => ({ context, namespace }));
  return [...new Map(scopes.map((one) => [JSON.stringify(one), one])).values()];
}

function batchesOf(
  targets: readonly string[] | null,
  kind: StepKind,
  fields: Record<string, unknown>,
): PlannedStep["batches"] {
  const sizes = targets === null ? undefined : kind.batches?.(fields, targets.length);
  let start = 0;
  return sizes?.map((size) => (targets ?? []).slice(start, start += size)) ?? null;
}

const nowhere: PlannedTargets = {
  targets: null,
  scopes: null,
  targetsNote: null,
  found: undefined,
  where: undefined,
};

function changing(steps: readonly PlannedStep[]): string[] {
  return steps.flatMap(({ id, effect, steps: inner }) => [
    ...(effect === "reads" ? [] : [id]),
    ...changing(inner),
  ]);
}
