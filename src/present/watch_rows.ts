/** Watched objects as rows of tables: the server's own columns, or those of paths. */
import { columnText, type PathColumn } from "../actions/watch/columns.ts";
import {
  type ApiResource,
  isOfKubernetes,
  type ObjectChange,
  type WatchedObject,
} from "../actions/watch/watch.ts";
import { plainText } from "../base/plain_text.ts";
import type { LiveCell, LiveColumn, TableGroup, TableRow } from "../table/live_table.ts";
import type { Tone } from "../terminal/grid.ts";
import { printable } from "../terminal/printable.ts";
import { naturalKey, statusTone } from "./pod_rows.ts";

/** How objects are named and what is shown of them. */
export interface WatchRowsOptions {
  /** The order of the groups. */
  resources: readonly ApiResource[];
  /** Objects of several contexts and namespaces have a column for it, of several kinds the kind in the name. */
  showContext: boolean;
  showNamespace: boolean;
  showKind: boolean;
  /** The columns of `kubectl get -o wide` as well. */
  isWide: boolean;
  /** Instead of the server's columns. */
  columns?: readonly PathColumn[];
}

/** A free text, such as the message of an Event, is cut to this length. */
const maxCellLength = 300;

/** Turns changes into rows. A group is a kind: its columns are known once an object of it is. */
export class WatchRows {
  readonly #groups = new Map<string, TableGroup>();

  constructor(private readonly options: WatchRowsOptions) {}

  /** The groups of all rows so far; another array if one has come or changed. */
  groups: readonly TableGroup[] = [];

  /** Returns the row of an object. */
  rowOf({ key, object }: Pick<ObjectChange, "key" | "object">): TableRow {
    const { resource, fields, isRelated } = object;
    const { name = "", namespace = "", creationTimestamp } = (fields["metadata"] ?? {}) as Record<
      string,
      string | undefined
    >;
    const { showContext, showNamespace, showKind } = this.options;
    const id = groupId(resource, isRelated);
    const shownName = showKind && !isRelated ? `${resource.kind.toLowerCase()}/${name}` : name;
    const own = this.#ownCells(object, shownName, creationTimestamp);
    const columns = [
      ...(showContext ? [{ title: "CONTEXT", importance: 2 }] : []),
      ...(showNamespace && resource.namespaced ? [{ title: "NAMESPACE", importance: 2 }] : []),
      ...own.map(({ column }) => column),
    ];
    this.#use(id, columns);
    return {
      id: key,
      group: id,
      // The newest Event first.
      order: isRelated
        ? String(Number.MAX_SAFE_INTEGER - lastSeenMs(fields))
        : [object.context, namespace, name].map(naturalKey).join("\0"),
      cells: [
        ...(showContext ? [text(object.context)] : []),
        ...(showNamespace && resource.namespaced ? [text(namespace)] : []),
        ...own.map(({ cell }) => cell),
      ],
    };
  }

  #use(id: string, columns: readonly LiveColumn[]): void {
    const known = this.#groups.get(id)?.columns;
    const isSame = known?.length === columns.length &&
      known.every(({ title }, index) => title === columns[index]?.title);
    if (isSame) return;
    this.#groups.set(id, { id, columns });
    // Events come below the objects that they are about.
    const order = this.options.resources.map((one) => groupId(one, false));
    const position = ({ id }: TableGroup) => order.includes(id) ? order.indexOf(id) : order.length;
    this.groups = [...this.#groups.values()].toSorted((a, b) => position(a) - position(b));
  }

  #ownCells(
    { resource, fields, printed, isRelated }: WatchedObject,
    name: string,
    creationTimestamp: string | undefined,
  ): { column: LiveColumn; cell: LiveCell }[] {
    const { columns, isWide } = this.options;
    if (columns !== undefined && !isRelated) {
      return columns.map((one, index) => ({
        column: { title: one.title, isName: index === 0 },
        cell: text(columnText(one, fields)),
      }));
    }
    if (printed === undefined) {
      const sinceMs = Date.parse(creationTimestamp ?? "");
      const age: LiveCell = Number.isNaN(sinceMs) ? text("") : { kind: "age", sinceMs };
      return [
        { column: { title: "NAME", isName: true }, cell: text(name) },
        { column: { title: "AGE" }, cell: age },
      ];
    }
    return printed.columns.flatMap((column, index) => {
      if (column.isWide && !isWide) return [];
      const title = printable(column.name).toUpperCase();
      const value = printed.cells[index];
      const age = printed.ages?.[index];
      const shown = typeof value === "string"
        ? value
        : value === null || value === undefined
        ? ""
        : JSON.stringify(value);
      const cell = column.isName
        ? text(name)
        : age !== undefined
        ? { kind: "age", ...age, ...meaningOf(resource, title, shown) } as const
        : { ...text(shown), ...meaningOf(resource, title, shown) };
      const isName = column.isName || title === "OBJECT";
      return [{ column: { title, isName, importance: importance[title] ?? 0 }, cell }];
    });
  }
}

/** On a narrow screen these stay the longest. */
const importance: Readonly<Record<string, number>> = {
  STATUS: 3,
  READY: 2,
  TYPE: 1,
  REASON: 2,
  MESSAGE: 3,
};

/** Returns the tone and the order of a cell: only of Kubernetes' own kinds it is known what a title means. */
function meaningOf(
  resource: ApiResource,
  title: string,
  shown: string,
): { tone?: Tone; sortBy?: number } {
  if (!isOfKubernetes(resource)) return {};
  switch (title) {
    case "STATUS":
      return { tone: statusTones[shown] ?? statusTone(shown) };
    case "READY": {
      const [, ready, all] = /^(\d+)\/(\d+)$/.exec(shown) ?? [];
      return ready === all ? {} : { tone: "warn" };
    }
    case "TYPE":
      return resource.kind === "Event" && shown === "Warning" ? { tone: "warn" } : {};
    case "RESTARTS": {
      const restarts = /^\d+/.exec(shown)?.[0];
      if (restarts === undefined || resource.kind !== "Pod") return {};
      const sortBy = Number(restarts);
      return { tone: sortBy > 0 ? "warn" : "plain", sortBy };
    }
    default:
      return {};
  }
}

/** Statuses of other kinds than pods. */
const statusTones: Readonly<Record<string, Tone>> = {
  Active: "good",
  Bound: "good",
  Available: "good",
  Ready: "good",
  Complete: "dim",
};

function text(value: string, tone: Tone = "plain"): Extract<LiveCell, { kind: "text" }> {
  return { kind: "text", text: plainText(value, maxCellLength), tone };
}

/** Returns when an Event was last seen, in milliseconds of the epoch; 0 if it has no time. */
function lastSeenMs(fields: WatchedObject["fields"]): number {
  const series = (fields["series"] ?? {}) as Record<string, unknown>;
  const times = [series["lastObservedTime"], fields["lastTimestamp"], fields["eventTime"]];
  const time = times.find((one) => typeof one === "string");
  return (typeof time === "string" && Date.parse(time)) || 0;
}

function groupId({ plural, group }: ApiResource, isRelated: boolean): string {
  return `${isRelated ? "~" : ""}${plural}.${group}`;
}
