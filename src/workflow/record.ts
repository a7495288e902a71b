/** The record of a run of a workflow in its full form: its lines, read back, and what can be gone on from. Pure. */
import * as v from "valibot";
import { KodamaError } from "../base/errors.ts";
import type { JsonValue } from "../base/json_value.ts";
import type { Outcome } from "../exec/model.ts";
import type { Kept } from "./engine/kept.ts";
import type { StepKey, StepOutcome, StepTargetEnd, WorkflowEvent } from "./step_events.ts";

/** The first line: what was asked for. */
export const workflowHeaderShape = v.object({
  event: v.literal("workflow"),
  version: v.literal(1),
  id: v.string(),
  at: v.string(),
  workflow: v.string(),
  path: v.string(),
  /** Of every file, by path: SHA-256. */
  files: v.record(v.string(), v.string()),
  /** Without the secret ones, whose names alone are kept. */
  params: v.record(v.string(), v.unknown()),
  secrets: v.array(v.string()),
  /** The run that this one goes on from. */
  rerunOf: v.nullable(v.string()),
  /** Contexts and parts of the selection that the command line said. */
  overrides: v.unknown(),
});

/** See {@link workflowHeaderShape}. */
export type WorkflowHeader = v.InferOutput<typeof workflowHeaderShape>;

/** Lines after it are events; what isn't read here is only looked at by `event`. */
const lineShape = v.variant("kind", [
  v.object({
    kind: v.literal("stepStarted"),
    step: v.string(),
    stepKind: v.string(),
    title: v.string(),
  }),
  v.object({
    kind: v.literal("stepKept"),
    step: v.string(),
    outcome: v.unknown(),
    output: v.unknown(),
  }),
  v.object({
    kind: v.literal("stepTargetEnded"),
    step: v.string(),
    end: v.looseObject({ name: v.string() }),
  }),
  v.object({
    kind: v.literal("stepEnded"),
    step: v.string(),
    outcome: v.looseObject({ kind: v.string() }),
    tolerated: v.boolean(),
    output: v.unknown(),
    durationMs: v.number(),
  }),
  v.object({
    kind: v.literal("workflowEnded"),
    outcome: v.looseObject({ kind: v.string() }),
    outputs: v.unknown(),
    exitCode: v.number(),
    durationMs: v.number(),
  }),
]);

const readKinds = new Set<unknown>(lineShape.options.map(({ entries }) => entries.kind.literal));

/** One step of a past run. */
export interface PastStep {
  key: StepKey;
  title: string;
  /** By name; of several attempts the last. */
  targets: ReadonlyMap<string, StepTargetEnd>;
  /** Absent where it wasn't written: the run goes on, or was killed. */
  end?: { outcome: StepOutcome; tolerated: boolean; output: JsonValue; durationMs: number };
}

/** A past run of a workflow. */
export interface PastWorkflow {
  header: WorkflowHeader;
  /** In the order in which they began. */
  steps: readonly PastStep[];
  end?: { outcome: StepOutcome; outputs: JsonValue; exitCode: number; durationMs: number };
}

/** Whether an event is kept; lines are the screen's. */
export function isKept({ kind }: WorkflowEvent): boolean {
  return kind !== "stepLine";
}

/**
 * Reads a record. A last line without its end is passed over: the process was killed while it wrote.
 *
 * @throws KodamaError `config` for what kodama doesn't write.
 */
export function readWorkflowRecord(name: string, text: string): PastWorkflow {
  const [first = "", ...rest] = text.split("\n").slice(0, -1);
  const header = parsed(`${name}:1`, first, workflowHeaderShape);
  type Reading = PastStep & { targets: Map<string, StepTargetEnd> };
  const steps = new Map<StepKey, Reading>();
  const stepOf = (key: StepKey): Reading => {
    const step: Reading = steps.get(key) ?? { key, title: key, targets: new Map() };
    steps.set(key, step);
    return step;
  };
  let end: PastWorkflow["end"];
  for (const [index, line] of rest.entries()) {
    const where = `${name}:${index + 2}`;
    if (!readKinds.has(jsonOf(where, line).kind)) continue;
    const event = parsed(where, line, lineShape);
    switch (event.kind) {
      case "stepStarted":
        stepOf(event.step).title = event.title;
        break;
      case "stepTargetEnded":
        stepOf(event.step).targets.set(event.end.name, event.end as unknown as StepTargetEnd);
        break;
      case "stepKept":
        stepOf(event.step).end = { ...event, tolerated: false, durationMs: 0 } as
          & PastStep["end"]
          & object;
        break;
      case "stepEnded":
        stepOf(event.step).end = event as unknown as PastStep["end"] & object;
        break;
      case "workflowEnded":
        end = event as unknown as PastWorkflow["end"];
    }
  }
  return { header, steps: [...steps.values()], ...(end === undefined ? {} : { end }) };
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
    throw new KodamaError("config", `${where}: this is no line of a record`);
  }
}

/** From where a run goes on: after what ended, from a step, or with what failed. */
export type GoOn = { kind: "rest" } | { kind: "from"; step: StepKey } | { kind: "failed" };

/**
 * What isn't done again. A step that ended well, or whose failure the file tolerates, is kept; so is each target that
 * ended. With `from`, everything before that step is kept, and nothing behind it; with `failed`, the targets that
 * weren't ok are run again.
 *
 * @throws KodamaError `notFound` for a step that the run didn't have.
 */
export function keptOf({ header, steps }: PastWorkflow, goOn: GoOn): Kept {
  const kept = { steps: new Map(), targets: new Map() } satisfies Kept;
  const begin = goOn.kind === "from"
    ? steps.findIndex(({ key }) => key === goOn.step)
    : steps.length;
  if (begin < 0 && goOn.kind === "from") {
    throw new KodamaError("notFound", `run ${header.id} had no step "${goOn.step}"`, {
      hint: `it had ${steps.slice(0, 20).map(({ key }) => key).join(", ")}`,
    });
  }
  for (const { key, end, targets } of steps.slice(0, begin)) {
    // Of steps that were never begun nothing is done.
    const isDone = end !== undefined &&
      (end.outcome.kind === "ok" || end.tolerated && goOn.kind !== "failed" ||
        end.outcome.kind === "skipped" && end.outcome.reason.startsWith("when: "));
    const isOuter = goOn.kind === "from" && goOn.step.startsWith(`${key}/`);
    if (isDone && !isOuter) {
      const { outcome, output } = end;
      kept.steps.set(key, { outcome, output });
      continue;
    }
    const ended = [...targets].filter(([, { outcome }]) => isSettled(outcome, goOn));
    if (ended.length > 0) kept.targets.set(key, new Map(ended));
  }
  return kept;
}

function isSettled(outcome: Outcome, goOn: GoOn): boolean {
  if (outcome.kind === "skipped" || outcome.kind === "cancelled") return false;
  return goOn.kind !== "failed" || outcome.kind === "ok";
}
