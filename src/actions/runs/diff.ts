/** What has changed between two past runs of a command or of a workflow. */
import { KodamaError } from "../../base/errors.ts";
import { definedOnly } from "../../base/json_value.ts";
import {
  type Answer,
  type AnswerChanges,
  compareAnswers,
  hasChanged,
} from "../../exec/compare_answers.ts";
import {
  type FoundRun,
  onlySection,
  type PastSection,
  type PastWorkflow,
  sectionsOf,
} from "../../runs/past_run.ts";
import { runBefore } from "./past_runs.ts";
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
 * @throws KodamaError `conflict` if one is of a command, and the other of a workflow with several steps; `notFound` if
 *   there is none before it.
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
 * Compares two runs. `isPart`: the later one may have repeated only a part of the other. A workflow that does no more
 * than one command is compared with a run of a command pod by pod.
 *
 * @throws KodamaError `conflict` if one is of a command, and the other of a workflow with several steps.
 */
export async function compareRuns(
  before: FoundRun,
  later: FoundRun,
  { isPart }: { isPart: boolean },
): Promise<RunDiff> {
  const heads = { before: headOf(before), after: headOf(later) };
  const [then, now] = [onlySection(before), onlySection(later)];
  const isOfCommand = before.kind === "run" || later.kind === "run";
  if (isOfCommand && then !== undefined && now !== undefined) {
    const compared = await compareAnswers(answersOf(then), answersOf(now));
    const changes = isPart ? { ...compared, gone: [] } : compared;
    return { kind: "run", ...heads, changes, isDifferent: hasChanged(changes) };
  }
  if (before.kind === "workflow" && later.kind === "workflow") {
    const steps = await stepDiffs(sectionsOf(before), sectionsOf(later));
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

/** Returns the answers of a section's pods; and one of the step itself, if it wrote something. */
function answersOf({ key, targets, outcome, output: own }: PastSection): Answer[] {
  const answers = targets.map(({ target, name, outcome, exitCode, output }): Answer => {
    const { context, namespace, pod, container } = target;
    const place = { context, namespace, pod, container };
    return { ...place, name, outcome, exitCode, ...definedOnly({ output }) };
  });
  if (own === undefined || outcome === null) return answers;
  const nowhere = { context: "", namespace: "", pod: "", container: "", name: key };
  const isOk = outcome === "ok";
  return [...answers, {
    ...nowhere,
    outcome: isOk ? "ok" : "failed",
    exitCode: null,
    output: own,
  }];
}

async function stepDiffs(
  before: readonly PastSection[],
  after: readonly PastSection[],
): Promise<StepDiff[]> {
  const earlier = new Map(before.map((step) => [step.identity, step]));
  const byKey = new Map(before.map((step) => [step.key, step]));
  const pairs = after.map((now): [PastSection | undefined, PastSection | undefined] => {
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
    before: then === undefined ? null : then.outcome ?? "not ended",
    after: now === undefined ? null : now.outcome ?? "not ended",
    changes: await compareAnswers(then ? answersOf(then) : [], now ? answersOf(now) : []),
  })));
}

function outputDiffs(before: PastWorkflow, after: PastWorkflow): OutputDiff[] {
  const [then, now] = [before, after].map(({ end }) =>
    (end?.outputs ?? {}) as Record<string, unknown>
  ) as [Record<string, unknown>, Record<string, unknown>];
  return [...new Set([...Object.keys(then), ...Object.keys(now)])]
    .filter((name) => JSON.stringify(then[name]) !== JSON.stringify(now[name]))
    .map((name) => ({ name, before: then[name], after: now[name] }));
}
