/** What a rerun retains of a past run, and what has changed in the file since. Pure. */
import { definedOnly } from "../base/json_value.ts";
import { KodamaError } from "../base/errors.ts";
import type { Outcome } from "../exec/outcome.ts";
import {
  finallyPrefix,
  type Retained,
  type RetainedEnd,
  type StaticStep,
} from "./engine/step_identity.ts";
import type { StepKey } from "./step_events.ts";
import { isGood } from "./engine/failure.ts";
import { groupStep } from "./steps/group.ts";
import { stepKinds } from "./step_registry.ts";
import { isWithinStep, type PastStep, type PastWorkflow } from "./record.ts";

/** Where a run resumes: after what ended, from a step, or with what failed. */
export type ResumeFrom = { kind: "rest" } | { kind: "from"; step: StepKey } | { kind: "failed" };

/**
 * Returns what isn't run again. A step that succeeded, or whose failure the file tolerates, is retained; so is each
 * target that ended. With `from`, everything before that step is retained, and nothing after it. With `failed`,
 * everything that wasn't ok is run again, tolerated or not, down to the pods and the rounds; and so are the steps after
 * it.
 *
 * The engine drops what is retained of changed steps, and of `finally`.
 *
 * @throws KodamaError `notFound` for a step that the run didn't have.
 */
export function retainedOf({ header, steps }: PastWorkflow, from: ResumeFrom): Retained {
  const names = new Map(
    steps.flatMap(({ targets }) => [...targets.values()].map(({ name, target }) => [name, target])),
  );
  const retained = { steps: new Map(), targets: new Map(), names } satisfies Retained;
  const start = from.kind === "from"
    ? steps.findIndex(({ key }) => key === from.step)
    : steps.length;
  if (start < 0 && from.kind === "from") {
    throw new KodamaError("notFound", `run ${header.id} had no step "${from.step}"`, {
      hint: `it had ${steps.slice(0, 20).map(({ key }) => key).join(", ")}`,
    });
  }
  if (from.kind === "from") refuseAfterFailure(from.step, steps);
  const isFrom = (key: StepKey) =>
    from.kind === "from" && (key === from.step || isWithinStep(key, from.step));
  const repeated = repeatedGroups(steps)
    .filter((group) => from.kind !== "from" || !isWithinStep(from.step, group));
  const isRepeated = withinAny(new Set(repeated));
  const inner = innerSteps(steps);
  const considered = (from.kind === "failed" ? beforeFailures(steps, inner) : steps.slice(0, start))
    .filter(({ key }) => !isFrom(key) && !isRepeated(key));
  for (const step of considered) {
    const { key, identity, end, targets } = step;
    // With `from`, a person has decided what is retained, even if it has changed.
    const mark = {
      ...definedOnly({ definition: step.definition, inputs: step.inputs }),
      ...(from.kind === "from" ? { isDecided: true as const } : {}),
    };
    const isDone = from.kind === "failed" ? isOk(step, inner) : hasEnded(step);
    const isOuter = from.kind === "from" && from.step.startsWith(`${key}/`);
    if (isDone && end !== undefined && !isOuter) {
      const within = (inner.get(key) ?? []).filter((one) => one.end !== undefined)
        .toSorted((a, b) => orderOf(b.key) - orderOf(a.key));
      const isWhole = within.every((one) => isOk(one));
      const innerTargets = within.flatMap((one) =>
        [...one.targets.values()].map(({ target }) => target)
      );
      const part = {
        ...endOf(step, header.id),
        ...mark,
        ...(innerTargets.length === 0 ? {} : { innerTargets }),
        ...(isWhole && !innerStays(step) ? {} : {
          within: within.map((one) => ({
            ...endOf(one, header.id),
            ...definedOnly({ kind: one.kind }),
            key: one.key.slice(key.length),
            identity: one.identity.slice(identity.length),
          })),
        }),
      };
      retained.steps.set(identity, part);
      continue;
    }
    const ends = new Map([...targets].filter(([, { outcome }]) => isFinal(outcome, from)));
    if (ends.size > 0) retained.targets.set(identity, { ends, ...mark });
  }
  return retained;
}

/** Returns what is retained of a step, without the steps within it. */
function endOf(step: PastStep, run: string): RetainedEnd {
  const { key, end, targets, definition, inputs } = step;
  const { outcome, output, cut = [], omitted = [] } = end ?? unended;
  const reason = (field: string) =>
    `${field} of step ${key} isn't in the record of run ${run}, as nothing read it then; ` +
    `a rerun from ${key} does the step again`;
  const cuts = [...cut, ...omitted.map((field) => ({ path: [field], reason: reason(field) }))];
  const ends = [...targets.values()];
  return {
    outcome,
    output,
    ...(cuts.length > 0 ? { cut: cuts } : {}),
    ...(end?.tolerated === true ? { tolerated: true as const } : {}),
    ...(ends.length === 0 ? {} : { ends }),
    ...definedOnly({ definition, inputs }),
  };
}

const unended: NonNullable<PastStep["end"]> = {
  outcome: { kind: "skipped", reason: "" },
  tolerated: false,
  output: null,
  durationMs: 0,
};

function innerStays({ kind }: PastStep): boolean {
  return stepKinds.some(({ name, innerStay }) => name === kind && innerStay);
}

/**
 * Returns the keys of the groups that are retained or repeated as a whole: steps of their `rescue` or `always` have
 * started, which may have undone what their other steps did.
 */
function repeatedGroups(steps: readonly PastStep[]): StepKey[] {
  const started = steps.filter(({ kind }) => kind !== undefined);
  // A record may end before the group itself is in it.
  return [
    ...new Set(
      started.flatMap(({ key }) =>
        [...key.matchAll(asideLists)].map(({ index }) => key.slice(0, index))
      ),
    ),
  ];
}

/**
 * Returns the order in which retained steps are recorded, the largest first: those of `rescue` and `always`, then inner
 * steps before outer ones. So wherever a record ends, it has no step that looks more complete than it is.
 */
function orderOf(key: StepKey): number {
  const isAside = key.search(asideLists) >= 0;
  return key.split(/[/[]/).length + (isAside ? 1_000_000 : 0);
}

/** The lists of a group whose steps may undo what its other steps did. */
const lastLists = Object.keys(groupStep.inner).slice(1);

const asideLists = new RegExp(`/(?:${lastLists.join("|")})/`, "g");

/** Throws for a step that runs only because another one has failed, or after all others. */
function refuseAfterFailure(step: StepKey, steps: readonly PastStep[]): void {
  const group = steps.find(({ key, kind }) =>
    kind === groupStep.name && lastLists.some((list) => step.startsWith(`${key}/${list}/`))
  );
  if (group === undefined) return;
  throw new KodamaError(
    "config",
    `${step} isn't a step to resume from: it depends on what failed`,
    {
      hint: `${group.key} repeats its group`,
    },
  );
}

/** Returns the steps without those after one in the same list that wasn't ok. */
function beforeFailures(steps: readonly PastStep[], inner: InnerSteps): PastStep[] {
  const kinds = new Map(steps.map(({ key, kind }) => [key, kind]));
  const broken = new Set<string>();
  const dropped = new Set<StepKey>();
  const isWithinDropped = withinAny(dropped);
  return steps.filter((step) => {
    const { key } = step;
    const list = key.slice(0, key.lastIndexOf("/") + 1);
    const isBehind = broken.has(list) || isWithinDropped(key);
    if (isBehind) dropped.add(key);
    // Parallel steps don't follow each other; a skipped one doesn't count as a failure.
    else if (step.end?.outcome.kind === "skipped") return true;
    else if (!isOk(step, inner) && kinds.get(list.slice(0, -1)) !== "parallel") broken.add(list);
    return !isBehind;
  });
}

function hasEnded({ end }: PastStep): boolean {
  return end !== undefined && (isGood(end.outcome) || end.tolerated);
}

/** Returns whether a run leaves nothing to repeat of what failed: what was allowed to fail counts too. */
export function wasAllOk({ steps, end }: PastWorkflow): boolean {
  if (end?.outcome.kind !== "ok") return false;
  const inner = innerSteps(steps);
  return steps.every((step) => step.end?.outcome.kind === "skipped" || isOk(step, inner));
}

/** Returns whether all of it was ok: its pods, its rounds and its steps, including those that were allowed to fail. */
function isOk({ key, end, targets }: PastStep, inner?: InnerSteps): boolean {
  return end?.outcome.kind === "ok" &&
    [...targets.values()].every(({ outcome }) => outcome.kind === "ok") &&
    (inner?.get(key) ?? []).every((step) => step.end?.outcome.kind === "skipped" || isOk(step));
}

/** The steps within each step, at any depth, in the order in which they started. */
type InnerSteps = ReadonlyMap<StepKey, readonly PastStep[]>;

function innerSteps(steps: readonly PastStep[]): InnerSteps {
  const inner = new Map<StepKey, PastStep[]>();
  for (const step of steps) {
    for (const outer of outerKeys(step.key)) {
      const within = inner.get(outer);
      if (within === undefined) inner.set(outer, [step]);
      else within.push(step);
    }
  }
  return inner;
}

/** Returns the keys of all that a step may be within: of `a/b[1]/c`, `a`, `a/b` and `a/b[1]`. */
function outerKeys(key: StepKey): StepKey[] {
  return [...key.matchAll(/[/[]/g)].map(({ index }) => key.slice(0, index));
}

/** Returns whether a step is within one of these, which may still become more. */
function withinAny(outer: ReadonlySet<StepKey>): (key: StepKey) => boolean {
  return (key) => outerKeys(key).some((one) => outer.has(one));
}

function isFinal(outcome: Outcome, from: ResumeFrom): boolean {
  if (outcome.kind === "skipped" || outcome.kind === "cancelled") return false;
  return from.kind !== "failed" || outcome.kind === "ok";
}

/**
 * Returns the steps of `finally` that ran at the end of a run that wasn't ok, if they changed something: resuming from
 * there doesn't redo what they have undone.
 */
export function undoneBy({ steps, end }: PastWorkflow): StepKey[] {
  if (end?.again?.kind !== "all") return [];
  return steps.filter(({ key, kind, isRetained }) =>
    key.startsWith(finallyPrefix) && kind !== undefined && isRetained !== true
  )
    .map(({ key }) => key);
}

/** How the steps of a file differ from those of a run. */
export interface StepChanges {
  /** Keys of steps that do something else now. */
  changed: readonly StepKey[];
  /** Keys of steps that the run didn't have. */
  added: readonly StepKey[];
  /** Keys, as they were, of steps that no longer exist. */
  removed: readonly StepKey[];
}

/** Returns what has changed since a run. */
export function stepChanges(past: PastWorkflow, now: readonly StaticStep[]): StepChanges {
  const known = new Map(
    past.steps.filter(({ definition }) => definition !== undefined)
      .map((step) => [step.identity, step]),
  );
  const identities = new Set(now.map(({ identity }) => identity));
  const isStatic = ({ key }: PastStep) => !/[[/]/.test(key.replace(finallyPrefix, ""));
  // Steps that never started aren't recorded, and a step at the same position may be one of these.
  const unknown = new Set(
    past.steps.filter(({ kind }) => kind === undefined).map(({ key }) => key),
  );
  const keysOf = (steps: readonly { key: StepKey }[]) => steps.map(({ key }) => key);
  return {
    changed: keysOf(now.filter(({ identity, definition }) => {
      const before = known.get(identity);
      return before !== undefined && before.definition !== definition;
    })),
    added: known.size === 0 || past.end === undefined ? [] : keysOf(
      now.filter(({ key, identity }) => !known.has(identity) && !unknown.has(key)),
    ),
    removed: keysOf(
      [...known.values()].filter((step) => isStatic(step) && !identities.has(step.identity)),
    ),
  };
}
