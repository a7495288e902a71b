/**
 * What a run of a workflow in its full form tells while it goes on: plain data, in order, each step's end exactly
 * once. Faces turn it into lines or JSON; the record keeps all of it but lines.
 *
 * A step is told by its key: its id, behind the keys of what it lies in: `disks[3]/clean`, `both/left`,
 * `finally/clean`. No two steps of a run have the same.
 */
import type { JsonValue } from "../base/json_value.ts";
import type { CutValue } from "./engine/cut_values.ts";
import type { Outcome } from "../exec/model.ts";
import type { SkippedPod, Target } from "../kube/target.ts";

/** `check`, `disks[3]/clean`. */
export type StepKey = string;

/**
 * How a step ended. `denied` is a failure whose reason is a permission that the file doesn't have; `refused` is a
 * person's no. A step with targets fails where more of them failed than its budget allows.
 */
export type StepOutcome =
  | { kind: "ok" }
  /** `exitCode` is that of a run that this ends; 5 if it is absent. */
  | { kind: "failed"; reason: string; exitCode?: number }
  | { kind: "denied"; reason: string }
  | { kind: "refused"; reason: string }
  /** `limit` is the field of the step that said so, if it wasn't `timeout`. */
  | { kind: "timeout"; afterMs: number; limit?: "cpuTime" }
  | { kind: "cancelled" }
  | { kind: "skipped"; reason: string };

/** What a copy came to; `to` is its end in the words of `kodama cp`: `web-0:/etc/app.conf`, `saved/web-0/app.conf`. */
export interface Copied {
  to: string;
  files: number;
  bytes: number;
}

/** What was left out of a stream. */
export interface CutRest {
  bytes: number;
  hash: number;
}

/** The end of one target of a step, with what its command wrote as far as it is kept. */
export interface StepTargetEnd {
  target: Target;
  name: string;
  outcome: Outcome;
  stdout: string;
  stderr: string;
  /** Output beyond the limit was left out. */
  truncated: boolean;
  /** Of each stream that was cut, what tells its rest from others: how long it was, and a hash. */
  cut?: { stdout?: CutRest; stderr?: CutRest };
  /** It is of an earlier run, whose record doesn't hold what it wrote. */
  omitted?: true;
  durationMs: number;
  /** Of a copy that came to its end. */
  copied?: Copied;
}

/** From where a run that wasn't ok can be gone on with; `all` is from its beginning. */
export type Again = { kind: "all" | "rest" | "failed" } | { kind: "from"; step: StepKey };

/** By what a later run knows a step. */
export interface StepMark {
  /** Whatever became of its place in the file; absent if it is the key. */
  identity?: string;
  /** A hash of what it does. */
  definition: string;
}

/** What a run of a workflow tells. Times are milliseconds. */
export type WorkflowEvent =
  | { kind: "workflowStarted"; workflow: string; run: string; steps: number; at: Date }
  /** Another run of the same group goes on; this one waits for it. */
  | { kind: "workflowWaits"; group: string; holder: string }
  | { kind: "stepStarted"; step: StepKey; stepKind: string; title: string; at: Date } & StepMark
  /** A step that an earlier run has ended, taken from its record. No other event of it follows. */
  | {
    kind: "stepKept";
    step: StepKey;
    outcome: StepOutcome;
    output: JsonValue;
    cut?: readonly CutValue[];
  } & StepMark
  /** Pods that it is for and that can't be used now: it does without them. */
  | { kind: "stepPodsSkipped"; step: StepKey; skipped: readonly SkippedPod[] }
  | {
    kind: "stepTargets";
    step: StepKey;
    names: readonly string[];
    /** Where they are, each pair once. */
    scopes: readonly { context: string; namespace: string }[];
  }
  | {
    kind: "stepLine";
    step: StepKey;
    /** Empty for what is no target's. */
    target: string;
    stream: "stdout" | "stderr";
    text: string;
  }
  | { kind: "stepTargetEnded"; step: StepKey; end: StepTargetEnd; at: Date }
  /** The step's attempt failed; the next one begins after `delayMs`. `attempt` is the next one's, from 2. */
  | { kind: "stepRetried"; step: StepKey; attempt: number; delayMs: number; reason: string }
  | {
    kind: "stepEnded";
    step: StepKey;
    outcome: StepOutcome;
    /** It failed, and the file says to go on. */
    tolerated: boolean;
    /** What expressions see of it as `steps.ID`. */
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
