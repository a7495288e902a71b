/** Records of past runs: reads one, whose run may still be active or was killed, and selects those to delete. */
import { definedOnly } from "../base/json_value.ts";
import type { Target } from "../kube/select/target.ts";
import type { RecordedOutput } from "../exec/recorded_output.ts";
import { readLines, type RecordHeader, type RecordLine } from "../exec/event_shapes.ts";

/** How a target ended, as recorded. */
type RecordedEnd = Extract<RecordLine, { event: "targetEnded" }>;

/** One target of a past run. */
export interface RecordedTarget {
  target: Target;
  name: string;
  /** The index that its command was given. */
  position: { index: number; total: number };
  startedAt?: Date;
  /** Absent if it wasn't written: the run is active, or was killed. */
  end?: RecordedEnd;
  /** Absent if it isn't stored. */
  output?: RecordedOutput;
}

/** A pod that matched the selection, and in which the command wasn't to run. */
type NotRunPod = Record<"context" | "namespace" | "pod" | "reason", string>;

/** A past run. */
export interface PastRun {
  header: RecordHeader;
  targets: readonly RecordedTarget[];
  /** Pods that matched and weren't ready, or had no such container. */
  notRun: readonly NotRunPod[];
  /** Absent as above. */
  end?: Extract<RecordLine, { event: "runEnded" }>;
}

/** Reads a record of a command; see {@link readLines}. */
export function readRecord(name: string, text: string): PastRun {
  const { header, lines: events } = readLines(name, text, "record");
  const added = events.flatMap((line) =>
    line.event === "runStarted" || line.event === "targetsAdded" ? line.targets : []
  );
  const ends = new Map<number, RecordedEnd>();
  const starts = new Map<number, Date>();
  const outputs = new Map<string, RecordedOutput>();
  for (const line of events) {
    if (line.event === "targetEnded") ends.set(line.target ?? 0, line);
    if (line.event === "targetStarted") starts.set(line.target ?? 0, new Date(line.at));
    if (line.event === "output") outputs.set(line.id, line);
  }
  const targets = added.map(({ name, uid, ...place }, index): RecordedTarget => {
    const end = ends.get(index);
    return {
      target: { ...place, ...(uid === null ? {} : { uid }) },
      name,
      position: header.places?.[index] ?? { index, total: added.length },
      ...definedOnly({
        startedAt: starts.get(index),
        end,
        output: end?.outputId === undefined ? undefined : outputs.get(end.outputId),
      }),
    };
  });
  const notRun = events.flatMap((line) => {
    if (line.event !== "podSkipped") return [];
    const { context, namespace, pod, reason } = line;
    return [{ context: context ?? "", namespace, pod, reason }];
  });
  const end = events.find((line) => line.event === "runEnded");
  return { header, targets, notRun, ...(end === undefined ? {} : { end }) };
}

/* Selects the records of past runs to delete: by age, by count, by total size. Pure. */

/** A record among others. */
export interface KeptRecord {
  name: string;
  bytes: number;
  modifiedAt: Date;
}

/** How long and how much is retained. */
export interface RecordLimits {
  maxAgeMs: number;
  maxRecords: number;
  maxBytes: number;
  /** A record written to this recently may belong to an active run, and stays whatever its size. */
  busyMs: number;
}

/** Thirty days, five hundred runs (a new run inspects each); how much they hold is a setting. */
export const recordLimits = {
  maxAgeMs: 30 * 24 * 3_600_000,
  maxRecords: 500,
  busyMs: 3_600_000,
} satisfies Partial<RecordLimits>;

/** How many days of use show that time has passed, and that the clock hasn't jumped. */
const daysOfUse = 3;
const dayMs = 24 * 3_600_000;

/**
 * Returns the names of the records to delete, the oldest first. The age alone decides only if there are records of
 * several days since: behind a clock that has jumped, all would be old.
 */
export function expiredRecords(
  records: readonly KeptRecord[],
  now: Date,
  limits: RecordLimits,
): string[] {
  const newestFirst = records.toSorted((a, b) =>
    b.modifiedAt.getTime() - a.modifiedAt.getTime() || (a.name < b.name ? 1 : -1)
  );
  const youngMs = newestFirst.map(({ modifiedAt }) => modifiedAt.getTime())
    .filter((at) => now.getTime() - at <= limits.maxAgeMs);
  const hasPassed = new Set(youngMs.map((at) => Math.floor(at / dayMs))).size >= daysOfUse;
  const expired: string[] = [];
  let retained = 0;
  let retainedBytes = 0;
  for (const { name, bytes, modifiedAt } of newestFirst) {
    const ageMs = now.getTime() - modifiedAt.getTime();
    const fits = retained < limits.maxRecords && retainedBytes + bytes <= limits.maxBytes;
    const isOld = ageMs > limits.maxAgeMs && hasPassed;
    if (ageMs > limits.busyMs && (isOld || !fits)) expired.push(name);
    else {
      retained += 1;
      retainedBytes += bytes;
    }
  }
  return expired.reverse();
}
