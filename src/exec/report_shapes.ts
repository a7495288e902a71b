/**
 * The published shape of a target that has ended: `-o json`, `-o jsonl`; and what it shares with those of events. Loaded
 * only to check or to publish; writers use only the types.
 */
import * as v from "valibot";

/** Describes a field. */
export function field<S extends v.GenericSchema>(schema: S, description: string) {
  return v.pipe(schema, v.description(description));
}

/** RFC 3339. */
export const time = v.pipe(v.string(), v.isoTimestamp());
/** A whole number from 0. */
export const whole = v.pipe(v.number(), v.integer(), v.minValue(0));

/** More targets than a run has in any existing cluster. */
export const index = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(10_000_000));

/** The kinds of outcomes of a target. */
export const outcomeKind = v.picklist(
  ["ok", "failed", "timeout", "forbidden", "unreachable", "unknown", "cancelled", "skipped"],
);

/** How a target ended. */
const outcome = {
  outcome: field(outcomeKind, "How the target ended."),
  exitCode: field(v.nullable(v.number()), "Of the command; null if it reported none."),
  signal: field(v.nullable(v.string()), "Signal that ended the command, if its exit code has one."),
};
const error = field(v.nullable(v.string()), "The error, if the command itself didn't report it.");

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
export const targetShape = v.object({
  ...place,
  name: field(v.string(), "As short as it can be without being ambiguous."),
  ip: v.string(),
  uid: field(v.nullable(v.string()), "Of the pod."),
});

/** The published shape, by the name of its file in `docs/schema/`. */
export const publishedShapes = {
  "target-report": { title: "A target of a run (-o json, -o jsonl)", shape: targetReportShape },
} as const;

/** One target of a run, when it has ended. */
export type TargetReport = v.InferOutput<typeof targetReportShape>;
