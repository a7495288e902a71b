/**
 * A past run, whatever it was of: its sections are the steps of a workflow, or the one of a command. What compares,
 * reports, exports or selects from runs reads sections, so that it works for every pair of runs. Pure.
 */
import { definedOnly } from "../base/json_value.ts";
import type { OutcomeKind } from "../exec/outcome.ts";
import type { RecordedOutput } from "../exec/recorded_output.ts";
import { type PastRun, readRecord } from "./run_record.ts";
import { outcomeReport } from "../exec/target_report.ts";
import type { Target } from "../kube/select/target.ts";
import type { PastStep, PastWorkflow } from "../workflow/record.ts";
import { stepError } from "../workflow/step_events.ts";

export type { PastRun, RecordedTarget } from "./run_record.ts";
export type { PastStep, PastWorkflow } from "../workflow/record.ts";

/** A run by its record: of one command, or of a workflow with steps. */
export type FoundRun = { kind: "run"; run: PastRun } | { kind: "workflow"; run: PastWorkflow };

/**
 * Reads a record.
 *
 * @throws KodamaError `config` for content that kodama doesn't write.
 */
export async function readRunRecord(name: string, text: string): Promise<FoundRun> {
  // Most runs are of one command: the reader of the others is loaded only for them.
  if (!text.startsWith('{"event":"workflow"')) return { kind: "run", run: readRecord(name, text) };
  const { readWorkflowRecord } = await import("../workflow/record.ts");
  return { kind: "workflow", run: readWorkflowRecord(name, text) };
}

/** One target of a section. */
export interface PastTarget {
  name: string;
  target: Target;
  /** Null if it isn't known: the run is active, or was killed. */
  outcome: OutcomeKind | null;
  exitCode: number | null;
  signal: string | null;
  /** Why it wasn't ok, if the command itself didn't report it. */
  error: string | null;
  durationMs: number | null;
  /** Absent if it didn't start. */
  startedAt?: Date;
  /** Absent if it isn't recorded. */
  output?: RecordedOutput;
}

/** The targets of a command, or a step. */
export interface PastSection {
  /** The key of the step; empty for a command. */
  key: string;
  /** Identifies the step in other runs of the same workflow. */
  identity: string;
  title: string;
  /** Absent for a command, and a step that didn't start. */
  kind?: string;
  /** The outcome of the step; null if it hasn't ended. */
  outcome: string | null;
  error: string | null;
  /** The step wasn't ok, and the file tolerated that. */
  tolerated: boolean;
  /** Its record is that of an earlier run. */
  isRetained: boolean;
  startedAt?: Date;
  durationMs: number | null;
  targets: readonly PastTarget[];
  /** What the step itself wrote, on this machine. */
  output?: RecordedOutput;
}

/** Returns the sections of a run. */
export function sectionsOf(found: FoundRun): PastSection[] {
  return found.kind === "run" ? [sectionOfCommand(found.run)] : found.run.steps.map(sectionOfStep);
}

/** Returns the only section in pods, if the run is of a command or does no more than one; else undefined. */
export function onlySection(found: FoundRun): PastSection | undefined {
  const [only, other] = sectionsOf(found);
  const isOne = only !== undefined && other === undefined && only.output === undefined;
  return isOne && (found.kind === "run" || only.kind === "exec") ? only : undefined;
}

function sectionOfCommand({ header, targets, end }: PastRun): PastSection {
  const isOk = targets.every((one) => one.end?.outcome === "ok");
  return {
    key: "",
    identity: "",
    title: "",
    outcome: end === undefined ? null : isOk ? "ok" : "failed",
    error: null,
    tolerated: false,
    isRetained: false,
    startedAt: new Date(header.at),
    durationMs: end?.durationMs ?? null,
    targets: targets.map(({ name, target, startedAt, end, output }) => ({
      name,
      target,
      outcome: end?.outcome ?? null,
      exitCode: end?.exitCode ?? null,
      signal: end?.signal ?? null,
      error: end?.error ?? null,
      durationMs: end?.durationMs ?? null,
      ...definedOnly({ startedAt, output }),
    })),
  };
}

function sectionOfStep(step: PastStep): PastSection {
  const { key, identity, title, kind, startedAt, end, written } = step;
  return {
    key,
    identity,
    title,
    outcome: end?.outcome.kind ?? null,
    error: end === undefined ? null : stepError(end.outcome),
    tolerated: end?.tolerated ?? false,
    isRetained: step.isRetained ?? false,
    durationMs: end?.durationMs ?? null,
    targets: [...endedTargets(step), ...lostTargets(step)],
    ...definedOnly({ kind, startedAt, output: written.get("") }),
  };
}

function endedTargets({ targets, endedAt, written }: PastStep): PastTarget[] {
  return [...targets.values()].map(({ name, target, outcome, durationMs }) => {
    const end = endedAt.get(name);
    const hasStarted = end !== undefined && outcome.kind !== "skipped";
    return {
      name,
      target,
      ...outcomeReport(outcome),
      durationMs,
      ...definedOnly({
        startedAt: hasStarted ? new Date(end.getTime() - durationMs) : undefined,
        output: written.get(name),
      }),
    };
  });
}

/** Returns the targets whose command was sent, and whose end isn't recorded. */
function lostTargets({ targets, begun }: PastStep): PastTarget[] {
  const unknown = { outcome: null, exitCode: null, signal: null, error: null, durationMs: null };
  return [...begun].filter(([name, { hasEnded }]) => !hasEnded && !targets.has(name))
    .map(([name, { target }]) => ({ name, target, ...unknown }));
}
