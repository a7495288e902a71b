/** Records of past runs: reads one, whose run may still be active or was killed, and selects those to delete. */
import * as v from "valibot";
import { KodamaError } from "../base/errors.ts";
import { definedOnly } from "../base/json_value.ts";
import type { Target } from "../kube/select/target.ts";
import type { RecordedOutput } from "./recorded_output.ts";
import { type RecordHeader, type RecordLine, recordLineShape } from "./report_shapes.ts";

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

/** A past run. */
export interface PastRun {
  header: RecordHeader;
  targets: readonly RecordedTarget[];
  /** Absent as above. */
  end?: Extract<RecordLine, { event: "runEnded" }>;
}

/**
 * Reads a record. A last line without its end is ignored: the process was killed while it wrote.
 *
 * @param name the name in errors.
 * @throws KodamaError `config` for content that kodama doesn't write.
 */
export function readRecord(name: string, text: string): PastRun {
  const whole = text.split("\n").slice(0, -1);
  const [header, ...events] = whole.map((line, at) => readLine(`${name}:${at + 1}`, line));
  if (header?.event !== "record") {
    throw new KodamaError("config", `${name}: it doesn't start like the record of a run`);
  }
  const added = events.flatMap((line) =>
    line.event === "runStarted" || line.event === "targetsAdded" ? line.targets : []
  );
  const ends = new Map<number, RecordedEnd>();
  const starts = new Map<number, Date>();
  const outputs = new Map<string, RecordedOutput>();
  for (const line of events) {
    if (line.event === "targetEnded") ends.set(line.target, line);
    if (line.event === "targetStarted") starts.set(line.target, new Date(line.at));
    if (line.event === "output") outputs.set(line.id, line);
  }
  const targets = added.map(({ name, uid, ...position }, index): RecordedTarget => {
    const end = ends.get(index);
    return {
      target: { ...position, ...(uid === null ? {} : { uid }) },
      name,
      position: header.places?.[index] ?? { index, total: added.length },
      ...definedOnly({
        startedAt: starts.get(index),
        end,
        output: end?.outputId === undefined ? undefined : outputs.get(end.outputId),
      }),
    };
  });
  const end = events.find((line) => line.event === "runEnded");
  return { header, targets, ...(end === undefined ? {} : { end }) };
}

function readLine(where: string, line: string): RecordLine {
  let data: unknown;
  try {
    data = JSON.parse(line);
  } catch {
    throw new KodamaError("config", `${where}: this is not a line of a record`);
  }
  const result = v.safeParse(recordLineShape, data);
  if (result.success) return result.output;
  const [issue] = result.issues;
  const field = v.getDotPath(issue);
  throw new KodamaError(
    "config",
    `${where}: ${field === null ? "" : `${field}: `}${issue.message}`,
  );
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

/** Returns the names of the records to delete, the oldest first. */
export function expiredRecords(
  records: readonly KeptRecord[],
  now: Date,
  limits: RecordLimits,
): string[] {
  const newestFirst = records.toSorted((a, b) =>
    b.modifiedAt.getTime() - a.modifiedAt.getTime() || (a.name < b.name ? 1 : -1)
  );
  const expired: string[] = [];
  let retained = 0;
  let retainedBytes = 0;
  for (const { name, bytes, modifiedAt } of newestFirst) {
    const ageMs = now.getTime() - modifiedAt.getTime();
    const fits = retained < limits.maxRecords && retainedBytes + bytes <= limits.maxBytes;
    if (ageMs > limits.busyMs && (ageMs > limits.maxAgeMs || !fits)) expired.push(name);
    else {
      retained += 1;
      retainedBytes += bytes;
    }
  }
  return expired.reverse();
}
