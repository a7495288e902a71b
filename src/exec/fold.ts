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
}
