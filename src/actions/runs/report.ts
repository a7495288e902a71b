/** A past run as one report: its pods, what they wrote, and when; for every front end that draws it. */
import { KodamaError } from "../../base/errors.ts";
import { hint, option } from "../../base/hint.ts";
import { definedOnly } from "../../base/json_value.ts";
import { textPatch } from "../../exec/diff_groups.ts";
import type { GroupDiff } from "../../exec/fold.ts";
import type { OutcomeKind } from "../../exec/outcome.ts";
import type { RecordedOutput } from "../../exec/recorded_output.ts";
import { type Amount, batchStarts } from "../../exec/schedule.ts";
import { compressNames } from "../../exec/target_names.ts";
import {
  type FoundRun,
  type PastSection,
  type PastTarget,
  sectionsOf,
} from "../../runs/past_run.ts";
import { stepError } from "../../workflow/step_events.ts";
import type { Host } from "../host.ts";

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

/**
 * Writes a report to a file that its owner alone can read, and returns its path.
 *
 * @throws KodamaError `conflict` if the file exists and may not be replaced.
 */
export async function saveReport(
  { files, places }: Host,
  document: string,
  { file, replace }: { file: string; replace: boolean },
): Promise<string> {
  const path = file.startsWith("/") ? file : `${places.workingDir}/${file}`;
  try {
    await using draft = await files.draft(path, { private: true, replace });
    await draft.write(new TextEncoder().encode(document));
    await draft.complete();
  } catch (error) {
    if (replace || !(error instanceof KodamaError) || error.kind !== "conflict") throw error;
    throw new KodamaError("conflict", error.message, {
      hint: hint`use ${option("force")} to overwrite it`,
      cause: error,
    });
  }
  return path;
}

/** Returns the report of a run. */
export async function reportOf(found: FoundRun): Promise<RunReport> {
  const { id, workflow, rerunOf } = found.run.header;
  const at = new Date(found.run.header.at);
  const sections = sectionsOf(found);
  const end = found.run.end;
  const own = found.kind === "run"
    ? {
      ...{ command: found.run.header.command, shell: found.run.header.shell, params: {} },
      ...{ outcome: sections[0]?.outcome ?? "not ended", reason: null, outputs: {} },
    }
    : {
      ...{ command: null, shell: false, params: found.run.header.params },
      outcome: found.run.end?.outcome.kind ?? "not ended",
      reason: found.run.end === undefined ? null : stepError(found.run.end.outcome),
      outputs: (found.run.end?.outputs ?? {}) as Record<string, unknown>,
    };
  const serial = found.kind === "run" ? found.run.header.bounds.serial : undefined;
  return {
    id,
    at,
    workflow,
    rerunOf,
    ...own,
    exitCode: end?.exitCode ?? null,
    durationMs: end?.durationMs ?? null,
    sections: await Promise.all(sections.map((section) => reported(section, { at, serial }))),
  };
}

async function reported(
  { key, title, outcome, error, startedAt, durationMs, targets, output }: PastSection,
  { at, serial }: { at: Date; serial: readonly Amount[] | undefined },
): Promise<ReportSection> {
  const starts = serial === undefined ? undefined : batchStarts(targets.length, serial);
  return {
    step: key,
    title,
    outcome: outcome ?? "not ended",
    reason: error,
    targets: targets.map((one, index) => ({
      name: one.name,
      ...placeOf(one.target),
      outcome: one.outcome,
      exitCode: one.exitCode,
      error: one.error,
      ...definedOnly({
        span: one.startedAt && spanFrom(at, one.startedAt, one.durationMs),
        batch: starts && starts.findLastIndex((start) => start <= index) + 1,
      }),
    })),
    groups: await grouped(targets),
    ...definedOnly({
      // The run itself is drawn for a command.
      span: key === "" ? undefined : startedAt && spanFrom(at, startedAt, durationMs),
      output,
    }),
  };
}

function placeOf({ context, namespace, container, node }: PastTarget["target"]) {
  return { context, namespace, container, node };
}

/** Clocks may be set back during a run: no span is negative. */
function spanFrom(at: Date, start: Date, durationMs: number | null): ReportSpan {
  const startMs = Math.max(0, start.getTime() - at.getTime());
  return { startMs, ...(durationMs === null ? {} : { endMs: startMs + durationMs }) };
}

/** Compares names with the numbers in them: `web-2` comes before `web-10`. */
function byName(one: { name: string } | undefined, other: { name: string } | undefined): number {
  return (one?.name ?? "").localeCompare(other?.name ?? "", "en", { numeric: true });
}

/** Groups the targets, each group with its difference from the largest one. */
async function grouped(targets: readonly PastTarget[]): Promise<ReportedGroup[]> {
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
