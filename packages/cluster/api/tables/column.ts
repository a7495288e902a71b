/** The columns of a table, and the text that cells of many kinds share. */
import { type Stored, valueAt } from "../../model.ts";

/** A cell of a table: JSON, as `kubectl get` prints it. */
type TableCell = string | number | boolean | null;

/** One column. Those of priority 1 are shown by `-o wide` alone. */
export interface TableColumn {
  name: string;
  type: "string" | "integer" | "boolean";
  format?: "name";
  priority: 0 | 1;
  cell(object: Stored, now: Date): TableCell;
}

/**
 * Returns a column that reads objects as their kind's type. Writes are checked against the schema, so they match it.
 */
export function column<T>(
  name: string,
  cell: (object: T, now: Date) => TableCell,
  options: { wide?: boolean; type?: TableColumn["type"] } = {},
): TableColumn {
  return {
    name,
    type: options.type ?? "string",
    priority: options.wide ? 1 : 0,
    cell: (object, now) => cell(object as unknown as T, now),
  };
}

/** Returns a column of the field at a path: the number of its items, if it is a list. */
export function field(
  name: string,
  path: string,
  absent: TableCell = "",
  options: { wide?: boolean; type?: TableColumn["type"] } = {},
): TableColumn {
  return column<Stored>(name, (object) => {
    const value = valueAt(object, path) ?? absent;
    return Array.isArray(value) ? value.length : value as TableCell;
  }, options);
}

/** Returns the columns of the containers of a template. */
export function containerColumns(path: string, options: { wide?: boolean }): TableColumn[] {
  const texts = (object: Stored, key: "name" | "image") =>
    ((valueAt(object, path) ?? []) as { name: string; image?: string }[])
      .map((each) => each[key] ?? "").join(",");
  return [
    column<Stored>("Containers", (object) => texts(object, "name"), options),
    column<Stored>("Images", (object) => texts(object, "image"), options),
  ];
}

/** The first column of nearly every kind. */
export const nameColumn: TableColumn = {
  name: "Name",
  type: "string",
  format: "name",
  priority: 0,
  cell: ({ metadata }) => metadata.name ?? "",
};

/** The time since creation. */
export const ageColumn: TableColumn = {
  name: "Age",
  type: "string",
  priority: 0,
  cell: ({ metadata }, now) => age(metadata.creationTimestamp, now),
};

/** Returns the time since then, as `kubectl get` writes it; `<unknown>` without a time. */
export function age(since: string | undefined, now: Date): string {
  if (since === undefined || since === null) return "<unknown>";
  return shortDuration(now.getTime() - new Date(since).getTime());
}

/** Returns at most two units, and the second only while the first is small: `5m30s`, `3h`, `2d4h`, `90d`. */
export function shortDuration(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  if (seconds < -1) return "<invalid>";
  if (seconds < 0) return "0s";
  if (seconds < 120) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 10) return withRest(minutes, "m", seconds % 60, "s");
  if (minutes < 180) return `${minutes}m`;
  const hours = Math.floor(minutes / 60);
  if (hours < 8) return withRest(hours, "h", minutes % 60, "m");
  if (hours < 48) return `${hours}h`;
  const days = Math.floor(hours / 24);
  if (hours < 192) return withRest(days, "d", hours % 24, "h");
  if (days < 730) return `${days}d`;
  const years = Math.floor(days / 365);
  return years < 8 ? withRest(years, "y", days % 365, "d") : `${years}y`;
}

function withRest(whole: number, unit: string, rest: number, restUnit: string): string {
  return rest === 0 ? `${whole}${unit}` : `${whole}${unit}${rest}${restUnit}`;
}

/** `<none>` if the text is empty. */
export function orNone(text: string | undefined): string {
  return text === undefined || text === "" ? "<none>" : text;
}

/** Returns a label selector in the form of the command line. */
export function selectorText(
  selector: {
    matchLabels?: Record<string, string>;
    matchExpressions?: readonly { key: string; operator: string; values?: readonly string[] }[];
  } | undefined,
): string {
  if (selector === undefined) return "<none>";
  const equalities = mapText(selector.matchLabels);
  const expressions = (selector.matchExpressions ?? []).map(expressionText);
  return orNone([...(equalities === "" ? [] : [equalities]), ...expressions].join(","));
}

function expressionText(
  { key, operator, values = [] }: { key: string; operator: string; values?: readonly string[] },
): string {
  switch (operator) {
    case "Exists":
      return key;
    case "DoesNotExist":
      return `!${key}`;
    default:
      return `${key} ${operator === "In" ? "in" : "notin"} (${values.toSorted().join(",")})`;
  }
}

/** Returns the first items of a list, and how many more there are. */
export function firstOf(items: readonly string[], most: number, separator: string): string {
  const shown = items.slice(0, most).join(separator);
  return items.length > most ? `${shown} + ${items.length - most} more...` : shown;
}

/** `a=1,b=2`, ordered by key. */
export function mapText(map: Record<string, string> | undefined): string {
  return Object.entries(map ?? {}).map(([key, value]) => `${key}=${value}`).sort().join(",");
}
