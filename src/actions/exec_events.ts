/**
 * The options and events of the `exec` action: what a face hands in, and what it turns into lines or
 * JSON. Everything that a face needs to name (targets, outcomes, selections) is exported from here.
 */
import type { KodamaError } from "../base/errors.ts";
import type { FoldedGroup } from "../exec/folded_group.ts";
import type { Line } from "../exec/interleave_lines.ts";
import type { Outcome, RunEvent } from "../exec/model.ts";
import type { OutputMode } from "../exec/output_mode.ts";
import type { RunSummary } from "../exec/summary.ts";
import type { Amount } from "../exec/schedule.ts";
import type { TargetReport } from "../exec/target_report.ts";
import type { OutputChunk, TerminalSize } from "../kube/client.ts";
import type { Selection, SkippedPod, Target } from "../kube/target.ts";
import type { Change, Confirm } from "./confirm_change.ts";

export type { ChangeQuestion, ChangeScope } from "../gate/change.ts";
export type { Confirm } from "./confirm_change.ts";
export type { FoldedGroup, GroupDiff } from "../exec/folded_group.ts";
export type { Line } from "../exec/interleave_lines.ts";
export type { Outcome, OutcomeKind, RunEvent } from "../exec/model.ts";
export { restOf } from "../exec/outcome_rest.ts";
export { wholeSelection } from "../kube/whole_selection.ts";
export type { OutputMode } from "../exec/output_mode.ts";
export { compressNames } from "../exec/name_ranges.ts";
export { outcomeName, type RunSummary } from "../exec/summary.ts";
export type { Amount } from "../exec/schedule.ts";
export type { TargetReport } from "../exec/target_report.ts";
export type { OutputChunk, TerminalSize } from "../kube/client.ts";
export type {
  NamePattern,
  Selection,
  SelectionOperand,
  SkippedPod,
  Target,
} from "../kube/target.ts";

/** A terminal on both ends; for one single target. */
export interface ExecTerminal {
  size: TerminalSize;
  /** Each new size of the window. */
  resizes: AsyncIterable<TerminalSize>;
  /** Called when the command runs: until then what is typed is for kodama, which can be stopped by Ctrl-C. */
  onBegun?: () => void;
}

/** Targets that are settled beforehand, in place of a selection's: those of an earlier run. */
export interface SettledTargets {
  /** The earlier run. */
  run: string;
  targets: readonly Target[];
  /** What each target's command was told of its place. */
  places: readonly { index: number; total: number }[];
  /** A pod that has the name, and isn't the same any more, will do. */
  recreated: boolean;
}

/** Where each target's output is kept. */
export interface OutputFolder {
  /** Absolute, or below the working directory. */
  path: string;
  /** Files of an earlier run are replaced. Otherwise they are an error before anything runs. */
  replace: boolean;
}

/** What to run, where, and within which bounds. */
export interface ExecOptions {
  /** Names of kubeconfig contexts; the current one where it is empty. */
  contexts: readonly string[];
  selection: Selection;
  /** Takes the place of contexts and selection. */
  settled?: SettledTargets;
  /** Program and arguments, run as they are; at least one word. */
  command: readonly string[];
  /** Targets at the same time; default 32 or `exec.fanout` of the configuration. */
  fanout?: number;
  /** Sizes of the batches; the last one again and again. */
  serial?: readonly Amount[];
  /** No further batch begins once more targets than this have failed; without batches, no further target. */
  maxFail?: Amount;
  /** No further target begins once one has failed; those that run go on to their end. */
  failFast?: boolean;
  /** To open the stream; default 15,000 or `exec.connectTimeout`. */
  connectTimeoutMs?: number;
  /** For the command, from its stream's opening; none where it is absent. */
  timeoutMs?: number;
  /** Between TERM and KILL when a command is ended; default 2,000. */
  graceMs?: number;
  /** Default `prefix` or `exec.outputMode` of the configuration. */
  outputMode?: OutputMode;
  /** `fold` only: standard error is part of what is compared. */
  foldStderr?: boolean;
  /** `fold` only: where each group differs from the largest. */
  diff?: boolean;
  /** Every byte of each target's output goes there too. */
  outputFolder?: OutputFolder;
  /** The workflow that this is a run of; for its record. */
  workflow?: string;
  /** Read by every target, each at its own pace. */
  stdin?: AsyncIterable<Uint8Array>;
  terminal?: ExecTerminal;
  /** More than one target is an error, as with a terminal: one was asked for, and there is none to give. */
  oneTarget?: boolean;
  /** Environment of the command; names as a shell takes them. Needs a shell in the image. */
  environment?: Readonly<Record<string, string>>;
  /** Directory of the command. Needs a shell in the image. */
  workdir?: string;
  /** The words are one line for a shell (`sh -c`). */
  shell?: boolean;
  /** `{pod}`, `{namespace}`, `{node}`, `{ip}`, `{index}` in the words stand for the target's. */
  substitute?: boolean;
  /** Confirms a command that isn't known to be read-only. Absent: nothing is asked (`--yes`). */
  confirm?: Confirm;
  /** The command is confirmed whatever the number of targets. */
  because?: Change["because"];
  /** The largest remote exit code is the run's. */
  maxExitCode?: boolean;
  /** Cancels: what runs is ended in the pods too, and the run ends with its outcomes. */
  signal: AbortSignal;
}

/**
 * What a run tells. `target` is an index into `runStarted.targets`. Per target: `targetStarted`, its
 * output, `targetEnded`; every target ends exactly once. `runEnded` is last.
 */
export type ExecEvent =
  /** This context's server is down; it is asked again, for so long at most. Told once for a context. */
  | { kind: "contextWaiting"; context: string; reason: string; limitMs: number }
  /** This context's pods can't be known; the others go on. Told once for a context. */
  | { kind: "contextFailed"; context: string; error: KodamaError }
  /** Pods that the selection names and that can't be targets. `several`: pods of other contexts are looked for, too. */
  | {
    kind: "podsSkipped";
    context: string;
    skipped: readonly SkippedPod[];
    several?: true;
  }
  | Extract<RunEvent, { kind: "runStarted" }> & { names: readonly string[] }
  /** Targets of a context that answered late; their indexes and names follow those before. */
  | Extract<RunEvent, { kind: "targetsAdded" }> & { names: readonly string[] }
  | Extract<RunEvent, { kind: "targetStarted" | "output" | "targetEnded" }>
  /** `prefix`; with `fold`, standard error that isn't folded too. */
  | { kind: "line" } & Line
  /** `group`: as the target ends. */
  | {
    kind: "block";
    target: number;
    outcome: Outcome;
    /** In the order of arrival; neighbours of one stream are joined. */
    output: readonly OutputChunk[];
    /** Bytes that were left out at the limit. */
    omittedBytes: number;
  }
  /** `fold`: once, before the end. */
  | { kind: "folded"; groups: readonly FoldedGroup[] }
  /** `report`: as the target ends. */
  | { kind: "report"; target: number; report: TargetReport }
  /** No record of this run is kept, or not a whole one; told once. */
  | { kind: "notRecorded"; error: KodamaError }
  | {
    kind: "runEnded";
    outcomes: readonly Outcome[];
    summary: RunSummary;
    /** Of the process, by the table in the reference. */
    exitCode: number;
    at: Date;
    durationMs: number;
    /** Under which the run is kept; absent where it isn't. */
    record?: {
      id: string;
      /** What was kept of it is enough to run it again. */
      rerunnable: boolean;
    };
  };
