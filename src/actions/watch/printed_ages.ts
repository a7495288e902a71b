/**
 * Ages among the cells that a server prints: each is true at the moment of the answer, so that a screen needs the
 * moment from which to count. Pure.
 *
 * A server sends the text alone. The moment is a time of the object that gives the text, or else a time that is
 * computed from the text: then ages are those of the server also if the clock of this machine is wrong.
 */
import { parseAge } from "../../base/duration.ts";
import { isRecord } from "../../base/json_value.ts";
import type { ApiResource, PrinterColumn } from "../../kube/client.ts";
import { CRON_JOBS, EVENTS, isOfKubernetes, isSameKind, JOBS, PODS } from "../../kube/resources.ts";

/** A cell with an age: `5m`, or `3 (5m ago)`. */
export interface PrintedAge {
  /** In milliseconds of the epoch, by the clock of this machine. */
  readonly sinceMs: number;
  /** The moment is known up to this. */
  readonly precisionMs: number;
  /** The texts around the age. */
  readonly before: string;
  readonly after: string;
}

/** A printed object. */
export interface Printed {
  readonly columns: readonly PrinterColumn[];
  readonly cells: readonly unknown[];
}

/** The moment of an answer differs from that in which the server printed it by a request, and by little of a clock. */
const toleranceMs = 2000;

/** Returns the ages by the indexes of their cells; undefined if there are none. */
export function printedAges(
  { resource, fields }: { resource: ApiResource; fields: Readonly<Record<string, unknown>> },
  { columns, cells }: Printed,
  nowMs: number,
): readonly (PrintedAge | undefined)[] | undefined {
  const times = new ObjectTimes(fields);
  const ages = columns.map((column, index): PrintedAge | undefined => {
    const cell = cells[index];
    if (typeof cell !== "string") return undefined;
    const [before = "", text = "", after = ""] = partsOf(resource, column, cell);
    const age = parseAge(text);
    const meaning = meaningOf(resource, column, fields);
    if (age === undefined || meaning === undefined) return undefined;
    const isPrinted = (sinceMs: number) =>
      nowMs - sinceMs >= age.ms - toleranceMs &&
      nowMs - sinceMs < age.ms + age.precisionMs + toleranceMs;
    const { created } = times;
    const isCreation = meaning !== "time" && created !== undefined && isPrinted(created);
    const sinceMs = isCreation
      ? created
      : meaning === "creation"
      ? undefined
      : times.nearest(isPrinted, nowMs - age.ms);
    if (sinceMs !== undefined) return { sinceMs, precisionMs: 0, before, after };
    if (meaning === "creation") return undefined;
    return { sinceMs: nowMs - age.ms, precisionMs: age.precisionMs, before, after };
  });
  return ages.some((one) => one !== undefined) ? ages : undefined;
}

/** The texts before, of and after an age. */
function partsOf(resource: ApiResource, { name }: PrinterColumn, cell: string): readonly string[] {
  if (name !== "Restarts" || !isSameKind(resource, PODS)) return ["", cell, ""];
  return /^(\d+ \()(\w+)( ago\))$/.exec(cell)?.slice(1) ?? [];
}

/**
 * The time that a column is about: `age`, the time of creation in the first place; `time`, another time; `creation`,
 * only that of creation. Undefined for a column that isn't about a time.
 */
function meaningOf(
  resource: ApiResource,
  { name, type }: PrinterColumn,
  { status }: Readonly<Record<string, unknown>>,
): "age" | "time" | "creation" | undefined {
  if (type === "date") return name === "Age" ? "age" : "time";
  // Kubernetes' own kinds print their ages as texts.
  switch (name) {
    case "Age":
      return isOfKubernetes(resource) ? "age" : "creation";
    case "Last Seen":
    case "First Seen":
      return isSameKind(resource, EVENTS) || resource.group === "events.k8s.io"
        ? "time"
        : undefined;
    case "Last Schedule":
      return isSameKind(resource, CRON_JOBS) ? "time" : undefined;
    case "Restarts":
      return isSameKind(resource, PODS) ? "time" : undefined;
    case "Duration": {
      const isOver = isRecord(status) && status["completionTime"] !== undefined;
      return isSameKind(resource, JOBS) && !isOver ? "time" : undefined;
    }
    default:
      return undefined;
  }
}

const timePattern = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/;
/** More times of an object are ignored. */
const maxTimes = 200;

/** The times in an object, which are searched for only if they are needed. */
class ObjectTimes {
  readonly created: number | undefined;
  #others: number[] | undefined;

  constructor(private readonly fields: Readonly<Record<string, unknown>>) {
    const { metadata } = fields;
    const text = isRecord(metadata) ? metadata["creationTimestamp"] : undefined;
    const created = typeof text === "string" ? Date.parse(text) : NaN;
    this.created = Number.isNaN(created) ? undefined : created;
  }

  /** Returns the time that fulfils a condition and is nearest to a moment. */
  nearest(isMeant: (ms: number) => boolean, moment: number): number | undefined {
    this.#others ??= timesIn(this.fields);
    const distance = (ms: number) => Math.abs(moment - ms);
    return this.#others.filter(isMeant).toSorted((a, b) => distance(a) - distance(b))[0];
  }
}

function timesIn(value: unknown, found: number[] = []): number[] {
  if (found.length >= maxTimes) return found;
  if (typeof value === "string") {
    const ms = value.length <= 40 && timePattern.test(value) ? Date.parse(value) : NaN;
    if (!Number.isNaN(ms)) found.push(ms);
  } else if (typeof value === "object" && value !== null) {
    for (const one of Object.values(value)) timesIn(one, found);
  }
  return found;
}
