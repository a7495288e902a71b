/** What several targets have said alike, and how it differs from what others have. */
import type { Outcome } from "./model.ts";

/** Targets that said the same and ended the same. */
export interface FoldedGroup {
  /** Indexes, rising. */
  targets: readonly number[];
  /** Their names as ranges: `weka-drive-[0-49]`. */
  names: string;
  outcome: Outcome;
  stdout: Uint8Array;
  /** Empty unless standard error is folded too. */
  stderr: Uint8Array;
  /** Bytes of each target that were left out at the limit. */
  omittedBytes: number;
  /** Where it differs from the first group, if that was asked for. */
  diff?: GroupDiff;
}

/** How a group's output stands to that of the reference, which is the first group. */
export type GroupDiff =
  | { kind: "reference" }
  /** Only the outcomes differ. */
  | { kind: "same" }
  /** Unified diffs with their headers; empty for a stream that is the same. */
  | { kind: "unified"; stdout: string; stderr: string }
  /** Not compared; the reason completes "not compared: ". */
  | { kind: "notCompared"; reason: string };
