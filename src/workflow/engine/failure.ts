/** What failed in a list of steps, as later steps see it; and how several lists end together. Pure. */
import { listOf, textType, type Type } from "../../expression/type.ts";
import type { JsonValue } from "../../base/json_value.ts";
import type { Step } from "../model.ts";
import type { StepOutcome, StepTargetEnd } from "../step_events.ts";
import { targetFields, type TargetNames, type TargetRecord } from "./named_targets.ts";
import { stepReason } from "../step_events.ts";

/** The innermost step that ended a list of steps, rescued or not. All fields are empty if nothing failed. */
export interface StepFailure {
  /** Its id. */
  step: string;
  /** The kind of its outcome. */
  outcome: string;
  reason: string;
  /** Names of its targets that weren't ok. */
  targets: readonly string[];
  /** The same targets as records. */
  records: readonly TargetRecord[];
}

/** The end of a step's inner steps. */
export interface InnerEnd {
  outcome: StepOutcome;
  /** The step that ended them; absent if all of them ran. */
  stopper?: Step;
  /** What failed; absent if nothing did. */
  failure?: StepFailure;
  /** Names of the pods of its batch in which a step wasn't ok, tolerated or not. */
  failedTargets?: ReadonlySet<string>;
  /** The outputs by name, if some were requested and nothing failed. */
  outputs?: Readonly<Record<string, JsonValue>>;
}

/** Nothing has failed. */
export const noFailure: StepFailure = {
  step: "",
  outcome: "",
  reason: "",
  targets: [],
  records: [],
};

/** The type of `failure` in expressions. */
export const failureType: Type = {
  kind: "record",
  fields: {
    step: textType,
    outcome: textType,
    reason: textType,
    targets: listOf(textType),
    records: listOf({ kind: "record", fields: targetFields }),
  },
};

/** Returns the failure of a step that isn't made of other steps. */
export function failureOf(
  step: string,
  outcome: StepOutcome,
  ends: readonly StepTargetEnd[] = [],
  recordOf: TargetNames["record"] | undefined = undefined,
): StepFailure {
  const bad = ends.filter((end) => end.outcome.kind !== "ok");
  return {
    step,
    outcome: outcome.kind,
    reason: stepReason(outcome),
    targets: bad.map(({ name }) => name),
    records: recordOf === undefined ? [] : bad.map(({ target, name }) => recordOf(target, name)),
  };
}

/** Returns how lists of steps ended that run at the same time: the first failure counts. */
export function together(ends: readonly InnerEnd[]): InnerEnd {
  const bad = ends.find(({ outcome }) => !isGood(outcome));
  return bad ?? ends.find(({ outcome }) => outcome.kind === "rescued") ??
    { outcome: { kind: "ok" } };
}

/** Returns whether steps after it run, whatever the file tolerates: nothing failed, or the failure was rescued. */
export function isGood({ kind }: StepOutcome): boolean {
  return kind === "ok" || kind === "rescued";
}
