/**
 * The published shapes of what programs read of a run of a workflow with steps: `-o json` and the records
 * of past runs. Their JSON Schemas in `docs/schema/` are generated from these. Stable: fields may be added, none
 * changes its meaning. Loaded to publish and by tests; writers use the types of the events.
 */
import * as v from "valibot";
import { workflowHeaderShape } from "../src/workflow/record.ts";

function field<S extends v.GenericSchema>(schema: S, description: string) {
  return v.pipe(schema, v.description(description));
}

const time = v.pipe(v.string(), v.isoTimestamp());
const whole = v.pipe(v.number(), v.integer(), v.minValue(0));
const kind = <K extends string>(name: K) => v.literal(name);
const reason = v.string();
const anything = v.unknown();

const stepKey = field(
  v.string(),
  "The step's id, prefixed with the keys of its outer steps: `disks[3]/clean`, `finally/clean`, `careful/rescue/undo`.",
);
const key = { step: stepKey };

const mark = {
  identity: v.optional(
    field(
      v.string(),
      "Identifies the step in a rerun, independent of its position; `step` if it is absent.",
    ),
  ),
  definition: v.optional(field(v.string(), "A hash of what the step does.")),
  inputs: v.optional(
    field(
      v.string(),
      "A hash of the values that it reads of other steps; absent if it reads none.",
    ),
  ),
};

const stepOutcome = v.variant("kind", [
  v.object({ kind: kind("ok") }),
  v.object({
    kind: kind("failed"),
    reason,
    exitCode: v.optional(field(whole, "Of a run that this ends; 5 if it is absent.")),
  }),
  v.object({ kind: v.picklist(["rescued", "denied", "refused", "skipped"]), reason }),
  v.object({
    kind: kind("timeout"),
    afterMs: whole,
    limit: v.optional(v.picklist(["default", "run"])),
  }),
  v.object({ kind: kind("cancelled") }),
]);

const remains = {
  left: v.optional(field(v.string(), "What may still run in the pod.")),
  unread: v.optional(field(v.literal(true), "Its last output wasn't waited for.")),
};

const targetOutcome = v.variant("kind", [
  v.object({
    kind: kind("ok"),
    exitCode: v.optional(field(whole, "One that the step expects, if it isn't 0.")),
  }),
  v.object({
    kind: kind("failed"),
    exitCode: v.number(),
    signal: v.optional(v.string()),
    reason: v.optional(reason),
  }),
  v.object({
    kind: kind("timeout"),
    limit: v.picklist(["connect", "command"]),
    afterMs: whole,
    ...remains,
  }),
  v.object({ kind: v.picklist(["unreachable", "unknown", "skipped"]), reason }),
  v.object({ kind: kind("forbidden"), reason, hint: v.optional(v.string()) }),
  v.object({ kind: kind("cancelled"), ...remains }),
]);

const cutTail = v.object({ bytes: whole, hash: v.number() });

const cut = v.optional(field(
  v.array(v.object({ path: v.array(v.union([v.string(), whole])), reason })),
  "Parts of the output that were cut.",
));

const omitted = v.optional(
  field(
    v.array(v.string()),
    "Fields of the output that aren't here, because no expression reads them.",
  ),
);

const targetEnd = v.object({
  target: v.object({
    context: v.string(),
    namespace: v.string(),
    pod: field(v.string(), "`*` for all pods of an unreachable context."),
    container: v.string(),
    node: v.string(),
    ip: v.string(),
    uid: v.optional(v.string()),
  }),
  name: field(v.string(), "As short as it can be without being ambiguous."),
  outcome: targetOutcome,
  stdout: v.string(),
  stderr: v.string(),
  truncated: field(v.boolean(), "Output beyond the step's maxOutput was omitted."),
  cut: v.optional(field(
    v.object({ stdout: v.optional(cutTail), stderr: v.optional(cutTail) }),
    "Of each stream that was cut, the length and a hash of the omitted part.",
  )),
  omitted: v.optional(
    field(
      v.literal(true),
      "Its output isn't here, because no expression reads it.",
    ),
  ),
  durationMs: whole,
  copied: v.optional(v.object({ to: v.string(), files: whole, bytes: whole })),
});

const workflowEnd = {
  outcome: stepOutcome,
  outputs: field(v.record(v.string(), anything), "By name; none after a failure."),
  exitCode: whole,
  durationMs: whole,
};

/** Events that are stored. */
const keptEvents = [
  v.object({
    kind: kind("workflowStarted"),
    workflow: v.string(),
    run: field(v.string(), "The id of its record."),
    steps: whole,
    at: time,
  }),
  v.object({ kind: kind("workflowWaits"), group: v.string(), holder: v.string() }),
  v.object({
    kind: kind("stepStarted"),
    ...key,
    stepKind: v.string(),
    title: v.string(),
    at: time,
    once: v.optional(
      field(v.literal(true), "It changes something, and not pod by pod: only a person repeats it."),
    ),
    ...mark,
  }),
  v.object({
    kind: kind("stepKept"),
    ...key,
    stepKind: v.optional(v.string()),
    tolerated: v.optional(v.boolean()),
    outcome: stepOutcome,
    output: anything,
    cut,
    omitted,
    ...mark,
  }),
  v.object({
    kind: kind("stepPodsSkipped"),
    ...key,
    skipped: v.array(v.object({ namespace: v.string(), pod: v.string(), reason })),
  }),
  v.object({
    kind: kind("stepTargets"),
    ...key,
    names: v.array(v.string()),
    scopes: field(
      v.array(v.object({ context: v.string(), namespace: v.string() })),
      "Where the pods are.",
    ),
  }),
  v.object({
    kind: kind("batchStarted"),
    ...key,
    index: field(whole, "From 0."),
    count: field(whole, "How many batches there are."),
    names: field(v.array(v.string()), "Its targets."),
    at: time,
  }),
  v.object({
    kind: kind("batchEnded"),
    ...key,
    index: whole,
    outcome: stepOutcome,
    at: time,
    durationMs: whole,
  }),
  v.object({
    kind: kind("stepTargetStarts"),
    ...key,
    name: v.string(),
    target: field(
      targetEnd.entries.target,
      "Of a run in the cluster: a command that may change something is about to be sent.",
    ),
    at: time,
  }),
  v.object({ kind: kind("stepTargetEnded"), ...key, end: targetEnd, at: time }),
  v.object({
    kind: kind("stepRetried"),
    ...key,
    attempt: field(whole, "The next one's, from 2."),
    delayMs: v.number(),
    reason,
  }),
  v.object({
    kind: kind("stepEnded"),
    ...key,
    outcome: stepOutcome,
    tolerated: field(
      v.boolean(),
      "It wasn't ok, and the file tolerates that (`allowFailure`, `rescue`).",
    ),
    output: field(anything, "What expressions see of it as `steps.ID`."),
    cut,
    omitted,
    at: time,
    durationMs: whole,
  }),
  v.object({ kind: kind("finallyStarted"), at: time }),
  v.object({
    kind: kind("workflowEnded"),
    ...workflowEnd,
    again: v.optional(field(
      v.nullable(v.object({
        kind: v.picklist(["all", "rest", "failed", "from"]),
        step: v.optional(stepKey),
      })),
      "Where a rerun can resume; `all` is from the start, null after a success.",
    )),
    at: time,
  }),
] as const;

/** One line of a record: the first is the request, each further one an event. */
export const workflowRecordLineShape = v.union([
  workflowHeaderShape,
  v.variant("kind", [
    ...keptEvents.map((event) =>
      v.object({
        ...event.entries,
        outputId: v.optional(
          field(v.string(), "What the target or the step wrote: an `output` of this record."),
        ),
      })
    ),
    v.object({
      kind: kind("output"),
      id: field(v.string(), "A hash of all of it: equal outputs have equal ids."),
      stdout: field(v.string(), "Text in it that looks like a secret is replaced."),
      stderr: v.string(),
      omittedBytes: field(whole, "Bytes that aren't stored, beyond a limit."),
    }),
  ]),
]);

/** The output of `kodama run -o json`. */
const workflowReportShape = v.object({
  run: field(v.nullable(v.string()), "The id of its record; null if it has none."),
  outcome: v.string(),
  reason: v.nullable(v.string()),
  exitCode: whole,
  durationMs: whole,
  outputs: workflowEnd.outputs,
  steps: v.array(v.object({
    step: stepKey,
    outcome: v.string(),
    reason: v.optional(reason),
    afterMs: v.optional(whole),
    output: anything,
  })),
});

/** The published shapes, by the names of their files. */
export const publishedWorkflowShapes = {
  "workflow-record": {
    title: "A line of the record of a workflow with steps",
    shape: workflowRecordLineShape,
  },
  "workflow-report": { title: "A workflow run (-o json)", shape: workflowReportShape },
} as const;
