/**
 * The events of a run of a workflow in its full form, in order, each step's end exactly once: those that are published,
 * some with what only the record needs. The record stores all of them but lines.
 *
 * A step is identified by its key: its id, prefixed with the keys of its outer steps: `disks[3]/clean`, `both/left`,
 * `finally/clean`. Keys are unique in a run.
 */
import { formatDuration } from "../base/duration.ts";
import { definedOnly } from "../base/json_value.ts";
import type { RecordOfStep, RunEventData } from "../exec/event_shapes.ts";
import type { Outcome } from "../exec/outcome.ts";
import { outcomeReport } from "../exec/target_report.ts";
import type { Target } from "../kube/select/target.ts";

/** `check`, `disks[3]/clean`. */
export type StepKey = string;

/**
 * How a step ended. `denied` is a failure because the file lacks a permission; `refused` is a person's no. A step with
 * targets fails if more of them failed than its budget allows.
 */
export type StepOutcome =
  | { kind: "ok" }
  /** The steps of a group failed for this reason, and its `rescue` was ok. The run continues. */
  | { kind: "rescued"; reason: string }
  /** `exitCode` is that of a run that this ends; 5 if it is absent. */
  | { kind: "failed"; reason: string; exitCode?: number }
  | { kind: "denied"; reason: string }
  | { kind: "refused"; reason: string }
  | { kind: "timeout"; reason: string }
  | { kind: "cancelled" }
  | { kind: "skipped"; reason: string };

/** The kinds of outcomes. */
export const stepOutcomes = [
  "ok",
  "rescued",
  "failed",
  "denied",
  "refused",
  "timeout",
  "cancelled",
  "skipped",
] as const satisfies StepOutcome["kind"][];

/** The result of a copy; `to` is in the syntax of `kodama cp`: `web-0:/etc/app.conf`, `saved/web-0/app.conf`. */
export interface Copied {
  to: string;
  files: number;
  bytes: number;
}

/** The cut part of a stream. */
interface CutTail {
  bytes: number;
  hash: number;
}

/** The end of one target of a step, with the stored part of its command's output. */
export interface StepTargetEnd {
  target: Target;
  name: string;
  outcome: Outcome;
  stdout: string;
  stderr: string;
  /** Output beyond the limit was dropped. */
  truncated: boolean;
  /** Identifies the cut part of each stream: its length, and a hash. */
  cut?: { stdout?: CutTail; stderr?: CutTail };
  /** It comes from an earlier run, whose record doesn't contain its output. */
  omitted?: true;
  durationMs: number;
  /** What was copied, if a copy was completed. */
  copied?: Copied;
}

/** Where a run that wasn't ok can be resumed; `all` is from its start. */
export type Again = NonNullable<Published<"runEnded">["again"]>;

/** Identifies a step in a later run. */
export type StepMark = Omit<RecordOfStep["stepStarted"], "once">;

type Published<Name extends RunEventData["event"]> = Extract<RunEventData, { event: Name }>;

/** An event of a run of a workflow: a published one, and in `record` what it has besides. */
export type WorkflowEvent =
  | Published<
    | "runStarted"
    | "runWaits"
    | "podSkipped"
    | "batchStarted"
    | "batchEnded"
    | "line"
    | "stepRetried"
    | "finallyStarted"
    | "runEnded"
  >
  | Published<"stepStarted"> & { record: RecordOfStep["stepStarted"] }
  /** A step that an earlier run has ended, taken from its record. */
  | Published<"stepKept"> & { record: RecordOfStep["stepKept"] }
  | Published<"targetsAdded"> & { record: RecordOfStep["targetsAdded"] }
  /** A command that may change something is about to be sent; only if the record is stored before that. */
  | Published<"targetStarted"> & { record: RecordOfStep["targetStarted"] }
  | Published<"targetEnded"> & { record: StepTargetEnd }
  | Published<"stepEnded"> & { record?: RecordOfStep["stepEnded"] };

/** Returns the end of a step that has reached a time limit: its own `timeout`, that of any step, or of the run. */
export function timeoutAfter(afterMs: number, limit?: "default" | "run"): StepOutcome {
  const whose = limit === undefined
    ? ""
    : `, the limit of ${limit === "run" ? "the run" : "a step without `timeout`"}`;
  return { kind: "timeout", reason: `not done within ${formatDuration(afterMs)}${whose}` };
}

/** Returns why it ended so, as text; empty after a success. */
export function stepReason(outcome: StepOutcome): string {
  if (outcome.kind === "ok") return "";
  return outcome.kind === "cancelled" ? "cancelled" : outcome.reason;
}

/** Returns how a step ended, in the fields of its event. */
export function endData(outcome: StepOutcome): Pick<Published<"stepEnded">, "outcome" | "error"> {
  return { outcome: outcome.kind, error: "reason" in outcome ? outcome.reason || null : null };
}

/** Returns what only the record has of the end of a step. */
export function recordedEnd(outcome: StepOutcome): RecordOfStep["stepEnded"] {
  return outcome.kind === "failed" ? definedOnly({ exitCode: outcome.exitCode }) : {};
}

/** Returns the reason as data; null if the name of the outcome says all. */
export function stepError(outcome: StepOutcome): string | null {
  return endData(outcome).error;
}

/** The inverse of {@link endData}. */
export function stepOutcomeOf(
  { outcome: kind, error, exitCode }: {
    outcome: StepOutcome["kind"];
    error: string | null;
    exitCode?: number | undefined;
  },
): StepOutcome {
  if (kind === "ok" || kind === "cancelled") return { kind };
  const reason = error ?? "";
  return kind === "failed" ? { kind, reason, ...definedOnly({ exitCode }) } : { kind, reason };
}

/** Returns the event of the end of a target. */
export function targetEnded(
  step: StepKey,
  end: StepTargetEnd,
  at: Date,
): Extract<WorkflowEvent, { event: "targetEnded" }> {
  const { name, outcome, durationMs, truncated, copied } = end;
  const { error, ...ended } = outcomeReport(outcome);
  return {
    event: "targetEnded",
    ...{ step, name, at: at.toISOString(), ...ended, durationMs, error },
    ...(truncated ? { truncated } : {}),
    ...definedOnly({ copied }),
    record: end,
  };
}

/** Returns the event of a line of a step, or of one of its targets. */
export function stepLine(
  step: StepKey,
  text: string,
  { name = "", stream = "stdout" }: { name?: string; stream?: "stdout" | "stderr" } = {},
): Published<"line"> {
  return { event: "line", step, name, stream, text, endedBy: "newline" };
}
