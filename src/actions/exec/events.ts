/**
 * The options and events of the `exec` action: the input of a front end, and what it renders as lines or
 * JSON. Every type that a front end names (targets, outcomes, selections) is exported from here.
 */
import type { KodamaError } from "../../base/errors.ts";
import type { DefaultedContainers } from "../../exec/defaulted_containers.ts";
import type { FoldedGroup } from "../../exec/fold.ts";
import type { OutputLine } from "../../exec/interleave_lines.ts";
import type { Outcome } from "../../exec/outcome.ts";
import type { RunEvent } from "../../exec/run_options.ts";
import type { RunSummary } from "../../exec/summary.ts";
import type { TargetReport } from "../../exec/target_report.ts";
import type { OutputChunk, TerminalSize } from "../../kube/client.ts";
import type { Selection, SkippedPod, Target } from "../../kube/select/target.ts";
import type { runFields } from "../../exec/exec.ts";
import type { Input } from "../../operation/field.ts";
import type { Change, Confirm } from "../confirm_change.ts";

export type { ChangeQuestion, ChangeScope } from "../../gate/change.ts";
export type { Confirm } from "../confirm_change.ts";
export { type DefaultedContainers, defaultedContainers } from "../../exec/defaulted_containers.ts";
export type { FoldedGroup, GroupDiff } from "../../exec/fold.ts";
export type { OutputLine as Line } from "../../exec/interleave_lines.ts";
export type { Outcome, OutcomeKind } from "../../exec/outcome.ts";
export { outcomeReport as outcomeData } from "../../exec/target_report.ts";
export { outcomeReason, outcomeText, reasonOrName } from "../../exec/reason.ts";
export { wholeSelection } from "../../kube/select/target.ts";
import type { OutputMode } from "../../exec/run_options.ts";
export type { OutputMode } from "../../exec/run_options.ts";
export { compressNames } from "../../exec/target_names.ts";
export { outcomeName, type RunSummary } from "../../exec/summary.ts";
export type { Amount } from "../../exec/schedule.ts";
export type { OutputChunk, TerminalSize } from "../../kube/client.ts";
export type { NamePattern, Selection, SelectionOperand, Target } from "../../kube/select/target.ts";

/** A terminal on both ends; for a single target. */
export interface ExecTerminal {
  /** The window's current size, and then each new one; for each reader. */
  sizes: AsyncIterable<TerminalSize>;
  /** Called when the command starts: until then input is for kodama, which Ctrl-C stops. */
  onStarted?: () => void;
}

/** The targets of an earlier run, which a rerun uses instead of a selection. */
export interface EarlierTargets {
  /** The earlier run. */
  run: string;
  targets: readonly Target[];
  /** The index and total passed to each target's command. */
  positions: readonly { index: number; total: number }[];
  /** A recreated pod of the same name is accepted. */
  recreated: boolean;
}

/** The folder in which each target's output is saved. */
export interface OutputFolder {
  /** Absolute, or relative to the working directory. */
  path: string;
  /** Replaces files of an earlier run. Otherwise they are an error before anything runs. */
  replace: boolean;
}

/** Command, targets and limits of a run. */
export interface ExecOptions extends Partial<Omit<Input<typeof runFields>, "outputMode">> {
  outputMode?: OutputMode | undefined;
  /** Names of kubeconfig contexts; the current one if empty. */
  contexts: readonly string[];
  selection: Selection;
  /** Replaces contexts and selection. */
  earlier?: EarlierTargets;
  /** Program and arguments, run as they are; at least one. */
  command: readonly string[];
  /** Between TERM and KILL when a command is ended; default 2,000. */
  graceMs?: number;
  /** Every byte of each target's output is also written there. */
  outputFolder?: OutputFolder;
  /** The workflow that started this run; for its record. */
  workflow?: string;
  /** Read by every target, each at its own rate. */
  stdin?: AsyncIterable<Uint8Array>;
  terminal?: ExecTerminal;
  /** The line is of a workflow file. */
  strict?: boolean;
  /** More than one target is an error, as with a terminal: one was requested, and none can be given. */
  oneTarget?: boolean;
  /** Confirms a command that isn't known to be read-only. If absent, no confirmation is needed (`--yes`). */
  confirm?: Confirm;
  /** Confirm the command whatever the number of targets. */
  because?: Change["because"];
  /** Gets each event of the fan-out, with all output, before it is made into events of the layout. */
  observe?: (event: RunEvent) => void;
  /** No record is written. */
  unrecorded?: boolean;
  /** Cancels: running commands are ended in the pods too, and the run ends with its outcomes. */
  signal: AbortSignal;
}

/**
 * The events of a run. `target` is an index into `runStarted.targets`. Per target: `targetStarted`, its
 * output, `targetEnded`; every target ends exactly once. `runEnded` is last.
 */
export type ExecEvent =
  /** This context's server is down; it is retried for at most `limitMs`. Emitted once per context. */
  | { kind: "contextWaiting"; context: string; reason: string; limitMs: number | undefined }
  /** This context's pods can't be listed; the others continue. Emitted once per context. */
  | { kind: "contextFailed"; context: string; error: KodamaError }
  /** Pods of the selection that can't be targets. `several`: other contexts are searched too. */
  | {
    kind: "podsSkipped";
    context: string;
    skipped: readonly SkippedPod[];
    several?: true;
  }
  /** Pods with several containers, of which nothing named the chosen one. Emitted once, before a question. */
  | { kind: "containersDefaulted"; choices: readonly DefaultedContainers[] }
  | Extract<RunEvent, { kind: "runStarted" }> & { names: readonly string[] }
  /** Targets of a context that answered late; their indexes and names continue the earlier ones. */
  | Extract<RunEvent, { kind: "targetsAdded" }> & { names: readonly string[] }
  | Extract<RunEvent, { kind: "targetStarted" | "output" | "targetEnded" }>
  /** `prefix`; with `fold`, standard error that isn't folded too. */
  | { kind: "line" } & OutputLine
  /** `group`: when the target ends. */
  | {
    kind: "block";
    target: number;
    outcome: Outcome;
    /** In the order of arrival; adjacent chunks of one stream are joined. */
    output: readonly OutputChunk[];
    /** Bytes omitted because of the limit. */
    omittedBytes: number;
  }
  /** `fold`: once, before the end. */
  | { kind: "folded"; groups: readonly FoldedGroup[] }
  /** `report`: when the target ends. */
  | { kind: "report"; target: number; report: TargetReport }
  /** Files of targets that weren't ok, which didn't get their names; before the end. */
  | { kind: "outputIncomplete"; paths: readonly string[] }
  /** This run's record isn't stored, or not completely; emitted once. */
  | { kind: "notRecorded"; error: KodamaError }
  | {
    kind: "runEnded";
    outcomes: readonly Outcome[];
    summary: RunSummary;
    /** The exit code of the process, by the table in the reference. */
    exitCode: number;
    at: Date;
    durationMs: number;
    /** The id of the stored run; absent if it isn't stored. */
    record?: {
      id: string;
      /** The stored record is enough to run it again. */
      rerunnable: boolean;
    };
  };
