/** Unreachable contexts of a step's pods: each counts as one target, which is unreachable. */
import type { StepOutcome, StepTargetEnd } from "../step_events.ts";
import { outcomeOfDeadContext } from "../../exec/outcome.ts";
import type { Amount } from "../../exec/schedule.ts";
import { overBudget } from "../pod_fields.ts";
import { gravest } from "./policy.ts";
import { failedPodsText } from "./pod_output.ts";
import type { StepContext, StepTarget } from "./step_context.ts";

/** Emits the end of each that an earlier run hasn't emitted; returns all of them. */
export async function deadEnds(
  step: StepContext,
  all: readonly StepTarget[],
): Promise<StepTargetEnd[]> {
  const ends: StepTargetEnd[] = [];
  for (const { target, name, unreachable } of all) {
    if (unreachable === undefined) continue;
    const end: StepTargetEnd = step.retained.get(name) ?? {
      target,
      name,
      outcome: outcomeOfDeadContext(unreachable),
      stdout: "",
      stderr: "",
      truncated: false,
      durationMs: 0,
    };
    ends.push(end);
    if (step.retained.has(name)) continue;
    const at = step.environment.clock.now();
    await step.emit({ kind: "stepTargetEnded", step: step.key, end, at });
  }
  return ends;
}

/**
 * Returns how the step has failed; undefined if it hasn't. The number of pods in an unreachable context is unknown: a
 * budget covers it only if all may fail.
 */
export function troubleIn(
  all: readonly StepTarget[],
  ends: readonly StepTargetEnd[],
  maxFail: Amount,
): Extract<StepOutcome, { kind: "failed" }> | undefined {
  const dead = all.filter(({ unreachable }) => unreachable !== undefined);
  const deadNames = new Set(dead.map(({ name }) => name));
  const bad = ends.filter(({ name, outcome }) => outcome.kind !== "ok" && !deadNames.has(name));
  const total = all.length - dead.length;
  const allMayFail = maxFail.kind === "percent" && maxFail.percent === 100;
  const uncovered = allMayFail ? [] : dead;
  const reasons = uncovered.map(({ target: { context }, unreachable }) =>
    `context ${context}: ${unreachable}`
  );
  if (overBudget(bad.length, total, maxFail)) reasons.push(failedPodsText(bad, total));
  if (reasons.length === 0) return undefined;
  const outcomes = [...uncovered, ...bad].map((one) =>
    "outcome" in one ? one.outcome.kind : "unreachable"
  );
  return { kind: "failed", reason: reasons.join("; "), exitCode: gravest(outcomes) };
}
