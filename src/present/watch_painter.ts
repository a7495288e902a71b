/** Formats what a watch reports: lines of a table, or data. */
import type { FieldChange, ObjectChange, WatchedEvent } from "../actions/watch/watch.ts";
import { plainText } from "../base/plain_text.ts";
import type { TableRow } from "../table/live_table.ts";
import { cellText } from "../table/view.ts";
import type { Painter } from "../terminal/driver/drive.ts";
import { messagePiece, printable } from "../terminal/printable.ts";
import type { Piece } from "../terminal/terminal.ts";
import { displayWidth } from "../terminal/width.ts";
import { WatchRows, type WatchRowsOptions } from "./watch_rows.ts";

/** Display options of a watch. */
export interface WatchPainterOptions {
  format: "text" | "jsonl";
  /** Prints the fields that a change has changed. */
  diff: boolean;
  /** How rows are shown, once it is known what is watched. */
  rows: (started: Extract<WatchedEvent, { kind: "started" }>) => WatchRowsOptions;
}

/** Formats the events of one watch, as `kubectl get --watch --output-watch-events` does. */
export class WatchPainter implements Painter<WatchedEvent> {
  #rows: WatchRows | undefined;
  /** Widths of the columns so far, by group: they only grow. */
  readonly #widths = new Map<string, number[]>();
  readonly #headed = new Set<string>();
  /** Every object that existed has been printed. */
  #isComplete = false;

  constructor(private readonly options: WatchPainterOptions) {}

  paint(event: WatchedEvent): readonly Piece[] {
    const { format, diff } = this.options;
    if (event.kind === "started") this.#rows = new WatchRows(this.options.rows(event));
    if (format === "jsonl") {
      const lines = watchLines(event, { diff });
      return lines.length === 0 ? [] : [out(lines)];
    }
    const isFirst = event.kind === "inSync" && !this.#isComplete;
    this.#isComplete ||= event.kind === "inSync";
    const message = isFirst && this.#headed.size === 0
      ? "nothing matches yet: objects are shown as they come"
      : watchMessage(event);
    if (message !== undefined) return [messagePiece(message)];
    if (event.kind !== "changed") return [];
    const shown = event.changes.filter(({ kind, object }) =>
      !(object.isRelated && kind === "deleted")
    );
    return shown.length === 0 ? [] : [out(this.#lines(shown))];
  }

  #lines(changes: readonly ObjectChange[]): string[] {
    const rows = this.#rows;
    if (rows === undefined) return [];
    const all = changes.map((change) => ({ change, row: rows.rowOf(change) }));
    const titles = new Map(
      rows.groups.map(({ id, columns }) => [id, ["EVENT", ...columns.map(({ title }) => title)]]),
    );
    const texts = all.map((
      { change, row },
    ) => [change.kind.toUpperCase(), ...cellTexts(row, change)]);
    for (const [index, { row: { group } }] of all.entries()) {
      this.#widen(group, texts[index] ?? [], titles.get(group) ?? []);
    }
    return all.flatMap(({ change, row: { group } }, index) => {
      const header = this.#headed.has(group) ? [] : [this.#line(group, titles.get(group) ?? [])];
      this.#headed.add(group);
      const isDiff = this.options.diff && !change.object.isRelated;
      const diff = isDiff ? change.changed.map((one) => `  ${fieldText(one)}`) : [];
      return [...header, this.#line(group, texts[index] ?? []), ...diff].map((line) => `${line}\n`);
    });
  }

  #widen(group: string, cells: readonly string[], titles: readonly string[]): void {
    const widths = this.#widths.get(group) ?? ["MODIFIED", ...titles.slice(1)].map(displayWidth);
    this.#widths.set(
      group,
      cells.map((cell, index) => Math.max(widths[index] ?? 0, displayWidth(cell))),
    );
  }

  #line(group: string, cells: readonly string[]): string {
    const widths = this.#widths.get(group) ?? [];
    return cells.map((cell, index) =>
      cell + " ".repeat(Math.max(0, (widths[index] ?? 0) - displayWidth(cell)) + 3)
    ).join("").trimEnd();
  }
}

function out(lines: readonly string[]): Piece {
  return { stream: "stdout", data: [lines.join("")] };
}

function cellTexts({ cells }: TableRow, { atMs }: ObjectChange): string[] {
  return cells.map((cell) => cellText(cell, atMs) || "<none>");
}

/** `status.phase: "Pending" -> "Running"`. */
function fieldText({ path, before, after }: FieldChange): string {
  const value = (one: unknown) =>
    one === undefined ? "(none)" : plainText(JSON.stringify(one), 120);
  return `${plainText(path, 200)}: ${value(before)} -> ${value(after)}`;
}

/** Returns the message of an event that isn't a change; undefined if there is nothing to say. */
export function watchMessage(event: WatchedEvent): string | undefined {
  switch (event.kind) {
    case "outOfSync":
      return printable(`${event.error.message}; trying again`);
    case "gap":
      return `the server no longer has all changes of ${event.resource.plural}: the differences follow, ` +
        "and states between them are unknown";
    default:
      return undefined;
  }
}

/** Returns an event as published data, a line of JSON each. */
export function watchLines(event: WatchedEvent, { diff }: { diff: boolean }): string[] {
  switch (event.kind) {
    case "started":
      return [];
    case "changed":
      return event.changes.map((change) => `${JSON.stringify(changeData(change, diff))}\n`);
    case "inSync":
      return [`${JSON.stringify({ type: "inSync" })}\n`];
    case "outOfSync":
      return [`${JSON.stringify({ type: "outOfSync", error: event.error.message })}\n`];
    case "gap":
      return [`${JSON.stringify({ type: "gap", resource: event.resource.plural })}\n`];
  }
}

function changeData(
  { kind, object, isInitial, changed, atMs }: ObjectChange,
  diff: boolean,
): Record<string, unknown> {
  return {
    type: kind,
    time: new Date(atMs).toISOString(),
    context: object.context,
    resource: object.resource.plural,
    ...(isInitial ? { initial: true } : {}),
    ...(object.isRelated ? { related: true } : {}),
    ...(kind === "modified" ? { changed: changed.map(({ path }) => path) } : {}),
    ...(kind === "modified" && diff ? { diff: changed } : {}),
    object: object.fields,
  };
}
