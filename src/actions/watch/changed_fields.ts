/** The differences between two states of an object. Pure. */
import { definedOnly, isRecord } from "../../base/json_value.ts";

/** A field that differs. */
export interface FieldChange {
  /** `status.conditions[type=Ready].status`. */
  path: string;
  /** Absent: the field was added. */
  before?: unknown;
  /** Absent: the field was removed. */
  after?: unknown;
}

/** More differences of a change aren't listed. */
export const maxFieldChanges = 100;

/** Changes with every write, and means nothing by itself. */
const ignored: ReadonlySet<string> = new Set([
  "metadata.resourceVersion",
  "metadata.managedFields",
]);

/**
 * Returns the fields that differ, in the order of the newer state, at most {@link maxFieldChanges}. Items of lists that
 * have a `name`, a `type` or a `uid`, as containers and conditions do, are compared by that and not by their position.
 */
export function changedFields(before: unknown, after: unknown): FieldChange[] {
  const found: FieldChange[] = [];
  collect({ path: "", depth: 0, found }, before, after);
  return found;
}

/** Deeper fields are reported as a single field. */
const maxDepth = 100;

function collect(
  at: { path: string; depth: number; found: FieldChange[] },
  before: unknown,
  after: unknown,
): void {
  const { path, found } = at;
  if (before === after || found.length >= maxFieldChanges || ignored.has(path)) return;
  const depth = at.depth + 1;
  if (depth < maxDepth && isRecord(before) && isRecord(after)) {
    for (const name of names(before, after)) {
      const inner = `${path}${memberText(name, path === "")}`;
      collect({ path: inner, depth, found }, own(before, name), own(after, name));
    }
    return;
  }
  if (depth < maxDepth && Array.isArray(before) && Array.isArray(after)) {
    const [old, now] = [keyedItems(before, after), keyedItems(after, before)];
    for (const name of names(old, now)) {
      collect({ path: `${path}[${name}]`, depth, found }, own(old, name), own(now, name));
    }
    return;
  }
  found.push({
    path,
    ...definedOnly({ before, after }),
  });
}

function own(record: Record<string, unknown>, name: string): unknown {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}

function names(before: object, after: object): Iterable<string> {
  return new Set([...Object.keys(after), ...Object.keys(before)]);
}

function memberText(name: string, isFirst: boolean): string {
  if (/^[A-Za-z_$][\w$-]*$/.test(name)) return isFirst ? name : `.${name}`;
  return `["${name.replace(/[\\"]/g, "\\$&")}"]`;
}

/** Fields that identify the items of the API's lists. */
const keyFields = ["name", "type", "uid"] as const;

/** Returns the items by a field that identifies all of both lists, else by their positions. */
function keyedItems(list: readonly unknown[], other: readonly unknown[]): Record<string, unknown> {
  const field = keyFields.find((name) => isKey(list, name) && isKey(other, name));
  return Object.fromEntries(list.map((item, index) => [
    field === undefined ? String(index) : `${field}=${(item as Record<string, unknown>)[field]}`,
    item,
  ]));
}

function isKey(list: readonly unknown[], field: string): boolean {
  const values = list.map((item) => isRecord(item) ? item[field] : undefined);
  return values.every((value) => typeof value === "string") &&
    new Set(values).size === values.length;
}
