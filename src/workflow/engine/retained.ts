/** Results of an earlier run, which a run that resumes from its record reuses. */
import type { JsonValue } from "../../base/json_value.ts";
import type { CutValue } from "./cut_values.ts";
import type { StepOutcome, StepTargetEnd } from "../step_events.ts";

/** A step in a record. */
interface RetainedPart {
  /** A hash of what it did then; absent if that doesn't matter, or if an earlier kodama wrote the record. */
  definition?: string;
}

/** Its outcome and output. */
interface RetainedEnd {
  outcome: StepOutcome;
  output: JsonValue;
  cut?: readonly CutValue[];
}

/** Steps and targets that are done, by the identities of their steps (`step_identity.ts`). */
export interface Retained {
  steps: ReadonlyMap<string, RetainedPart & RetainedEnd>;
  /** Of steps that hadn't ended: their targets that had, by name. */
  targets: ReadonlyMap<string, RetainedPart & { ends: ReadonlyMap<string, StepTargetEnd> }>;
}

/** A run from the start. */
export const nothingRetained: Retained = { steps: new Map(), targets: new Map() };

/** Returns what is retained of a step that hasn't changed. */
export function retainedPart<Part extends RetainedPart>(
  parts: ReadonlyMap<string, Part>,
  { key, identity, definition }: { key: string; identity: string; definition: string },
): Part | undefined {
  const part = parts.get(identity) ?? parts.get(key);
  return part?.definition === undefined || part.definition === definition ? part : undefined;
}
