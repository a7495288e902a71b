/** The record of a run of a full-form workflow: parses its lines, and finds what can be resumed. Pure. */
import * as v from "valibot";
import { fileVersion } from "../base/file_version.ts";
import { definedOnly, type JsonValue } from "../base/json_value.ts";
import { KodamaError } from "../base/errors.ts";
import type { Outcome } from "../exec/outcome.ts";
import type { RecordedOutput } from "../exec/recorded_output.ts";
import type { CutValue } from "./engine/cut_values.ts";
import {
  finallyPrefix,
  type Retained,
  type RetainedEnd,
  type StaticStep,
} from "./engine/step_identity.ts";
import type { Again, StepKey, StepOutcome, StepTargetEnd, WorkflowEvent } from "./step_events.ts";
import type { NamePattern, Target } from "../kube/select/target.ts";
import type { WhereOverrides } from "./engine/scope.ts";
import { patternsOf } from "./fields.ts";
import { isGood } from "./engine/failure.ts";
import { groupStep } from "./steps/group.ts";
import { stepKinds } from "./step_registry.ts";

/** The first line: the request. */
export const workflowHeaderShape = v.object({
  event: v.literal("workflow"),
  version: fileVersion(1),
  id: v.string(),
  at: v.string(),
  workflow: v.string(),
  path: v.string(),
  /** SHA-256 of every file, by path. */
  files: v.record(v.string(), v.string()),
  /** Without the values of secret ones, whose names alone are stored. */
  params: v.record(v.string(), v.unknown()),
  secrets: v.array(v.string()),
  /** The run that this one resumes. */
  rerunOf: v.nullable(v.string()),
  /** Contexts and parts of the selection that the command line set. */
  overrides: v.unknown(),
  /** Steps that were left out, or the only ones that weren't. */
  choice: v.optional(v.object({
    only: v.array(v.string()),
    skip: v.array(v.string()),
    startAt: v.exactOptional(v.string()),
  })),
});

/** See {@link workflowHeaderShape}. */
export type WorkflowHeader = v.InferOutput<typeof workflowHeaderShape>;

/** Identifies a step in a rerun; kodama 0.1 didn't record it. */
const mark = {
  identity: v.optional(v.string()),
  definition: v.optional(v.string()),
  inputs: v.optional(v.string()),
};

const cut = v.optional(v.array(v.object({
  path: v.array(v.union([v.string(), v.number()])),
  reason: v.string(),
})));

/** Fields of the output that the record doesn't contain. */
const omitted = v.optional(v.array(v.string()));

/** Lines after it are events; fields that aren't read here are only read by `event`. */
const lineShape = v.variant("kind", [
  v.object({
    kind: v.literal("stepStarted"),
    step: v.string(),
    stepKind: v.string(),
    title: v.string(),
    at: v.optional(v.string()),
    once: v.optional(v.literal(true)),
    ...mark,
  }),
  v.object({
    kind: v.literal("stepTargetStarts"),
    step: v.string(),
    name: v.string(),
    target: v.looseObject({ context: v.string(), namespace: v.string(), pod: v.string() }),
  }),
  v.object({
    kind: v.literal("output"),
    id: v.string(),
    stdout: v.string(),
    stderr: v.string(),
    omittedBytes: v.number(),
  }),
  v.object({
    kind: v.literal("stepKept"),
    step: v.string(),
    stepKind: v.optional(v.string()),
    tolerated: v.optional(v.boolean()),
    outcome: v.looseObject({ kind: v.string() }),
    output: v.unknown(),
    cut,
    omitted,
    ...mark,
  }),
  v.object({ kind: v.literal("stepRetried"), step: v.string() }),
  v.object({
    kind: v.literal("stepTargets"),
    step: v.string(),
    // Absent in records of 0.1.
    scopes: v.optional(v.array(v.object({ context: v.string(), namespace: v.string() })), []),
  }),
  v.object({
    kind: v.literal("stepTargetEnded"),
    step: v.string(),
    end: v.looseObject({ name: v.string() }),
    outputId: v.optional(v.string()),
    at: v.optional(v.string()),
  }),
  v.object({
    kind: v.literal("stepEnded"),
    step: v.string(),
    outcome: v.looseObject({ kind: v.string() }),
    tolerated: v.boolean(),
    output: v.unknown(),
    cut,
    omitted,
    durationMs: v.number(),
    outputId: v.optional(v.string()),
    at: v.optional(v.string()),
  }),
  v.object({
    kind: v.literal("workflowEnded"),
    outcome: v.looseObject({ kind: v.string() }),
    outputs: v.unknown(),
    exitCode: v.number(),
    again: v.optional(v.nullable(v.looseObject({ kind: v.string() }))),
    durationMs: v.number(),
  }),
]);

const readKinds = new Set<unknown>(lineShape.options.map(({ entries }) => entries.kind.literal));

/** One step of a past run. */
export interface PastStep {
  key: StepKey;
  /** Identifies it in a rerun: the key, unless the record has another identity. */
  identity: string;
  /** A hash of what it did; absent for a step that didn't start, and in a record of kodama 0.1. */
  definition?: string;
  /** A hash of the values that it read. */
  inputs?: string;
  /** Absent for a step that didn't start. */
  kind?: string;
  /** It was taken from the record of an earlier run. */
  isRetained?: true;
  title: string;
  /** By name; the last of several attempts. */
  targets: ReadonlyMap<string, StepTargetEnd>;
  /** Those whose command was sent or about to be, by name: only in a record that is stored before each start. */
  begun: ReadonlyMap<string, { target: Target; hasEnded: boolean }>;
  /** Only a person decides whether it is repeated. */
  once?: true;
  /** When each of them ended, by name. */
  endedAt: ReadonlyMap<string, Date>;
  /** What each of them wrote, by name, and the step itself, by an empty one; only what is recorded. */
  written: ReadonlyMap<string, RecordedOutput>;
  /** Absent for a step that didn't start. */
  startedAt?: Date;
  /** Absent if it wasn't written: the run is still running, or was killed. */
  end?: {
    outcome: StepOutcome;
    tolerated: boolean;
    output: JsonValue;
    cut?: readonly CutValue[];
    omitted?: readonly string[];
    durationMs: number;
  };
}

/** A past run of a workflow. */
export interface PastWorkflow {
  header: WorkflowHeader;
  /** In the order in which they started. */
  steps: readonly PastStep[];
  /** Scopes of the pods of its steps; may repeat. */
  scopes: readonly { context: string; namespace: string }[];
  end?: {
    outcome: StepOutcome;
    outputs: JsonValue;
    exitCode: number;
    /** Absent in a record of kodama 0.1. */
    again?: Again | null;
    durationMs: number;
  };
}

/** Returns whether an event is stored; lines are for the screen only. */
export function isRecorded({ kind }: WorkflowEvent): boolean {
  return kind !== "stepLine";
}

/**
 * Reads a record. An incomplete last line is skipped: the process was killed while it wrote.
 *
 * @throws KodamaError `config` for what kodama doesn't write.
 */
export function readWorkflowRecord(name: string, text: string): PastWorkflow {
  const [first = "", ...lines] = text.split("\n").slice(0, -1);
  const header = parsed(`${name}:1`, first, workflowHeaderShape);
  type Reading = PastStep & {
    targets: Map<string, StepTargetEnd>;
    begun: Map<string, { target: Target; hasEnded: boolean }>;
    endedAt: Map<string, Date>;
    written: Map<string, RecordedOutput>;
  };
  const outputs = new Map<string, RecordedOutput>();
  const steps = new Map<StepKey, Reading>();
  const stepOf = (key: StepKey): Reading => {
    const step: Reading = steps.get(key) ?? {
      key,
      identity: key,
      title: key,
      targets: new Map(),
      begun: new Map(),
      endedAt: new Map(),
      written: new Map(),
    };
    steps.set(key, step);
    return step;
  };
  /** In kodama 0.1 a step of `finally` could have the key of an earlier one: this applies to keys that end twice. */
  const nextOf = (key: StepKey): Reading =>
    stepOf(steps.get(key)?.end === undefined ? key : finallyPrefix + key);
  const currentOf = (key: StepKey): Reading => {
    const again = steps.get(finallyPrefix + key);
    return again !== undefined && again.end === undefined ? again : stepOf(key);
  };
  const scopes: { context: string; namespace: string }[] = [];
  let end: PastWorkflow["end"];
  for (const [index, line] of lines.entries()) {
    const where = `${name}:${index + 2}`;
    if (!readKinds.has(jsonOf(where, line).kind)) continue;
    const event = parsed(where, line, lineShape);
    switch (event.kind) {
      case "stepStarted":
        Object.assign(nextOf(event.step), marked(event), {
          kind: event.stepKind,
          title: event.title,
          ...definedOnly({ once: event.once }),
          ...(event.at === undefined ? {} : { startedAt: new Date(event.at) }),
        });
        break;
      case "output":
        outputs.set(event.id, event);
        break;
      case "stepRetried":
        // The inner steps of a step that is repeated haven't run yet.
        for (const key of steps.keys()) if (isWithinStep(key, event.step)) steps.delete(key);
        break;
      case "stepTargets":
        scopes.push(...event.scopes);
        break;
      case "stepTargetStarts": {
        const target = event.target as unknown as Target;
        currentOf(event.step).begun.set(event.name, { target, hasEnded: false });
        break;
      }
      case "stepTargetEnded": {
        const { end: { name }, at } = event;
        const step = currentOf(event.step);
        const begun = step.begun.get(name);
        if (begun !== undefined) step.begun.set(name, { ...begun, hasEnded: true });
        step.targets.set(name, event.end as unknown as StepTargetEnd);
        if (at !== undefined) step.endedAt.set(name, new Date(at));
        // Of several attempts the last one counts.
        step.written.delete(name);
        const output = outputs.get(event.outputId ?? "");
        if (output !== undefined) step.written.set(name, output);
        break;
      }
      case "stepKept":
        Object.assign(nextOf(event.step), marked(event), {
          ...definedOnly({ kind: event.stepKind }),
          isRetained: true,
          end: { ...event, tolerated: event.tolerated ?? false, durationMs: 0 },
        });
        break;
      case "stepEnded": {
        const step = (currentOf(event.step).end === undefined ? currentOf : nextOf)(event.step);
        step.end = event as unknown as PastStep["end"] & object;
        const output = outputs.get(event.outputId ?? "");
        if (output !== undefined) step.written.set("", output);
        break;
      }
      case "workflowEnded":
        end = event as unknown as PastWorkflow["end"];
    }
  }
  return { header, steps: [...steps.values()], scopes, ...(end === undefined ? {} : { end }) };
}

function marked({ identity, definition, inputs }: {
  identity?: string | undefined;
  definition?: string | undefined;
  inputs?: string | undefined;
}): Partial<PastStep> {
  return definedOnly({ identity, definition, inputs });
}

function parsed<S extends v.GenericSchema>(
  where: string,
  line: string,
  shape: S,
): v.InferOutput<S> {
  const result = v.safeParse(shape, jsonOf(where, line));
  if (result.success) return result.output;
  const [issue] = result.issues;
  throw new KodamaError("config", `${where}: ${v.getDotPath(issue) ?? ""}: ${issue.message}`);
}

function jsonOf(where: string, line: string): { kind?: unknown } {
  try {
    return JSON.parse(line);
  } catch {
    throw new KodamaError("config", `${where}: this is not a line of a record`);
  }
}

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
      const part = {
        ...endOf(step, header.id),
        ...mark,
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
    ...(ends.every((one) => one.outcome.kind === "ok") ? {} : { ends }),
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

function isWithinStep(key: StepKey, outer: StepKey): boolean {
  return key.startsWith(`${outer}/`) || key.startsWith(`${outer}[`);
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

/** Returns what has changed since a run: nothing for a record of kodama 0.1, which has no definitions of its steps. */
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

/* Overrides of a file's selection by the command line, as data for a record, and back. Pure. */

/** The overrides, with patterns of names as `Pattern`. */
type Overrides<Pattern> = Omit<WhereOverrides, "selection"> & {
  selection?: Omit<NonNullable<WhereOverrides["selection"]>, "match" | "exclude"> & {
    match?: readonly Pattern[];
    exclude?: readonly Pattern[];
  };
};

/** Converts patterns to their texts: a regular expression can't be serialized. */
export function overridesData(overrides: WhereOverrides): Record<string, unknown> {
  return { ...withPatterns(overrides, (patterns) => patterns.map(textOf)) };
}

/** The inverse of {@link overridesData}. */
export function overridesOf(data: unknown): WhereOverrides {
  return withPatterns(data as Overrides<string>, patternsOf);
}

function withPatterns<From, To>(
  { contexts, selection, only }: Overrides<From>,
  turned: (patterns: readonly From[]) => readonly To[],
): Overrides<To> {
  if (selection === undefined) return definedOnly({ only, contexts });
  const { match, exclude, ...others } = selection;
  const patterns = definedOnly({
    match: match && turned(match),
    exclude: exclude && turned(exclude),
  });
  return { ...definedOnly({ only, contexts }), selection: { ...others, ...patterns } };
}

function textOf(pattern: NamePattern): string {
  return pattern.kind === "substring" ? pattern.text : `/${pattern.regExp.source}/`;
}
