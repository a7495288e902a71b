import type { OutcomeKind } from "./model.ts";

/** A run in numbers, and its first failure. */
export interface RunSummary {
  total: number;
  counts: Readonly<Record<OutcomeKind, number>>;
  /** By exit code: which targets failed with it, as name ranges; in the order of the first failure. */
  failures: readonly { exitCode: number; targets: readonly number[]; names: string }[];
  /** The target that failed first in time, of any kind but `ok` and `skipped`. */
  firstFailure?: number;
}
