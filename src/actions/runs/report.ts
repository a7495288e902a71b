/** A past run as one report: its pods, what they wrote, and when; for every front end that draws it. */
import { KodamaError } from "../../base/errors.ts";
import { hint, option } from "../../base/hint.ts";
import { definedOnly } from "../../base/json_value.ts";
import type { OutcomeKind } from "../../exec/outcome.ts";
import type { RecordedOutput } from "../../exec/recorded_output.ts";
import { type Amount, batchStarts } from "../../exec/schedule.ts";
import { type AnsweringPod, foldAnswers, type FoldedAnswers } from "../../runs/fold_answers.ts";
import {
  type FoundRun,
  type PastSection,
  type PastTarget,
  sectionsOf,
} from "../../runs/past_run.ts";
import { linesOf } from "../../runs/run_state.ts";
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
  folded: FoldedAnswers;
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
    folded: await foldAnswers(targets.map(answering)),
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

/** Returns a pod as it is compared with others. */
function answering(
  { name, outcome, exitCode, signal, error, output }: PastTarget,
): AnsweringPod {
  const { omittedBytes = 0 } = output ?? {};
  const omitted = { stream: "stderr" as const, text: `(${omittedBytes} more bytes)` };
  return {
    name,
    phase: outcome === null ? "waiting" : "ended",
    output: [...linesOf(output ?? {}), ...(omittedBytes === 0 ? [] : [omitted])],
    omittedLines: 0,
    ...definedOnly({
      outcome: outcome ?? undefined,
      exitCode: exitCode ?? undefined,
      signal: signal ?? undefined,
      reason: error ?? undefined,
      outputId: output?.id,
      isUnrecorded: output === undefined ? true as const : undefined,
    }),
  };
}
