/** The common output of several targets, and how it differs from that of others. */
import type { Outcome } from "./outcome.ts";

/** Targets with the same output and the same end. */
export interface FoldedGroup {
  /** Indexes, rising. */
  targets: readonly number[];
  /** Their names as ranges: `weka-drive-[0-49]`. */
  names: string;
  outcome: Outcome;
  stdout: Uint8Array;
  /** Empty unless standard error is folded too. */
  stderr: Uint8Array;
  /** Bytes of each target that were omitted at the limit. */
  omittedBytes: number;
  /** The difference from the first group, if requested. */
  diff?: GroupDiff;
}

/** How a group's output relates to that of the reference, the first group. */
export type GroupDiff =
  | { kind: "reference" }
  /** Only the outcomes differ. */
  | { kind: "same" }
  /** Unified diffs with their headers; empty for a stream that is the same. */
  | { kind: "unified"; stdout: string; stderr: string }
  /** Not compared; the reason completes "not compared: ". */
  | { kind: "notCompared"; reason: string };
