/** `group`: steps that fail as one, with steps that run after a failure, and steps that always run. */
import * as v from "valibot";
import { textType } from "../../expression/type.ts";
import { anything, described } from "../fields.ts";
import {
  failureType,
  type InnerEnd,
  isGood,
  noFailure,
  type StepFailure,
} from "../engine/failure.ts";
import { exitCodeOfStep } from "../engine/policy.ts";
import type { StepOutcome } from "../step_events.ts";
import { defineStep } from "../step_kind.ts";

const steps = v.pipe(v.array(anything, "a list of steps"), v.nonEmpty("at least one step"));

/** The kind `group`. */
export const groupStep = defineStep({
  name: "group",
  summary:
    "Runs steps as one: after a failure those of `rescue`, and at the end those of `always`. It is `rescued` if the " +
    "steps of `rescue` were ok; the workflow continues then.",
  entries: {
    group: described(
      v.strictObject({
        steps: described(steps, "The steps, which run one after the other."),
        rescue: v.optional(described(
          steps,
          "Steps that run after one of `steps` failed, timed out, was denied or refused; not after a cancel. They know `failure`.",
        )),
        always: v.optional(described(
          steps,
          "Steps that run at the end, all of them, whatever happened, also after a cancel. They know `failure` and `outcome`.",
        )),
      }, "a mapping with `steps`, `rescue` and `always`"),
      "The lists of steps. The step's `timeout` applies to `steps`.",
    ),
    confirm: v.optional(described(
      v.boolean("true or false"),
      "Whether to ask before the first step, naming all of them; the yes covers every change in the group.",
    )),
  },
  inner: { steps: ["group", "steps"], rescue: ["group", "rescue"], always: ["group", "always"] },
  fixed: ["group"],
  innerStay: true,
  innerNames: (_fields, list) =>
    list === "steps"
      ? {}
      : list === "rescue"
      ? { failure: failureType }
      : { failure: failureType, outcome: textType },
  output: {},
  example: `
permissions: { run: [echo, "false"] }
steps:
  - id: careful
    confirm: false
    group:
      steps:
        - id: risky
          shell: ["false"]
      rescue:
        - shell: [echo, "undo: \${{ failure.step }} failed, \${{ failure.reason }}"]
      always:
        - shell: [echo, "\${{ outcome }}"]
outputs:
  outcome: \${{ steps.careful.outcome }}
`,
  plan: ({ group: { steps, rescue = [], always = [] }, confirm }) => ({
    does: [
      countText(steps.length),
      ...(rescue.length > 0 ? [`${rescue.length} after a failure`] : []),
      ...(always.length > 0 ? [`${always.length} always`] : []),
    ].join(", "),
    where: "nowhere",
    effect: "reads",
    ...(confirm === true ? { asksItself: true as const } : {}),
  }),
  run: async ({ group: { rescue, always }, confirm: isConfirmed = false }, step) => {
    if (isConfirmed && !await step.confirm(`${step.titlesOf("steps").join("; ")}. Continue?`)) {
      return { outcome: { kind: "refused", reason: "declined" }, output: {} };
    }
    let end: InnerEnd = await step.inner("steps", { isConfirmed });
    if (rescue !== undefined && mayRescue(end.outcome)) {
      const failure = end.failure ?? noFailure;
      const rescued = await step.inner("rescue", {
        names: { failure: { ...failure } },
        unlimited: true,
        isConfirmed,
      });
      end = afterRescue(end, failure, rescued);
    } else if (rescue !== undefined) step.omit("rescue");
    if (always !== undefined) {
      const { outcome: { kind: outcome }, failure = noFailure } = end;
      const names = { outcome, failure: { ...failure } };
      const last = await step.inner("always", { names, unlimited: true, last: true, isConfirmed });
      if (isGood(end.outcome) && last.outcome.kind !== "ok") end = last;
    }
    const { outcome, failure } = end;
    return { outcome, output: {}, isFinal: true, ...(failure && { failure }) };
  },
});

function countText(count: number): string {
  return count === 1 ? "1 step" : `${count} steps`;
}

/** Returns whether `rescue` runs. A person who cancels doesn't expect that anything else is started. */
function mayRescue({ kind }: StepOutcome): boolean {
  return kind === "failed" || kind === "timeout" || kind === "denied" || kind === "refused";
}

/** Returns the end of a group after its `rescue` has run: a failure in it doesn't hide the first one. */
function afterRescue(end: InnerEnd, failure: StepFailure, rescue: InnerEnd): InnerEnd {
  const first = `${failure.step}: ${failure.reason}`;
  if (isGood(rescue.outcome)) return { outcome: { kind: "rescued", reason: first }, failure };
  if (rescue.outcome.kind === "cancelled") return rescue;
  const { step, reason } = rescue.failure ?? noFailure;
  return {
    outcome: {
      kind: "failed",
      reason: `${first}; its rescue failed too: ${step}: ${reason}`,
      exitCode: exitCodeOfStep(end.outcome),
    },
    failure,
  };
}
