/** What a rerun runs: the steps, and the pods of those that it runs in some only, as far as the file shows them. */

import { type OmittedSteps, withoutSteps } from "./choose_steps.ts";
import type { Environment } from "./engine/environment.ts";
import { isOutdated, ReplacedPods } from "./engine/replaced_pods.ts";
import {
  finallyPrefix,
  type Retained,
  type RetainedEnd,
  retainedPart,
  type StaticStep,
} from "./engine/step_identity.ts";
import type { PlannedBefore } from "./full_plan.ts";
import type { FullWorkflow, Step } from "./model.ts";
import type { PastWorkflow } from "./record.ts";
import type { StepTargetEnd } from "./step_events.ts";

/** What a rerun doesn't repeat: a step with its outcome, or the number of its pods that have ended. */
export type StepDone = { step: string } & ({ outcome: string } | { pods: number });

/** A step of which an earlier run has done something. */
interface PastPart {
  step: Step;
  key: string;
  /** All of it. */
  whole?: RetainedEnd;
  /** In some pods. */
  ends?: readonly StepTargetEnd[];
}

/** Which steps run, and what isn't repeated. */
export interface RunScope {
  omitted: OmittedSteps;
  retained: Retained;
  parts: readonly PastPart[];
}

/** Returns the steps that a rerun runs, and the pods of those that it runs in some only, as far as the file shows them. */
export async function remainingSteps(
  workflow: FullWorkflow,
  { omitted, parts }: RunScope,
  { find, run, signal }: {
    find: Environment["find"];
    /** The earlier run. */
    run: PastWorkflow | undefined;
    signal: AbortSignal;
  },
): Promise<
  { remaining: FullWorkflow; before: ReadonlyMap<Step, PlannedBefore>; done: readonly StepDone[] }
> {
  const replaced = new ReplacedPods(find);
  const skipped = new Map(omitted);
  const before = new Map<Step, PlannedBefore>();
  const done: StepDone[] = [];
  const past = new Map(run?.steps.map((step) => [step.key, step]));
  for (const { step, key, whole, ends = whole?.ends ?? [] } of parts) {
    if (whole !== undefined && !await isOutdated(whole, replaced, signal)) {
      skipped.set(key, whole.outcome.kind);
      done.push({ step: key, outcome: whole.outcome.kind });
      continue;
    }
    const begun = [...past.get(key)?.begun ?? []];
    const inFlight = begun.flatMap(([name, { hasEnded }]) => hasEnded ? [] : [name]);
    before.set(step, { ends, inFlight });
    if (ends.length > 0) done.push({ step: key, pods: ends.length });
  }
  return { remaining: withoutSteps(workflow, skipped), before, done };
}

/** Returns what an earlier run has done of each step. */
export function pastParts(
  steps: readonly StaticStep[],
  retained: Retained,
  run: PastWorkflow | undefined,
): PastPart[] {
  const begun = new Set(
    run?.steps.flatMap(({ identity, begun }) => begun.size > 0 ? [identity] : []),
  );
  return steps.flatMap((one): PastPart[] => {
    const { step, key, identity } = one;
    if (key.startsWith(finallyPrefix)) return [];
    const whole = retainedPart(retained.steps, one);
    if (whole !== undefined) return [{ step, key, whole }];
    const ends = [...retainedPart(retained.targets, one)?.ends.values() ?? []];
    return ends.length === 0 && !begun.has(identity) ? [] : [{ step, key, ends }];
  });
}
