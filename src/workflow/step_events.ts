/**
 * The events of a run of a workflow in its full form: plain data, in order, each step's end exactly once. Front ends
 * turn them into lines or JSON; the record stores all of them but lines.
 *
 * A step is identified by its key: its id, prefixed with the keys of its outer steps: `disks[3]/clean`, `both/left`,
 * `finally/clean`. Keys are unique in a run.
 */
import { formatDuration } from "../base/duration.ts";
import type { JsonValue } from "../base/json_value.ts";
import type { CutValue } from "./engine/cut_values.ts";
import type { Outcome } from "../exec/outcome.ts";
import type { SkippedPod, Target } from "../kube/select/target.ts";

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
  /** `limit` is what set the limit, if it wasn't the `timeout` of the step. */
  | { kind: "timeout"; afterMs: number; limit?: "default" | "run" }
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
export type Again = { kind: "all" | "rest" | "failed" } | { kind: "from"; step: StepKey };

/** Identifies a step in a later run. */
export interface StepMark {
  /** Independent of its position in the file; absent if it is the key. */
  identity?: string;
  /** A hash of what it does. */
  definition: string;
  /** A hash of the values that it reads; absent if it reads none. */
  inputs?: string;
}

/** An event of a run of a workflow. Times are milliseconds. */
export type WorkflowEvent =
  | { kind: "workflowStarted"; workflow: string; run: string; steps: number; at: Date }
  /** Another run of the same group is running; this one waits for it. */
  | { kind: "workflowWaits"; group: string; holder: string }
  | {
    kind: "stepStarted";
    step: StepKey;
    stepKind: string;
    title: string;
    at: Date;
    /** It changes something, and not pod by pod: only a person decides whether it is repeated. */
    once?: true;
  } & StepMark
  /** A step that an earlier run has ended, taken from its record. It has no other event. */
  | {
    kind: "stepKept";
    step: StepKey;
    /** Absent if an earlier record didn't have it. */
    stepKind?: string;
    /** It wasn't ok, and the file tolerated that. */
    tolerated?: true;
    outcome: StepOutcome;
    output: JsonValue;
    cut?: readonly CutValue[];
  } & StepMark
  /** Pods of the selection that can't be used now: the step skips them. */
  | { kind: "stepPodsSkipped"; step: StepKey; skipped: readonly SkippedPod[] }
  | {
    kind: "stepTargets";
    step: StepKey;
    names: readonly string[];
    /** Their scopes, each pair once. */
    scopes: readonly { context: string; namespace: string }[];
    /** Each of them; `earlier` is how it ended in an earlier attempt or run, which isn't repeated. Not recorded. */
    targets: readonly { name: string; target: Target; earlier?: Outcome["kind"] }[];
  }
  /** Steps for some of the step's targets follow. `index` is from 0; `count` is the number of batches. */
  | {
    kind: "batchStarted";
    step: StepKey;
    index: number;
    count: number;
    names: readonly string[];
    at: Date;
  }
  | {
    kind: "batchEnded";
    step: StepKey;
    index: number;
    outcome: StepOutcome;
    at: Date;
    durationMs: number;
  }
  | {
    kind: "stepLine";
    step: StepKey;
    /** Empty if it doesn't belong to a target. */
    target: string;
    stream: "stdout" | "stderr";
    text: string;
  }
  /** A command that may change something is about to be sent; only if the record is stored before that. */
  | { kind: "stepTargetStarts"; step: StepKey; name: string; target: Target; at: Date }
  | { kind: "stepTargetEnded"; step: StepKey; end: StepTargetEnd; at: Date }
  /** The step's attempt failed; the next one starts after `delayMs`. `attempt` is the next one's, from 2. */
  | { kind: "stepRetried"; step: StepKey; attempt: number; delayMs: number; reason: string }
  | {
    kind: "stepEnded";
    step: StepKey;
    outcome: StepOutcome;
    /** It failed, and the file tolerates that. */
    tolerated: boolean;
    /** The value of `steps.ID` in expressions. */
    output: JsonValue;
    /** Parts of the output that were cut: expressions can't read them. */
    cut?: readonly CutValue[];
    at: Date;
    durationMs: number;
  }
  /** Steps of `finally` follow. */
  | { kind: "finallyStarted"; at: Date }
  | {
    kind: "workflowEnded";
    outcome: StepOutcome;
    outputs: JsonValue;
    exitCode: number;
    /** Null after a success. */
    again: Again | null;
    at: Date;
    durationMs: number;
  };

const limitTexts = {
  default: "the limit of a step without `timeout`",
  run: "the limit of the run",
} as const;

/** Returns why it ended so, as text; empty after a success. */
export function stepReason(outcome: StepOutcome): string {
  switch (outcome.kind) {
    case "ok":
      return "";
    case "cancelled":
      return "cancelled";
    case "timeout":
      return `not done within ${formatDuration(outcome.afterMs)}` +
        (outcome.limit === undefined ? "" : `, ${limitTexts[outcome.limit]}`);
    default:
      return outcome.reason;
  }
}

/** Returns the reason as data; null if the name of the outcome says all. */
export function stepError(outcome: StepOutcome): string | null {
  return outcome.kind === "cancelled" ? null : stepReason(outcome) || null;
}
