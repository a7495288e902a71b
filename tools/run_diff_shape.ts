/** The published shape of `kodama runs diff -o json`; its JSON Schema in `docs/schema/` is generated from it. */
import * as v from "valibot";

function field<S extends v.GenericSchema>(schema: S, description: string) {
  return v.pipe(schema, v.description(description));
}

const whole = v.pipe(v.number(), v.integer(), v.minValue(0));
const text = v.nullable(v.string());

const head = v.object({
  id: v.string(),
  at: v.pipe(v.string(), v.isoTimestamp()),
  command: field(v.nullable(v.array(v.string())), "Null for a workflow with steps."),
  workflow: text,
  exitCode: field(v.nullable(v.number()), "Null if the run hasn't ended."),
});

const answer = v.object({
  context: v.string(),
  namespace: v.string(),
  pod: v.string(),
  container: v.string(),
  name: field(v.string(), "As short as it can be without being ambiguous in its run."),
  outcome: field(text, "Null if it isn't known."),
  exitCode: v.nullable(v.number()),
  stdout: field(text, "Null if the output isn't recorded."),
  stderr: text,
  omittedBytes: field(v.nullable(whole), "Of the output, what isn't recorded."),
});

const group = v.object({ names: v.string(), pods: v.array(answer) });

const changes = {
  groups: field(
    v.array(v.object({
      names: field(v.string(), "Of its pods in the later run, as ranges."),
      pods: v.array(v.object({ before: answer, after: answer })),
      diff: field(
        v.nullable(v.object({ stdout: v.string(), stderr: v.string() })),
        "Unified diffs of the first pod; null if its output is the same or can't be compared.",
      ),
      notCompared: field(text, "Why the outputs can't be compared."),
    })),
    "Pods that changed in the same way, the largest group first.",
  ),
  new: field(v.array(group), "Pods that only the later run had."),
  gone: field(v.array(group), "Pods that only the earlier run had."),
  replaced: field(
    v.array(v.object({ before: v.string(), after: v.string() })),
    "Pods that are compared with their successor.",
  ),
  same: field(whole, "Number of pods that answered the same."),
  unrecorded: field(whole, "Of these, pods whose output isn't recorded in both runs."),
};

/** The output of `kodama runs diff -o json`. */
const runDiffShape = v.union([
  v.object({ before: head, after: head, changed: v.boolean(), ...changes }),
  v.object({
    before: head,
    after: head,
    changed: v.boolean(),
    steps: v.array(v.object({
      step: v.string(),
      before: field(text, "Its outcome; null if the run didn't have the step."),
      after: text,
      ...changes,
    })),
    outputs: field(
      v.array(v.object({ name: v.string(), before: v.unknown(), after: v.unknown() })),
      "Outputs of the workflow that differ.",
    ),
  }),
]);

/** The published shapes, by the names of their files. */
export const publishedDiffShapes = {
  "run-diff": { title: "What has changed between two runs (-o json)", shape: runDiffShape },
} as const;
