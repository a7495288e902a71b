/**
 * The published shapes of a run's output for programs: `-o json`, `--events`, the records of past runs. Their JSON
 * Schemas in `docs/schema/` are generated from these. Loaded only to check or to publish; writers use only the types.
 */
import * as v from "valibot";
import { fileVersion } from "../base/file_version.ts";

function field<S extends v.GenericSchema>(schema: S, description: string) {
  return v.pipe(schema, v.description(description));
}

const time = v.pipe(v.string(), v.isoTimestamp());
const whole = v.pipe(v.number(), v.integer(), v.minValue(0));

/** More targets than a run has in any existing cluster. */
const index = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(10_000_000));

const outcomeKind = v.picklist(
  ["ok", "failed", "timeout", "forbidden", "unreachable", "unknown", "cancelled", "skipped"],
);

/** How a target ended. */
const outcome = {
  outcome: field(outcomeKind, "How the target ended."),
  exitCode: field(v.nullable(v.number()), "Of the command; null if it reported none."),
  signal: field(v.nullable(v.string()), "Signal that ended the command, if its exit code has one."),
};
const error = field(
  v.nullable(v.string()),
  "The error, if the command itself didn't report it.",
);

/** A target's location. */
const place = {
  context: v.string(),
  namespace: v.string(),
  pod: v.string(),
  container: v.string(),
  node: field(v.string(), "Empty if the pod has none."),
};

/** One target of a run, when it has ended: `-o json` and `-o jsonl`. */
export const targetReportShape = v.object({
  ...place,
  ...outcome,
  startedAt: field(v.nullable(time), "RFC 3339; null for a target that was not started."),
  durationMs: whole,
  stdout: v.string(),
  stderr: v.string(),
  truncated: field(v.boolean(), "Output beyond the limit of 1 MiB a stream was omitted."),
  replaced: field(v.boolean(), "Bytes that aren't UTF-8 were replaced by U+FFFD in the texts."),
  error,
});

/** A target as a run knows it. */
const targetShape = v.object({
  ...place,
  name: field(v.string(), "As short as it can be without being ambiguous."),
  ip: v.string(),
  uid: field(v.nullable(v.string()), "Of the pod."),
});

const target = {
  target: field(index, "Its index among the targets of runStarted and targetsAdded, from 0."),
  name: v.string(),
};

const counts = v.object(
  Object.fromEntries(outcomeKind.options.map((kind) => [kind, whole])) as Record<
    typeof outcomeKind.options[number],
    typeof whole
  >,
);

const runStarted = v.object({
  event: v.literal("runStarted"),
  at: time,
  command: v.array(v.string()),
  targets: v.array(targetShape),
});
const targetsAdded = v.object({
  event: v.literal("targetsAdded"),
  targets: v.array(targetShape),
});
const targetStarted = v.object({ event: v.literal("targetStarted"), ...target, at: time });
const line = v.object({
  event: v.literal("line"),
  ...target,
  stream: v.picklist(["stdout", "stderr"]),
  text: field(
    v.string(),
    "Without the line's end. Bytes that aren't UTF-8 are replaced by U+FFFD.",
  ),
  endedBy: field(
    v.picklist(["newline", "end", "limit"]),
    "newline; end: the output ended without one; limit: it continues in the next event.",
  ),
});
const targetEnded = v.object({
  event: v.literal("targetEnded"),
  ...target,
  at: time,
  ...outcome,
  durationMs: whole,
  error,
});
const recordedTargetEnded = v.object({
  ...targetEnded.entries,
  outputId: v.optional(
    field(v.string(), "What it wrote: an `output` of this record. Absent if it isn't stored."),
  ),
});
const output = v.object({
  event: v.literal("output"),
  id: field(v.string(), "A hash of all of it: equal outputs have equal ids."),
  stdout: field(v.string(), "Text in it that looks like a secret is replaced."),
  stderr: v.string(),
  omittedBytes: field(whole, "Bytes that aren't stored, beyond a limit."),
});
const contextFailed = v.object({
  event: v.literal("contextFailed"),
  context: v.string(),
  error: v.string(),
});
const podSkipped = v.object({
  event: v.literal("podSkipped"),
  context: v.string(),
  namespace: v.string(),
  pod: v.string(),
  reason: v.string(),
});
const runEnded = v.object({
  event: v.literal("runEnded"),
  at: time,
  durationMs: whole,
  exitCode: field(v.number(), "Exit code of kodama; 130 if the run was stopped."),
  counts: field(counts, "Targets by their outcome."),
});

/** One event of a run: `-o jsonl --events`, `--progress json`. */
export const eventReportShape = v.variant("event", [
  runStarted,
  targetsAdded,
  targetStarted,
  line,
  targetEnded,
  contextFailed,
  podSkipped,
  runEnded,
]);

const amount = v.variant("kind", [
  v.object({ kind: v.literal("count"), count: whole }),
  v.object({ kind: v.literal("percent"), percent: v.number() }),
]);

/** The first line of a record: the request. The events follow. */
const recordHeaderShape = v.object({
  event: v.literal("record"),
  version: fileVersion(1),
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

/** One line of a record of a run. */
export const recordLineShape = v.variant("event", [
  recordHeaderShape,
  runStarted,
  targetsAdded,
  targetStarted,
  output,
  recordedTargetEnded,
  contextFailed,
  podSkipped,
  runEnded,
]);

/** The published shapes, by the names of their files in `docs/schema/`. */
export const publishedShapes = {
  "target-report": { title: "A target of a run (-o json, -o jsonl)", shape: targetReportShape },
  "run-event": { title: "An event of a run (-o jsonl, with events)", shape: eventReportShape },
  "run-record": { title: "A line of a run's record", shape: recordLineShape },
} as const;

/** One target of a run, when it has ended. */
export type TargetReport = v.InferOutput<typeof targetReportShape>;
/** One event of a run. */
export type EventReport = v.InferOutput<typeof eventReportShape>;
/** The first line of a record. */
export type RecordHeader = v.InferOutput<typeof recordHeaderShape>;
/** One line of a record. */
export type RecordLine = v.InferOutput<typeof recordLineShape>;
