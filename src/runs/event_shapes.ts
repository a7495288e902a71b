/**
 * The published events of a run, whatever it is of: a command or a workflow, now or in its record. Everything of a step
 * has its key, which is empty for a command: a command is a run of one step. Their JSON Schema in `docs/schema/` is
 * generated from these; writers and readers use only the types.
 */
import * as v from "valibot";
import { fileVersion } from "../base/file_version.ts";
import { field, index, outcomeKind, targetShape, time, whole } from "../exec/report_shapes.ts";

/** The version of this vocabulary; fields may be added to it, and none changes its meaning. */
export const eventsVersion = 2;

const step = {
  step: field(
    v.string(),
    "The key of the step: its id, prefixed with the keys of its outer steps (`disks[3]/clean`, `finally/clean`); empty for a command.",
  ),
};

const target = {
  ...step,
  target: v.optional(field(index, "Of a command: its index among the targets, from 0.")),
  name: field(v.string(), "As short as it can be without being ambiguous."),
};

const error = field(v.nullable(v.string()), "Why it wasn't ok, if its output doesn't say so.");

const stepOutcome = field(
  v.picklist([
    "ok",
    "rescued",
    "failed",
    "denied",
    "refused",
    "timeout",
    "cancelled",
    "skipped",
  ]),
  "How the step ended.",
);

const cut = v.optional(field(
  v.array(v.object({ path: v.array(v.union([v.string(), whole])), reason: v.string() })),
  "Parts of the output that were cut.",
));

const omitted = v.optional(
  field(v.array(v.string()), "Fields of the output that the ends of its targets have."),
);

const output = field(v.unknown(), "What expressions see of the step as `steps.ID`.");

const batch = { ...step, index: field(whole, "From 0.") };

const runStarted = v.object({
  event: v.literal("runStarted"),
  version: v.literal(eventsVersion),
  at: time,
  command: field(v.nullable(v.array(v.string())), "Null for a workflow with steps."),
  workflow: field(v.nullable(v.string()), "Its name; null for a command."),
  steps: field(whole, "How many steps the workflow has; 1 for a command."),
  targets: field(v.array(targetShape), "Of a command; those of a step are in targetsAdded."),
});

const contextFailed = v.object({
  event: v.literal("contextFailed"),
  context: v.string(),
  error: v.string(),
});

const podSkipped = v.object({
  event: v.literal("podSkipped"),
  ...step,
  context: field(v.nullable(v.string()), "Null if it isn't known."),
  namespace: v.string(),
  pod: v.string(),
  reason: v.string(),
});

const targetsAdded = v.object({
  event: v.literal("targetsAdded"),
  ...step,
  targets: v.array(v.object({
    ...targetShape.entries,
    earlier: v.optional(
      field(outcomeKind, "How it ended in an earlier attempt or run, which isn't repeated."),
    ),
  })),
});

const targetStarted = v.object({ event: v.literal("targetStarted"), ...target, at: time });

const targetEnded = v.object({
  event: v.literal("targetEnded"),
  ...target,
  at: time,
  outcome: field(outcomeKind, "How the target ended."),
  exitCode: field(v.nullable(v.number()), "Of the command; null if it reported none."),
  signal: field(v.nullable(v.string()), "Signal that ended the command."),
  durationMs: whole,
  error,
  stdout: v.optional(field(v.string(), "Absent if its lines were events, or it wrote nothing.")),
  stderr: v.optional(v.string()),
  truncated: v.optional(
    field(v.literal(true), "Output beyond the step's maxOutput was omitted."),
  ),
  copied: v.optional(v.object({ to: v.string(), files: whole, bytes: whole })),
});

const runEnded = v.object({
  event: v.literal("runEnded"),
  at: time,
  durationMs: whole,
  exitCode: field(v.number(), "Exit code of kodama; 130 if the run was stopped."),
  outcome: field(v.nullable(stepOutcome), "Of a workflow; null for a command."),
  error,
  counts: field(
    v.nullable(v.record(outcomeKind, whole)),
    "Of a command: its targets by their outcome.",
  ),
  outputs: field(v.record(v.string(), v.unknown()), "Of a workflow, by name."),
  again: field(
    v.nullable(v.object({
      kind: v.picklist(["all", "rest", "failed", "from"]),
      step: v.optional(v.string()),
    })),
    "Where a rerun of a workflow can resume; `all` is from the start, null after a success.",
  ),
});

/** One event of a run: `exec -o jsonl --events`, `--progress json`, `run -o jsonl`. */
export const runEventShape = v.variant("event", [
  runStarted,
  v.object({
    event: v.literal("runWaits"),
    group: v.string(),
    holder: field(v.string(), "The run of the same group that is running."),
  }),
  v.object({
    event: v.literal("changedSince"),
    run: field(v.string(), "The run that this one resumes."),
    undoing: field(
      v.array(v.string()),
      "Steps of its `finally` that may have undone what isn't done again.",
    ),
    files: v.array(v.string()),
    params: v.array(v.string()),
    steps: v.object({
      changed: v.array(v.string()),
      added: v.array(v.string()),
      removed: v.array(v.string()),
    }),
  }),
  v.object({
    event: v.literal("stepStarted"),
    ...step,
    kind: field(v.string(), "The kind of step: exec, copy, wait."),
    title: v.string(),
    at: time,
  }),
  v.object({
    event: v.literal("stepKept"),
    ...step,
    outcome: field(stepOutcome, "In the run that this one resumes, whose record has it."),
    error,
    output,
    cut,
    omitted,
  }),
  contextFailed,
  v.object({
    event: v.literal("contextWaiting"),
    context: v.string(),
    reason: v.string(),
    limitMs: v.nullable(whole),
  }),
  podSkipped,
  targetsAdded,
  v.object({
    event: v.literal("batchStarted"),
    ...batch,
    count: field(whole, "How many batches there are."),
    names: field(v.array(v.string()), "Its targets."),
    at: time,
  }),
  v.object({
    event: v.literal("batchEnded"),
    ...batch,
    outcome: stepOutcome,
    error,
    at: time,
    durationMs: whole,
  }),
  targetStarted,
  v.object({
    event: v.literal("line"),
    ...target,
    name: field(v.string(), "Of the target; empty for a line of the step itself."),
    stream: v.picklist(["stdout", "stderr"]),
    text: field(
      v.string(),
      "Without the line's end. Bytes that aren't UTF-8 are replaced by U+FFFD.",
    ),
    endedBy: field(
      v.picklist(["newline", "end", "limit"]),
      "newline; end: the output ended without one; limit: it continues in the next event.",
    ),
  }),
  targetEnded,
  v.object({
    event: v.literal("stepRetried"),
    ...step,
    attempt: field(whole, "The next one's, from 2."),
    delayMs: v.number(),
    reason: v.string(),
  }),
  v.object({
    event: v.literal("stepEnded"),
    ...step,
    outcome: stepOutcome,
    error,
    tolerated: field(
      v.boolean(),
      "It wasn't ok, and the file tolerates that (`allowFailure`, `rescue`).",
    ),
    output,
    cut,
    omitted,
    at: time,
    durationMs: whole,
  }),
  v.object({ event: v.literal("finallyStarted"), at: time }),
  v.object({ event: v.literal("recorded"), run: field(v.string(), "The id of its record.") }),
  v.object({ event: v.literal("notRecorded"), error: v.string() }),
  runEnded,
]);

/* The record of a command: the request, its events, and each distinct output. */

const amount = v.variant("kind", [
  v.object({ kind: v.literal("count"), count: whole }),
  v.object({ kind: v.literal("percent"), percent: v.number() }),
]);

/** The first line of a record: the request. The events follow. */
const recordHeaderShape = v.object({
  event: v.literal("record"),
  version: fileVersion(eventsVersion),
  id: v.string(),
  at: time,
  command: field(v.array(v.string()), "Text in it that looks like a secret is omitted."),
  redacted: field(v.boolean(), "A part of the command was omitted."),
  shell: v.boolean(),
  subst: v.boolean(),
  workdir: v.nullable(v.string()),
  env: field(v.array(v.string()), "Names of variables that were set; their values aren't stored."),
  stdin: v.boolean(),
  tty: v.boolean(),
  copy: field(v.optional(v.boolean(), false), "It was a copy of files."),
  workflow: v.nullable(v.string()),
  rerunOf: field(v.nullable(v.string()), "The run whose targets these are."),
  places: field(
    v.nullable(v.array(v.object({ index, total: index }))),
    "KODAMA_INDEX and KODAMA_TOTAL of each target, if they are those of an earlier run.",
  ),
  bounds: v.object({
    fanout: v.optional(whole),
    connectTimeoutMs: v.optional(whole),
    timeoutMs: v.optional(whole),
    serial: v.optional(v.array(amount)),
    maxFail: v.optional(amount),
    failFast: v.optional(v.boolean()),
  }),
});

const recordedOutput = v.object({
  event: v.literal("output"),
  id: field(v.string(), "A hash of all of it: equal outputs have equal ids."),
  stdout: field(v.string(), "Text in it that looks like a secret is replaced."),
  stderr: v.string(),
  omittedBytes: field(whole, "Bytes that aren't stored, beyond a limit."),
});

const recordedEnd = v.object({
  ...targetEnded.entries,
  outputId: v.optional(
    field(v.string(), "What it wrote: an `output` of this record. Absent if it isn't stored."),
  ),
});

/** One line of a record of a command. */
export const recordLineShape = v.variant("event", [
  recordHeaderShape,
  runStarted,
  targetsAdded,
  targetStarted,
  recordedOutput,
  recordedEnd,
  contextFailed,
  podSkipped,
  runEnded,
]);

/** The published shapes, by the names of their files in `docs/schema/`. */
export const publishedEventShapes = {
  "run-event": { title: "An event of a run (-o jsonl, with events)", shape: runEventShape },
  "run-record": { title: "A line of a run's record", shape: recordLineShape },
} as const;

/** One event of a run. */
export type RunEventData = v.InferOutput<typeof runEventShape>;
/** The first line of a record. */
export type RecordHeader = v.InferOutput<typeof recordHeaderShape>;
/** One line of a record. */
export type RecordLine = v.InferOutput<typeof recordLineShape>;
