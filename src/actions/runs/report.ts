/** A past run as one report: its pods, what they wrote, and when; for every front end that draws it. */
import { definedOnly } from "../../base/json_value.ts";
import { textPatch } from "../../exec/diff_groups.ts";
import type { GroupDiff } from "../../exec/fold.ts";
import type { OutcomeKind } from "../../exec/outcome.ts";
import type { RecordedOutput } from "../../exec/recorded_output.ts";
import { batchStarts } from "../../exec/schedule.ts";
import { compressNames } from "../../exec/target_names.ts";
import type { PastStep, PastWorkflow } from "../../workflow/record.ts";
import type { Host } from "../host.ts";
import type { FoundRun, PastRun } from "./past_runs.ts";

/** A stretch of time, in milliseconds since the start of the run. */
export interface ReportSpan {
  startMs: number;
  /** Absent if the end isn't recorded. */
  endMs?: number;
}

/** One pod of a section. */
export interface ReportedTarget {
  name: string;
  context: string;
  namespace: string;
  container: string;
  node: string;
  /** Null if it isn't known. */
  outcome: OutcomeKind | null;
  exitCode: number | null;
  /** What the command itself didn't report. */
  error: string | null;
  /** Absent if it didn't start. */
  span?: ReportSpan;
  /** From 1; absent without batches. */
  batch?: number;
}

/** Pods that ended the same and wrote the same. */
export interface ReportedGroup {
  names: string;
  count: number;
  outcome: OutcomeKind | null;
  exitCode: number | null;
  /** Absent if it isn't recorded. */
  output?: RecordedOutput;
  /** The difference from the first group; absent for that one, and if no two targets wrote the same. */
  diff?: GroupDiff;
}

/** The pods of a command, or of a step. */
export interface ReportSection {
  /** The key of the step; empty for a command. */
  step: string;
  title: string;
  /** The outcome of the step: `ok`, `failed`, `not ended`. */
  outcome: string;
  reason: string | null;
  span?: ReportSpan;
  targets: readonly ReportedTarget[];
  /** The largest first. */
  groups: readonly ReportedGroup[];
  /** What the step itself wrote, on this machine. */
  output?: RecordedOutput;
}

/** A run. */
export interface RunReport {
  id: string;
  at: Date;
  /** The command, or null for a workflow with steps. */
  command: readonly string[] | null;
  /** The command is a line for a shell. */
  shell: boolean;
  workflow: string | null;
  params: Readonly<Record<string, unknown>>;
  rerunOf: string | null;
  outcome: string;
  /** Why a workflow wasn't ok. */
  reason: string | null;
  /** Null if the run hasn't ended. */
  exitCode: number | null;
  durationMs: number | null;
  outputs: Readonly<Record<string, unknown>>;
  sections: readonly ReportSection[];
}

/** Writes a report to a file that its owner alone can read, and returns its path. An existing file is replaced. */
export async function saveReport(
  { files, places }: Host,
  file: string,
  document: string,
): Promise<string> {
  const path = file.startsWith("/") ? file : `${places.workingDir}/${file}`;
  await files.replaceText(path, document);
  return path;
}

/** Returns the report of a run. */
export async function reportOf(found: FoundRun): Promise<RunReport> {
  return found.kind === "run" ? await commandReport(found.run) : await workflowReport(found.run);
}

async function commandReport({ header, targets, end }: PastRun): Promise<RunReport> {
  const at = new Date(header.at);
  const { serial } = header.bounds;
  const starts = serial === undefined ? undefined : batchStarts(targets.length, serial);
  const reported = targets.map(({ target, name, startedAt, end }, index) => ({
    name,
    ...placeOf(target),
    outcome: end?.outcome ?? null,
    exitCode: end?.exitCode ?? null,
    error: end?.error ?? null,
    ...definedOnly({
      span: startedAt && spanFrom(at, startedAt, end && new Date(end.at)),
      batch: starts && starts.findLastIndex((start) => start <= index) + 1,
    }),
  }));
  const outcome = end === undefined
    ? "not ended"
    : targets.every((target) => target.end?.outcome === "ok")
    ? "ok"
    : "failed";
  const section: ReportSection = {
    step: "",
    title: "",
    outcome,
    reason: null,
    targets: reported,
    groups: await grouped(reported.map((one, at) => ({ ...one, output: targets[at]?.output }))),
  };
  const { id, command, shell, workflow, rerunOf } = header;
  return {
    id,
    at,
    command,
    shell,
    workflow,
    params: {},
    rerunOf,
    outcome,
    reason: null,
    exitCode: end?.exitCode ?? null,
    durationMs: end?.durationMs ?? null,
    outputs: {},
    sections: [section],
  };
}

async function workflowReport({ header, steps, end }: PastWorkflow): Promise<RunReport> {
  const at = new Date(header.at);
  const { id, workflow, params, rerunOf } = header;
  return {
    id,
    at,
    command: null,
    shell: false,
    workflow,
    params,
    rerunOf,
    outcome: end?.outcome.kind ?? "not ended",
    reason: end !== undefined && "reason" in end.outcome ? end.outcome.reason : null,
    exitCode: end?.exitCode ?? null,
    durationMs: end?.durationMs ?? null,
    outputs: (end?.outputs ?? {}) as Record<string, unknown>,
    sections: await Promise.all(steps.map((step) => stepSection(step, at))),
  };
}

async function stepSection(step: PastStep, at: Date): Promise<ReportSection> {
  const { key, title, startedAt, end, written } = step;
  const targets = [...step.targets.values()].map(({ name, target, outcome, durationMs }) => {
    const endedAt = step.endedAt.get(name);
    const started = endedAt && new Date(endedAt.getTime() - durationMs);
    return {
      name,
      ...placeOf(target),
      outcome: outcome.kind,
      exitCode: outcome.kind === "ok" ? 0 : outcome.kind === "failed" ? outcome.exitCode : null,
      error: "reason" in outcome ? outcome.reason ?? null : null,
      ...definedOnly({
        span: started && outcome.kind !== "skipped" ? spanFrom(at, started, endedAt) : undefined,
      }),
    };
  });
  const outcome = end?.outcome;
  return {
    step: key,
    title,
    outcome: outcome?.kind ?? "not ended",
    reason: outcome !== undefined && "reason" in outcome ? outcome.reason : null,
    targets,
    groups: await grouped(targets.map((one) => ({ ...one, output: written.get(one.name) }))),
    ...definedOnly({
      span: startedAt && spanFrom(
        at,
        startedAt,
        end && new Date(startedAt.getTime() + end.durationMs),
      ),
      output: written.get(""),
    }),
  };
}

function placeOf(
  { context, namespace, container, node }: Pick<
    ReportedTarget,
    "context" | "namespace" | "container" | "node"
  >,
) {
  return { context, namespace, container, node };
}

/** Clocks may be set back during a run: no span is negative. */
function spanFrom(at: Date, start: Date, end: Date | undefined): ReportSpan {
  const startMs = Math.max(0, start.getTime() - at.getTime());
  return {
    startMs,
    ...(end === undefined ? {} : { endMs: Math.max(startMs, end.getTime() - at.getTime()) }),
  };
}

/** Compares names with the numbers in them: `web-2` comes before `web-10`. */
function byName(one: { name: string } | undefined, other: { name: string } | undefined): number {
  return (one?.name ?? "").localeCompare(other?.name ?? "", "en", { numeric: true });
}

type Ended =
  & Pick<ReportedTarget, "name" | "outcome" | "exitCode">
  & { output: RecordedOutput | undefined };

/** Groups the targets, each group with its difference from the largest one. */
async function grouped(targets: readonly Ended[]): Promise<ReportedGroup[]> {
  const groups = [
    ...Map.groupBy(
      targets,
      ({ outcome, exitCode, output }) => JSON.stringify([outcome, exitCode, output?.id ?? null]),
    ).values(),
  ].sort((a, b) => b.length - a.length || (byName(a[0], b[0])));
  const [[first, second] = []] = groups;
  const patch = groups.length > 1 && second !== undefined ? await textPatch() : undefined;
  return groups.flatMap((members, at) => {
    const [one] = members;
    if (one === undefined) return [];
    const { outcome, exitCode, output } = one;
    const diff = at === 0 || patch === undefined
      ? undefined
      : groupDiff(patch, first?.output, output);
    return [{
      names: compressNames(members.map(({ name }) => name)),
      count: members.length,
      outcome,
      exitCode,
      ...definedOnly({ output, diff }),
    }];
  });
}

function groupDiff(
  patch: Awaited<ReturnType<typeof textPatch>>,
  reference: RecordedOutput | undefined,
  output: RecordedOutput | undefined,
): GroupDiff {
  if (reference === undefined || output === undefined) {
    return { kind: "notCompared", reason: "the output isn't recorded" };
  }
  if (reference.id === output.id) return { kind: "same" };
  const [stdout, stderr] = (["stdout", "stderr"] as const).map((stream) =>
    patch(["most", reference[stream]], ["these", output[stream]])
  );
  if (stdout === undefined || stderr === undefined) {
    return { kind: "notCompared", reason: "too different" };
  }
  return stdout + stderr === ""
    ? { kind: "notCompared", reason: "the recorded start is the same" }
    : { kind: "unified", stdout, stderr };
}
