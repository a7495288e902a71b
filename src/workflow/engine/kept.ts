/** What an earlier run has ended, so that a run that goes on from its record doesn't do it again. */
import type { JsonValue } from "../../base/json_value.ts";
import type { StepKey, StepOutcome, StepTargetEnd } from "../step_events.ts";

/** Steps and targets that are done. */
export interface Kept {
  steps: ReadonlyMap<StepKey, { outcome: StepOutcome; output: JsonValue }>;
  /** Of steps that weren't ended: their targets that were, by name. */
  targets: ReadonlyMap<StepKey, ReadonlyMap<string, StepTargetEnd>>;
}

/** A run from the beginning. */
export const nothingKept: Kept = { steps: new Map(), targets: new Map() };
