/** The published shape of `kodama run -o json`, for a workflow with steps. Its JSON Schema in `docs/schema/` is generated from it. */
import * as v from "valibot";

function field<S extends v.GenericSchema>(schema: S, description: string) {
  return v.pipe(schema, v.description(description));
}

const whole = v.pipe(v.number(), v.integer(), v.minValue(0));

const workflowReportShape = v.object({
  run: field(v.nullable(v.string()), "The id of its record; null if it has none."),
  outcome: v.string(),
  reason: v.nullable(v.string()),
  exitCode: whole,
  durationMs: whole,
  outputs: field(v.record(v.string(), v.unknown()), "By name; none after a failure."),
  steps: v.array(v.object({
    step: field(
      v.string(),
      "The step's id, prefixed with the keys of its outer steps: `disks[3]/clean`, `finally/clean`, `careful/rescue/undo`.",
    ),
    outcome: v.string(),
    reason: v.optional(v.string()),
    output: v.unknown(),
  })),
});

/** The published shapes, by the names of their files. */
export const publishedWorkflowShapes = {
  "workflow-report": { title: "A workflow run (-o json)", shape: workflowReportShape },
} as const;
