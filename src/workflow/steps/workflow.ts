/** `workflow`: another workflow, as a step of this one. */
import * as v from "valibot";
import type { JsonValue } from "../../base/json_value.ts";
import { anyType, recordOf } from "../../expression/type.ts";
import { anything, described, text } from "../fields.ts";
import { defineStep } from "../step_kind.ts";

/** The kind `workflow`. */
export const workflowStep = defineStep({
  name: "workflow",
  summary: "Runs another workflow, by its name or by a path relative to this file.",
  entries: {
    workflow: described(text, "Its name, or its path, which starts with a dot."),
    with: v.optional(described(
      v.record(v.string(), anything, "parameters and their values"),
      "Its parameters.",
    )),
  },
  fixed: ["workflow"],
  output: { outputs: recordOf(anyType) },
  example: `
steps:
  - id: disks
    workflow: disk-usage
    with: { namespace: weka-operator-system, match: drive, limit: 100 }
outputs:
  percent: \${{ steps.disks.outputs.percent }}
`,
  plan: ({ workflow }) => ({
    does: `run the workflow ${workflow}`,
    where: "nowhere",
    effect: "reads",
  }),
  run: async ({ with: params = {} }, step) => {
    const { outcome, outputs, failure } = await step.usedWorkflow(
      params as Readonly<Record<string, JsonValue>>,
    );
    return { outcome, output: { outputs }, ...(failure && { failure }) };
  },
});
