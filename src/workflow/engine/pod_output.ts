/** The output of a step that ran something in pods, as expressions see it. Pure. */
import { withoutTrailing } from "../../base/plain_text.ts";
import type { JsonValue } from "../../base/json_value.ts";
import { compressNames } from "../../exec/target_names.ts";
import { outcomeOfDeadContext } from "../../exec/outcome.ts";
import { outcomeText } from "../../exec/reason.ts";
import { outcomeReport } from "../../exec/target_report.ts";
import { type StepOutcome, type StepTargetEnd, targetEnded } from "../step_events.ts";
import type { StepEnd } from "../step_kind.ts";
import { type CutValue, tooLargeReason } from "./cut_values.ts";
import type { Amount } from "../../exec/schedule.ts";
import { overBudget } from "../pod_fields.ts";
import { anyType, listOf, textType, type Type } from "../../expression/type.ts";
import { targetFields } from "./named_targets.ts";
import { gravest } from "./policy.ts";
import type { StepContext } from "./step_context.ts";
import type { StepTarget } from "./named_targets.ts";

/** The output of targets, and the parts of it that expressions can't read. */
export type EndsOutput = Pick<StepEnd, "output" | "cut">;

/** The fields of `podOutput` in `steps/exec.ts`. @param limitBytes how much of a stream is stored. */
export function podOutputOf(ends: readonly StepTargetEnd[], limitBytes: number): EndsOutput {
  const named = (good: boolean) =>
    ends.filter(({ outcome }) => (outcome.kind === "ok") === good).map(({ name }) => name);
  const found = [...Map.groupBy(ends, outputKey).values()]
    .sort((a, b) => b.length - a.length);
  const groups = found.map((members) => ({
    stdout: trimmed(members[0]?.stdout ?? ""),
    targets: members.map(({ name }) => name),
  }));
  const reason = (name: string) => tooLargeReason(`the output of ${name}`, limitBytes);
  const cut: CutValue[] = found.flatMap(([first], index) =>
    first?.cut?.stdout === undefined
      ? []
      : [["distinct", index], ["groups", index, "stdout"], ...(index === 0 ? [["stdout"]] : [])]
        .map((path) => ({ path, reason: reason(first.name) }))
  );
  for (const { name, omitted } of ends) {
    if (omitted !== true) continue;
    const fields = [["distinct"], ["groups"], ["stdout"], ["byTarget", name, "stdout"], [
      "byTarget",
      name,
      "stderr",
    ]];
    cut.push(...fields.map((path) => ({ path, reason: omittedReason(name) })));
  }
  for (const { name, cut: streams = {} } of ends) {
    for (const stream of Object.keys(streams)) {
      cut.push({ path: ["byTarget", name, stream], reason: reason(name) });
    }
  }
  const output = {
    targets: ends.map(({ name }) => name),
    ok: named(true),
    failed: named(false),
    byTarget: Object.fromEntries(ends.map((end) => [end.name, resultOf(end)])),
    distinct: groups.map(({ stdout }) => stdout),
    groups,
    stdout: groups[0]?.stdout ?? "",
  };
  return { output, ...(cut.length > 0 ? { cut } : {}) };
}

/** Adds the targets as records, each with its outcome. */
export function withRecords(
  step: Pick<StepContext, "record">,
  ends: readonly StepTargetEnd[],
  found: EndsOutput,
): EndsOutput {
  const records = ends.map(({ target, name, outcome }) => {
    const { outcome: kind, exitCode } = outcomeReport(outcome);
    return { ...step.record(target, name), outcome: kind, exitCode };
  });
  return { ...found, output: { ...found.output, records } };
}

/** The type of {@link withRecords}' field. */
export const recordsType: Type = listOf({
  kind: "record",
  fields: { ...targetFields, outcome: textType, exitCode: anyType },
});

function omittedReason(name: string): string {
  return `the output of ${name} isn't in the record of the run before, as nothing read it then; ` +
    "a rerun from the step produces it again";
}

/** Returns equal keys for equal standard outputs, also beyond the limit. */
function outputKey({ stdout, cut }: StepTargetEnd): string {
  return cut?.stdout === undefined ? trimmed(stdout) : JSON.stringify([stdout, cut.stdout]);
}

function resultOf({ outcome, stdout, stderr, truncated }: StepTargetEnd): JsonValue {
  const { outcome: kind, exitCode } = outcomeReport(outcome);
  return { outcome: kind, exitCode, stdout: trimmed(stdout), stderr: trimmed(stderr), truncated };
}

/** Drops trailing line breaks, as a shell's `$(…)` does. */
function trimmed(text: string): string {
  return withoutTrailing("\n", text);
}

/** Maximum number of failure kinds that are reported; the most frequent of more. */
const reportedWays = 3;

/** `3 of 50 pods failed: web-[3-4] (exit code 1), web-9 (exit code 127); 40 were not started`. */
export function failedPodsText(bad: readonly StepTargetEnd[], total: number): string {
  const [only] = bad;
  if (only !== undefined && total === 1) return `${only.name}: ${outcomeText(only.outcome)}`;
  const started = bad.filter(({ outcome }) => outcome.kind !== "skipped");
  const failed = started.length === 0 ? bad : started;
  const ways = [...Map.groupBy(failed, ({ outcome }) => outcomeText(outcome))]
    .sort(([, a], [, b]) => b.length - a.length);
  const reported = ways.slice(0, reportedWays).map(([way, members]) =>
    `${compressNames(members.map(({ name }) => name))} (${way})`
  );
  const omitted = ways.slice(reportedWays).flatMap(([, members]) => members).length;
  const others = omitted === 0 ? "" : ` and ${omitted} more`;
  const notStarted = bad.length - failed.length;
  const never = notStarted === 0
    ? ""
    : `; ${notStarted} ${notStarted === 1 ? "was" : "were"} not started`;
  return `${failed.length} of ${total} pods failed: ${reported.join(", ")}${others}${never}`;
}

/* Unreachable contexts of a step's pods: each counts as one target, which is unreachable. */

/** Emits the end of each that an earlier run hasn't emitted; returns all of them. */
export async function deadEnds(
  step: StepContext,
  all: readonly StepTarget[],
): Promise<StepTargetEnd[]> {
  const ends: StepTargetEnd[] = [];
  for (const one of all) {
    const { target, name, unreachable } = one;
    if (unreachable === undefined) continue;
    const before = step.retained.get(one);
    const end: StepTargetEnd = before ?? {
      target,
      name,
      outcome: outcomeOfDeadContext(unreachable),
      stdout: "",
      stderr: "",
      truncated: false,
      durationMs: 0,
    };
    ends.push(end);
    if (before !== undefined) continue;
    await step.emit(targetEnded(step.key, end, step.environment.clock.now()));
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
