/**
 * Which steps of a workflow a person leaves out of a run, and what can't be left out because another step reads it.
 * Steps of `finally`, `rescue` and `always` are never left out by choosing others. Pure.
 */
import { nearestNames } from "../base/nearest_names.ts";
import { KodamaError } from "../base/errors.ts";
import { namesUsed } from "../expression/names_used.ts";
import { parseTemplate } from "../expression/template.ts";
import { finallyPrefix } from "./engine/step_identity.ts";
import { listPrefix } from "./inner_lists.ts";
import type { FullWorkflow, Step } from "./model.ts";
import type { StepKey } from "./step_events.ts";
import { stepKind } from "./step_registry.ts";
import { textsWithin } from "./templates.ts";

/** Ids of steps, or keys of inner ones: `both/left`. */
export interface StepChoice {
  /** Only these run; all if it is empty. */
  only: readonly string[];
  /** These don't. */
  skip: readonly string[];
  /** The steps before it don't run. */
  startAt?: string;
}

/** Steps that don't run, by their keys, with the reason. */
export type OmittedSteps = ReadonlyMap<StepKey, string>;

/** A step at its position in the file. */
interface Placed {
  key: StepKey;
  step: Step;
  /** Keys of the steps that it is in. */
  outer: readonly StepKey[];
  /** In the steps of `finally`, or in a list that runs whatever happens to the others. */
  isAside: boolean;
}

/**
 * Returns the steps that don't run.
 *
 * @throws KodamaError `notFound` with the nearest names.
 */
export async function omittedSteps(
  workflow: FullWorkflow,
  { only, skip, startAt }: StepChoice,
): Promise<OmittedSteps> {
  const placed = placedSteps(workflow);
  for (const key of [...only, ...skip, ...(startAt === undefined ? [] : [startAt])]) {
    if (!placed.some((one) => one.key === key)) throw await unknownStep(workflow, key, placed);
  }
  const start = placed.findIndex(({ key }) => key === startAt);
  const omitted = new Map<StepKey, string>();
  for (const [at, { key, outer, isAside }] of placed.entries()) {
    const around = [key, ...outer];
    const isWithin = (chosen: string) => around.includes(chosen);
    const isAround = (chosen: string) => chosen.startsWith(`${key}/`);
    if (outer.some((one) => omitted.has(one))) continue;
    if (skip.some(isWithin)) omitted.set(key, "it was skipped");
    else if (isAside) continue;
    else if (only.length > 0 && !only.some((one) => isWithin(one) || isAround(one))) {
      omitted.set(key, "it wasn't chosen");
    } else if (startAt !== undefined && at < start && !isAround(startAt)) {
      omitted.set(key, `it comes before ${startAt}`);
    }
  }
  return omitted;
}

/**
 * Checks that no step that runs reads an output of one that doesn't.
 *
 * @param provided keys of steps whose outputs an earlier run has.
 * @throws KodamaError `conflict` that names both.
 */
export function checkReads(
  workflow: FullWorkflow,
  omitted: OmittedSteps,
  provided: ReadonlySet<StepKey>,
): void {
  const placed = placedSteps(workflow);
  const missing = new Map(
    placed.filter(({ key, step, outer }) =>
      step.named && !provided.has(key) && [key, ...outer].some((one) => omitted.has(one))
    ).map(({ key, step }) => [step.id, key]),
  );
  for (const { key, step, outer, isAside } of placed) {
    if (isAside || [key, ...outer].some((one) => omitted.has(one))) continue;
    // Inner steps that aren't in the list belong to their outer one.
    const own = stepKind(step.kind).innerStay ? { ...step, inner: {} } : step;
    for (const [first, id = "", field] of textsWithin(own).flatMap(({ text }) => pathsIn(text))) {
      const source = missing.get(id);
      if (first !== "steps" || source === undefined || field === "outcome") continue;
      throw new KodamaError(
        "conflict",
        `step ${key} reads ${
          [first, id, field].filter(Boolean).join(".")
        }, and ${source} doesn't run: ` +
          `${omitted.get(source) ?? "the step around it doesn't run"}`,
        { hint: `run ${source} too, or leave out ${key}` },
      );
    }
  }
}

/**
 * Returns the workflow without the omitted steps, and without its outputs that read them: what is planned, and what a
 * run gives.
 */
export function withoutSteps(workflow: FullWorkflow, omitted: OmittedSteps): FullWorkflow {
  if (omitted.size === 0) return workflow;
  const pruned = (steps: readonly Step[], prefix: string): Step[] =>
    steps.filter(({ id }) => !omitted.has(prefix + id)).map((step) => {
      const kind = stepKind(step.kind);
      if (!kind.innerStay) return step;
      const inner = Object.entries(step.inner).map(([list, inside]) =>
        [list, pruned(inside, `${prefix}${step.id}/${listPrefix(kind, list)}`)] as const
      );
      return { ...step, inner: Object.fromEntries(inner) };
    });
  return {
    ...workflow,
    steps: pruned(workflow.steps, ""),
    finally: pruned(workflow.finally, finallyPrefix),
    outputs: remainingOutputs(workflow, omitted),
  };
}

/** Returns the outputs of a workflow that read no omitted step. */
export function remainingOutputs(
  workflow: FullWorkflow,
  omitted: OmittedSteps,
): FullWorkflow["outputs"] {
  const gone = new Set(
    placedSteps(workflow).filter(({ key, outer }) =>
      [key, ...outer].some((one) => omitted.has(one))
    ).map(({ step }) => step.id),
  );
  return workflow.outputs.filter(({ template }) =>
    !pathsIn(String(template)).some(([first, id = ""]) => first === "steps" && gone.has(id))
  );
}

function pathsIn(text: string): (readonly string[])[] {
  return namesUsed(parseTemplate(text).template).map(({ path }) => path);
}

/** Returns the steps that run at most once, in the order of the file. */
function placedSteps(workflow: FullWorkflow): Placed[] {
  const placed: Placed[] = [];
  const collect = (
    steps: readonly Step[],
    prefix: string,
    { outer, isAside }: Pick<Placed, "outer" | "isAside">,
  ) => {
    for (const step of steps) {
      const key = prefix + step.id;
      placed.push({ key, step, outer, isAside });
      const kind = stepKind(step.kind);
      if (!kind.innerStay) continue;
      for (const [list, inside] of Object.entries(step.inner)) {
        const added = listPrefix(kind, list);
        collect(inside, `${key}/${added}`, {
          outer: [key, ...outer],
          isAside: isAside || added !== "",
        });
      }
    }
  };
  collect(workflow.steps, "", { outer: [], isAside: false });
  collect(workflow.finally, finallyPrefix, { outer: [], isAside: true });
  return placed;
}

async function unknownStep(
  { name }: FullWorkflow,
  wanted: string,
  placed: readonly Placed[],
): Promise<KodamaError> {
  const keys = placed.map(({ key }) => key);
  const [near] = await nearestNames(wanted, keys, 1);
  const hint = near === undefined
    ? `it has ${keys.slice(0, 20).join(", ")}`
    : `did you mean ${near}?`;
  return new KodamaError("notFound", `${name} has no step "${wanted}"`, { hint });
}
