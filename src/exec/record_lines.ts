/** Reads the record of a past run. The file may belong to a run that is still active, or that was killed. */
import * as v from "valibot";
import { KodamaError } from "../base/errors.ts";
import type { Target } from "../kube/select/target.ts";
import { type RecordHeader, type RecordLine, recordLineShape } from "./report_shapes.ts";

/** How a target ended, as recorded. */
export type RecordedEnd = Extract<RecordLine, { event: "targetEnded" }>;

/** One target of a past run. */
export interface RecordedTarget {
  target: Target;
  name: string;
  /** The index that its command was given. */
  position: { index: number; total: number };
  /** Absent if it wasn't written: the run is active, or was killed. */
  end?: RecordedEnd;
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
  for (const line of events) if (line.event === "targetEnded") ends.set(line.target, line);
  const targets = added.map(({ name, uid, ...position }, index): RecordedTarget => {
    const end = ends.get(index);
    return {
      target: { ...position, ...(uid === null ? {} : { uid }) },
      name,
      position: header.places?.[index] ?? { index, total: added.length },
      ...(end === undefined ? {} : { end }),
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
