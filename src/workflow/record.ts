/** The record of a run of a full-form workflow: its lines, and how they are read. Pure. */
import * as v from "valibot";
import { fileVersion } from "../base/file_version.ts";
import { definedOnly, type JsonValue } from "../base/json_value.ts";
import { KodamaError } from "../base/errors.ts";
import type { RecordedOutput } from "../exec/recorded_output.ts";
import type { CutValue } from "./engine/cut_values.ts";
import type { Again, StepKey, StepOutcome, StepTargetEnd, WorkflowEvent } from "./step_events.ts";
import type { NamePattern, Target } from "../kube/select/target.ts";
import type { WhereOverrides } from "./places.ts";
import { patternsOf } from "./fields.ts";

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

/** Identifies a step in a rerun. */
const mark = {
  identity: v.optional(v.string()),
  definition: v.string(),
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
    scopes: v.array(v.object({ context: v.string(), namespace: v.string() })),
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
    again: v.nullable(v.looseObject({ kind: v.string() })),
    durationMs: v.number(),
  }),
]);

const readKinds = new Set<unknown>(lineShape.options.map(({ entries }) => entries.kind.literal));

/** One step of a past run. */
export interface PastStep {
  key: StepKey;
  /** Identifies it in a rerun: the key, unless the record has another identity. */
  identity: string;
  /** A hash of what it did; absent for a step that didn't start. */
  definition?: string;
  /** A hash of the values that it read. */
  inputs?: string;
  /** Absent for a step that didn't start. */
  kind?: string;
  /** It was taken from the record of an earlier run. */
  isRetained?: true;
  title: string;
  /** The ends of targets by name; that of the last attempt if there were several. */
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
    again: Again | null;
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
  const scopes: { context: string; namespace: string }[] = [];
  let end: PastWorkflow["end"];
  for (const [index, line] of lines.entries()) {
    const where = `${name}:${index + 2}`;
    if (!readKinds.has(jsonOf(where, line).kind)) continue;
    const event = parsed(where, line, lineShape);
    switch (event.kind) {
      case "stepStarted":
        Object.assign(stepOf(event.step), marked(event), {
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
        stepOf(event.step).begun.set(event.name, { target, hasEnded: false });
        break;
      }
      case "stepTargetEnded": {
        const { end: { name }, at } = event;
        const step = stepOf(event.step);
        const begun = step.begun.get(name);
        if (begun !== undefined) step.begun.set(name, { ...begun, hasEnded: true });
        step.targets.set(name, event.end as unknown as StepTargetEnd);
        if (at !== undefined) step.endedAt.set(name, new Date(at));
        // The output of a later attempt replaces that of an earlier one.
        step.written.delete(name);
        const output = outputs.get(event.outputId ?? "");
        if (output !== undefined) step.written.set(name, output);
        break;
      }
      case "stepKept":
        Object.assign(stepOf(event.step), marked(event), {
          ...definedOnly({ kind: event.stepKind }),
          isRetained: true,
          end: { ...event, tolerated: event.tolerated ?? false, durationMs: 0 },
        });
        break;
      case "stepEnded": {
        const step = stepOf(event.step);
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

/** Returns whether a step is within another one, at any depth. */
export function isWithinStep(key: StepKey, outer: StepKey): boolean {
  return key.startsWith(`${outer}/`) || key.startsWith(`${outer}[`);
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
  { contexts, selection, only, all }: Overrides<From>,
  turned: (patterns: readonly From[]) => readonly To[],
): Overrides<To> {
  if (selection === undefined) return definedOnly({ only, contexts, all });
  const { match, exclude, ...others } = selection;
  const patterns = definedOnly({
    match: match && turned(match),
    exclude: exclude && turned(exclude),
  });
  return { ...definedOnly({ only, contexts, all }), selection: { ...others, ...patterns } };
}

function textOf(pattern: NamePattern): string {
  return pattern.kind === "substring" ? pattern.text : `/${pattern.regExp.source}/`;
}
