/** The record of a run of a full-form workflow: its lines, and how they are read. Pure. */
import { definedOnly, type JsonValue } from "../base/json_value.ts";
import { readLines, type RecordOfStep, type WorkflowHeader } from "../exec/event_shapes.ts";
import type { RecordedOutput } from "../exec/recorded_output.ts";
import type { CutValue } from "./engine/cut_values.ts";
import {
  type Again,
  type StepKey,
  type StepOutcome,
  stepOutcomeOf,
  type StepTargetEnd,
} from "./step_events.ts";
import type { NamePattern, Target } from "../kube/select/target.ts";
import type { WhereOverrides } from "./places.ts";
import { patternsOf } from "./fields.ts";

export type { WorkflowHeader } from "../exec/event_shapes.ts";

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

/** Reads a record of a workflow with steps; see {@link readLines}. */
export function readWorkflowRecord(name: string, text: string): PastWorkflow {
  const { header, lines } = readLines(name, text, "workflow");
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
  for (const event of lines) {
    switch (event.event) {
      case "stepStarted": {
        const { kind, title, at, record } = event;
        const started = { kind, title, startedAt: new Date(at), ...markOf(record) };
        Object.assign(stepOf(event.step), started, definedOnly({ once: record.once }));
        break;
      }
      case "output":
        outputs.set(event.id, event);
        break;
      case "stepRetried":
        // The inner steps of a step that is repeated haven't run yet.
        for (const key of steps.keys()) if (isWithinStep(key, event.step)) steps.delete(key);
        break;
      case "targetsAdded":
        scopes.push(...event.record?.scopes ?? []);
        break;
      case "targetStarted": {
        const target = event.record?.target as Target;
        stepOf(event.step).begun.set(event.name, { target, hasEnded: false });
        break;
      }
      case "targetEnded": {
        const { name, at, durationMs, truncated = false, copied, record } = event;
        const step = stepOf(event.step);
        const begun = step.begun.get(name);
        if (begun !== undefined) step.begun.set(name, { ...begun, hasEnded: true });
        const end = { ...record, name, durationMs, truncated, ...definedOnly({ copied }) };
        step.targets.set(name, end as StepTargetEnd);
        step.endedAt.set(name, new Date(at));
        // The output of a later attempt replaces that of an earlier one.
        step.written.delete(name);
        const output = outputs.get(event.outputId ?? "");
        if (output !== undefined) step.written.set(name, output);
        break;
      }
      case "stepKept":
      case "stepEnded": {
        const step = stepOf(event.step);
        const { output, cut, omitted, record } = event;
        const outcome = stepOutcomeOf({ ...event, exitCode: record?.exitCode });
        const end = { outcome, output: output as JsonValue, ...definedOnly({ cut, omitted }) };
        if (event.event === "stepEnded") {
          step.end = { ...end, tolerated: event.tolerated, durationMs: event.durationMs };
          const written = outputs.get(event.outputId ?? "");
          if (written !== undefined) step.written.set("", written);
        } else {
          const { kind, tolerated = false } = event.record;
          step.end = { ...end, tolerated, durationMs: 0 };
          Object.assign(step, markOf(event.record), { isRetained: true }, definedOnly({ kind }));
        }
        break;
      }
      case "runEnded": {
        const { exitCode, outputs, again, durationMs, outcome, error } = event;
        const whole = stepOutcomeOf({ outcome: outcome ?? "ok", error, exitCode });
        end = { outcome: whole, outputs: outputs as JsonValue, exitCode, again, durationMs };
      }
    }
  }
  return { header, steps: [...steps.values()], scopes, ...(end === undefined ? {} : { end }) };
}

function markOf({ identity, definition, inputs }: Omit<RecordOfStep["stepStarted"], "once">) {
  return definedOnly({ identity, definition: definition || undefined, inputs });
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
