/** What has changed between two past runs of a command or of a workflow. */
import { KodamaError } from "../../base/errors.ts";
import { definedOnly } from "../../base/json_value.ts";
import {
  type Answer,
  type AnswerChanges,
  compareAnswers,
  hasChanged,
} from "../../exec/compare_answers.ts";
import type { PastStep, PastWorkflow } from "../../workflow/record.ts";
import { type FoundRun, type PastRun, runBefore } from "./past_runs.ts";
import type { Host } from "../host.ts";

export type {
  Answer,
  AnswerChanges,
  AnswerGroup,
  ChangedGroup,
} from "../../exec/compare_answers.ts";
export type { RecordedOutput } from "../../exec/recorded_output.ts";
export { compareAnswers, hasChanged } from "../../exec/compare_answers.ts";

/** How a step differs: its outcome, its pods, what it wrote itself. */
interface StepDiff {
  step: string;
  /** Outcomes; null for a step that only the other run had. */
  before: string | null;
  after: string | null;
  changes: AnswerChanges;
}

/** A value that a workflow gave. */
export interface OutputDiff {
  name: string;
  /** Undefined if the run didn't give it. */
  before: unknown;
  after: unknown;
}

/** What has changed from one run to another. */
export type RunDiff =
  & { before: RunHead; after: RunHead; isDifferent: boolean }
  & (
    | { kind: "run"; changes: AnswerChanges }
    | { kind: "workflow"; steps: readonly StepDiff[]; outputs: readonly OutputDiff[] }
  );

/** A run of a diff. */
export interface RunHead {
  id: string;
  at: Date;
  /** The command, or the name of the workflow. */
  command: readonly string[] | null;
  workflow: string | null;
  /** Null if it isn't recorded. */
  exitCode: number | null;
}

/**
 * Compares a run with an earlier one; if that is absent, with the one before it of the same command or workflow.
 *
 * @throws KodamaError `conflict` if one is of a command, and the other of a workflow with steps; `notFound` if there is
 *   none before it.
 */
export async function diffRuns(
  host: Host,
  later: FoundRun,
  earlier?: FoundRun,
): Promise<RunDiff> {
  const before = earlier ?? await runBefore(host, later);
  // A rerun may have repeated only a part.
  const isPart = earlier === undefined && later.run.header.rerunOf === before.run.header.id;
  return await compareRuns(before, later, { isPart });
}

/**
 * Compares two runs. `isPart`: the later one may have repeated only a part of the other.
 *
 * @throws KodamaError `conflict` if one is of a command, and the other of a workflow with steps.
 */
export async function compareRuns(
  before: FoundRun,
  later: FoundRun,
  { isPart }: { isPart: boolean },
): Promise<RunDiff> {
  const heads = { before: headOf(before), after: headOf(later) };
  if (before.kind === "run" && later.kind === "run") {
    const compared = await compareAnswers(answersOf(before.run), answersOf(later.run));
    const changes = isPart ? { ...compared, gone: [] } : compared;
    return { kind: "run", ...heads, changes, isDifferent: hasChanged(changes) };
  }
  if (before.kind === "workflow" && later.kind === "workflow") {
    const steps = await stepDiffs(before.run, later.run);
    const outputs = outputDiffs(before.run, later.run);
    const isDifferent = outputs.length > 0 ||
      steps.some((step) => step.before !== step.after || hasChanged(step.changes));
    return { kind: "workflow", ...heads, steps, outputs, isDifferent };
  }
  const [steps, command] = before.kind === "workflow" ? [before, later] : [later, before];
  throw new KodamaError(
    "conflict",
    `run ${steps.run.header.id} has steps, and run ${command.run.header.id} is of one command`,
  );
}

function headOf(found: FoundRun): RunHead {
  const { id, at } = found.run.header;
  return {
    id,
    at: new Date(at),
    command: found.kind === "run" ? found.run.header.command : null,
    workflow: found.run.header.workflow,
    exitCode: found.run.end?.exitCode ?? null,
  };
}

function answersOf({ targets }: PastRun): Answer[] {
  return targets.map(({ target, name, end, output }) => ({
    ...placeOf(target),
    name,
    outcome: end?.outcome ?? null,
    exitCode: end?.exitCode ?? null,
    ...definedOnly({ output }),
  }));
}

function placeOf({ context, namespace, pod, container }: Answer | PastRun["targets"][0]["target"]) {
  return { context, namespace, pod, container };
}

/** Returns the answers of a step's pods; and one of the step itself, if it wrote something. */
function stepAnswers({ targets, written, end, key }: PastStep): Answer[] {
  const answers = [...targets.values()].map(({ target, name, outcome }): Answer => ({
    ...placeOf(target),
    name,
    outcome: outcome.kind,
    exitCode: outcome.kind === "ok" ? 0 : outcome.kind === "failed" ? outcome.exitCode : null,
    ...definedOnly({ output: written.get(name) }),
  }));
  const own = written.get("");
  if (own === undefined || end === undefined) return answers;
  const nowhere = { context: "", namespace: "", pod: "", container: "" };
  const outcome = end.outcome.kind === "ok" ? "ok" : "failed";
  return [...answers, { ...nowhere, name: key, outcome, exitCode: null, output: own }];
}

async function stepDiffs(before: PastWorkflow, after: PastWorkflow): Promise<StepDiff[]> {
  const earlier = new Map(before.steps.map((step) => [step.identity, step]));
  const byKey = new Map(before.steps.map((step) => [step.key, step]));
  const pairs = after.steps.map((now): [PastStep | undefined, PastStep | undefined] => {
    const then = earlier.get(now.identity) ?? byKey.get(now.key);
    if (then !== undefined) {
      earlier.delete(then.identity);
      byKey.delete(then.key);
    }
    return [then, now];
  });
  for (const then of earlier.values()) pairs.push([then, undefined]);
  return await Promise.all(pairs.map(async ([then, now]): Promise<StepDiff> => ({
    step: now?.key ?? then?.key ?? "",
    before: then === undefined ? null : outcomeOf(then),
    after: now === undefined ? null : outcomeOf(now),
    changes: await compareAnswers(then ? stepAnswers(then) : [], now ? stepAnswers(now) : []),
  })));
}

function outcomeOf({ end }: PastStep): string {
  return end?.outcome.kind ?? "not ended";
}

function outputDiffs(before: PastWorkflow, after: PastWorkflow): OutputDiff[] {
  const [then, now] = [before, after].map(({ end }) =>
    (end?.outputs ?? {}) as Record<string, unknown>
  ) as [Record<string, unknown>, Record<string, unknown>];
  return [...new Set([...Object.keys(then), ...Object.keys(now)])]
    .filter((name) => JSON.stringify(then[name]) !== JSON.stringify(now[name]))
    .map((name) => ({ name, before: then[name], after: now[name] }));
}
