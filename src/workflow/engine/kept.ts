/** What an earlier run has ended, so that a run that goes on from its record doesn't do it again. */
import type { JsonValue } from "../../base/json_value.ts";
import type { CutValue } from "./cut_values.ts";
import type { StepOutcome, StepTargetEnd } from "../step_events.ts";

/** A step that a record knows. */
interface KeptPart {
  /** What it did then, as a hash; absent if that doesn't matter, or an earlier kodama wrote the record. */
  definition?: string;
}

/** How it ended, and what came of it. */
interface KeptEnd {
  outcome: StepOutcome;
  output: JsonValue;
  cut?: readonly CutValue[];
}

/** Steps and targets that are done, by the identities of their steps (`step_identity.ts`). */
export interface Kept {
  steps: ReadonlyMap<string, KeptPart & KeptEnd>;
  /** Of steps that weren't ended: their targets that were, by name. */
  targets: ReadonlyMap<string, KeptPart & { ends: ReadonlyMap<string, StepTargetEnd> }>;
}

/** A run from the beginning. */
export const nothingKept: Kept = { steps: new Map(), targets: new Map() };

/** What is kept of a step that is still the same. */
export function keptPart<Part extends KeptPart>(
  parts: ReadonlyMap<string, Part>,
  { key, identity, definition }: { key: string; identity: string; definition: string },
): Part | undefined {
  const part = parts.get(identity) ?? parts.get(key);
  return part?.definition === undefined || part.definition === definition ? part : undefined;
}
