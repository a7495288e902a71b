/**
 * A table that changes while a person reads it: rows in groups with columns of their own, sorted and filtered, with
 * recent changes marked, a viewport, and a pause of the display. Pure: {@link update} applies changes, {@link press}
 * applies a key, and `view.ts` draws it.
 */
import { parseQuantity } from "../base/quantity.ts";
import {
  editKeys,
  type EditLine,
  editLine,
  edits,
  insert,
  refusedPaste,
} from "../terminal/edit_line.ts";
import type { Line, Tone } from "../terminal/grid.ts";
import { droppedPasteText, type TerminalInput } from "../terminal/keys.ts";
import type { Size } from "../terminal/terminal.ts";
import { displayWidth } from "../terminal/width.ts";

/** A cell. An age grows by itself. */
export type LiveCell =
  | {
    kind: "text";
    /** Without control characters. */
    text: string;
    tone?: Tone;
    /**
     * The value by which the cell is sorted and compared; absent: the number that the text starts with, or else the
     * text.
     */
    sortBy?: number | string;
  }
  | {
    kind: "age";
    /** The start, in milliseconds of the epoch. */
    sinceMs: number;
    /** The start is known up to this; exactly if absent. */
    precisionMs?: number;
    /** Texts around the age, as in `3 (5m ago)`. */
    before?: string;
    after?: string;
    tone?: Tone;
    /** The value by which the cell is sorted; the age if absent. */
    sortBy?: number;
  };

/** A column of a group. */
export interface LiveColumn {
  title: string;
  align?: "right";
  /** It names the rows, and is never dropped. The first column, if none does. */
  isName?: boolean;
  /** If the screen is too narrow, the least important are dropped, and of equal ones the last. 0 if absent. */
  importance?: number;
}

/** Rows with the same columns. */
export interface TableGroup {
  id: string;
  columns: readonly LiveColumn[];
}

/** A row. */
export interface TableRow {
  /** Unique in the table. */
  id: string;
  /** The id of its group. */
  group: string;
  /** Orders the rows of a group that is not sorted by a column, and rows that are equal: in the order of code units. */
  order: string;
  cells: readonly LiveCell[];
}

/** A row with its recent changes, by the time of {@link LiveTable.nowMs}. */
export interface TableEntry {
  readonly row: TableRow;
  readonly addedAtMs?: number;
  /** The deleted row is still shown for a while. */
  readonly deletedAtMs?: number;
  /** When each cell got its text; absent: before there was anything to see. */
  readonly changedAtMs?: readonly (number | undefined)[];
}

/** The filter on the rows: a regular expression over their cells; `!` in front inverts it. */
export interface Filter {
  readonly text: string;
  /** The text isn't a regular expression, and is searched for as it is. */
  readonly isLiteral: boolean;
  readonly matches: (text: string) => boolean;
}

/** The column by which the rows are sorted: that of each group with this title. */
export interface TableSort {
  title: string;
  descending: boolean;
}

/** A line of the body. */
export type BodyLine =
  | { readonly kind: "header"; readonly group: TableGroup }
  | { readonly kind: "row"; readonly group: TableGroup; readonly entry: TableEntry }
  | { readonly kind: "blank" };

/** The purpose of the line that is being typed at the bottom. */
export interface TypedLine {
  readonly purpose: "filter" | "save";
  readonly edit: EditLine;
}

/** The state of a table. Only {@link update} and {@link press} change it. */
export interface LiveTable {
  readonly size: Size;
  /** The epoch's milliseconds, for ages and marks. */
  readonly nowMs: number;
  /** Shown above the table: its subject. */
  readonly caption: Line;
  /** Shown below the table while nothing else is: the state of the source. */
  readonly status: Line;
  /** A message until the next key. */
  readonly notice: string | undefined;
  readonly groups: readonly TableGroup[];
  readonly entries: ReadonlyMap<string, TableEntry>;
  /** The widest that each column of a group has been: they never shrink, so that columns don't jump. */
  readonly widths: ReadonlyMap<string, readonly number[]>;
  /** Set while the display is paused: the shown rows, and the number of changes since then. */
  readonly paused:
    | {
      readonly entries: ReadonlyMap<string, TableEntry>;
      readonly nowMs: number;
      readonly changes: number;
    }
    | undefined;
  readonly filter: Filter | undefined;
  readonly sort: TableSort | undefined;
  readonly typing: TypedLine | undefined;
  readonly isHelp: boolean;
  /** The first line of {@link body} on the screen, and those of all matching rows. */
  readonly offset: number;
  readonly body: readonly BodyLine[];
  /** The number of rows in {@link body}, and of all rows, without deleted rows. */
  readonly matching: number;
  readonly total: number;
  /** The file name that saving proposes; absent: this table can't be saved. */
  readonly saveName: string | undefined;
  /** Whether its stream is being saved: the key then ends that. */
  readonly isSaving: boolean;
  /** Whether its rows can be explained. */
  readonly isExplainable: boolean;
  /** A part of a screen, whose other parts are its caption and its messages. */
  readonly isPart: boolean;
  /** The cursor and the marks; undefined for a table that is only read. */
  readonly selection: TableSelection | undefined;
}

/** Rows that a person points at. */
interface TableSelection {
  /** The row under the cursor, by its id; undefined if there is no row. */
  readonly cursor: string | undefined;
  /** Its line of the body, which another row gets if it disappears. */
  readonly line: number;
  /** Marked rows, by their ids. They may be filtered out. */
  readonly marked: ReadonlySet<string>;
}

/** Something that happened. */
export type TableEvent =
  | {
    kind: "changed";
    upserts: readonly TableRow[];
    removed: readonly string[];
    /** The number of changes that these are the result of. */
    changes: number;
    /** The first rows: nothing to mark. */
    isInitial?: boolean;
  }
  | { kind: "groups"; groups: readonly TableGroup[] }
  | { kind: "clock"; nowMs: number }
  | { kind: "resize"; size: Size }
  | { kind: "caption" | "status"; line: Line }
  | { kind: "notice"; text: string }
  | { kind: "saving"; isSaving: boolean };

/** A key's request to the caller. */
export type TableRequest =
  | { kind: "quit" }
  | { kind: "save"; file: string }
  | { kind: "endSave" }
  /** To explain the shown rows. */
  | { kind: "explain" }
  /** A key that the table doesn't know. */
  | { kind: "key"; key: string };

/** Recent changes are marked for this time, and deleted rows stay. */
export const markMs = 3000;

/** Returns a table without rows. */
export function liveTable(start: {
  size: Size;
  nowMs: number;
  caption: Line;
  groups?: readonly TableGroup[];
  sort?: TableSort | undefined;
  filter?: string;
  saveName?: string;
  isExplainable?: boolean;
  isPart?: boolean;
  /** Rows can be pointed at and marked. */
  isSelectable?: boolean;
}): LiveTable {
  const { filter = "", isSelectable = false, ...others } = start;
  const selection = isSelectable
    ? { cursor: undefined, line: 0, marked: new Set<string>() }
    : undefined;
  return arranged({
    ...{ status: [], notice: undefined, groups: [], entries: new Map(), widths: new Map() },
    ...{ paused: undefined, sort: undefined, typing: undefined, isHelp: false, offset: 0 },
    ...{ body: [], matching: 0, total: 0, saveName: undefined, isSaving: false },
    ...{ isExplainable: false, isPart: false, filter: parseFilter(filter), selection },
    ...others,
  });
}

/** A table that applies changes of rows only when it is drawn: thousands a second cost as much as a few. */
export class BufferedTable {
  #upserts = new Map<string, TableRow>();
  #removed = new Set<string>();
  #changes = 0;

  constructor(private table: LiveTable) {}

  /** The state with all changes so far. */
  get current(): LiveTable {
    if (this.#upserts.size > 0 || this.#removed.size > 0) {
      const changes = {
        upserts: [...this.#upserts.values()],
        removed: [...this.#removed],
        changes: this.#changes,
      };
      this.#upserts = new Map();
      this.#removed = new Set();
      this.#changes = 0;
      this.table = update(this.table, { kind: "changed", ...changes });
    }
    return this.table;
  }

  /** Replaces the state, with a state that was made of {@link current}. */
  set current(table: LiveTable) {
    this.table = table;
  }

  /** Applies an event. */
  update(event: TableEvent): void {
    if (event.kind !== "changed" || event.isInitial === true) {
      this.table = update(this.current, event);
      return;
    }
    for (const row of event.upserts) {
      // A row that was deleted and came again within a frame is new.
      if (this.#removed.has(row.id)) void this.current;
      this.#upserts.set(row.id, row);
    }
    for (const id of event.removed) this.#removed.add(id);
    this.#changes += event.changes;
  }
}

/** Applies an event. */
export function update(table: LiveTable, event: TableEvent): LiveTable {
  switch (event.kind) {
    case "changed":
      return changed(table, event);
    case "groups":
      return arranged({ ...table, groups: event.groups });
    case "clock":
      return atTime(table, event.nowMs);
    case "resize":
      return withCursorShown(scrolled({ ...table, size: event.size }, 0));
    case "caption":
      return { ...table, caption: event.line };
    case "status":
      return { ...table, status: event.line };
    case "notice":
      return { ...table, notice: event.text };
    case "saving":
      return { ...table, isSaving: event.isSaving };
  }
}

function changed(
  table: LiveTable,
  { upserts, removed, changes, isInitial = false }: Extract<TableEvent, { kind: "changed" }>,
): LiveTable {
  const entries = new Map(table.entries);
  const widths = new Map(table.widths);
  const { nowMs } = table;
  for (const row of upserts) {
    const before = entries.get(row.id);
    entries.set(row.id, isInitial ? { row } : marked(before, row, nowMs));
    widths.set(row.group, widest(widths.get(row.group) ?? [], row));
  }
  for (const id of removed) {
    const entry = entries.get(id);
    if (entry !== undefined) entries.set(id, { row: entry.row, deletedAtMs: nowMs });
  }
  const { paused } = table;
  if (paused === undefined) return arranged({ ...table, entries, widths });
  return { ...table, entries, widths, paused: { ...paused, changes: paused.changes + changes } };
}

/** A deleted row that comes again is new. */
function marked(before: TableEntry | undefined, row: TableRow, nowMs: number): TableEntry {
  if (before === undefined || before.deletedAtMs !== undefined) return { row, addedAtMs: nowMs };
  const changedAtMs = row.cells.map((cell, index) =>
    sameCell(cell, before.row.cells[index]) ? before.changedAtMs?.[index] : nowMs
  );
  return {
    row,
    ...(before.addedAtMs === undefined ? {} : { addedAtMs: before.addedAtMs }),
    ...(changedAtMs.every((one) => one === undefined) ? {} : { changedAtMs }),
  };
}

function sameCell(a: LiveCell, b: LiveCell | undefined): boolean {
  if (a.kind === "age") {
    return b?.kind === "age" && a.before === b.before &&
      Math.abs(a.sinceMs - b.sinceMs) <= Math.max(a.precisionMs ?? 0, b.precisionMs ?? 0);
  }
  if (b?.kind !== "text") return false;
  return a.sortBy === undefined ? a.text === b.text : a.sortBy === b.sortBy;
}

/** Ages reserve their maximum width: they grow without a change of their row. */
const ageColumns = 6;

function widest(widths: readonly number[], { cells }: TableRow): readonly number[] {
  const own = cells.map((cell) =>
    cell.kind === "text"
      ? displayWidth(cell.text)
      : displayWidth(`${cell.before ?? ""}${cell.after ?? ""}`) + ageColumns
  );
  return own.every((width, index) => width <= (widths[index] ?? 0))
    ? widths
    : own.map((width, index) => Math.max(width, widths[index] ?? 0));
}

/** Rows whose deletion was shown long enough are dropped. */
function atTime(table: LiveTable, nowMs: number): LiveTable {
  const over = table.entries.values()
    .filter(({ deletedAtMs }) => deletedAtMs !== undefined && nowMs - deletedAtMs >= markMs)
    .map(({ row }) => row.id).toArray();
  if (over.length === 0) return { ...table, nowMs };
  const entries = new Map(table.entries);
  for (const id of over) entries.delete(id);
  return arranged({ ...table, nowMs, entries });
}

/** Returns the time as of which the table is shown. */
export function shownMs({ nowMs, paused }: LiveTable): number {
  return paused?.nowMs ?? nowMs;
}

/** Filters and sorts the rows again. */
function arranged(table: LiveTable): LiveTable {
  const entries = table.paused?.entries ?? table.entries;
  const matches = table.filter?.matches;
  const byGroup = new Map<string, TableEntry[]>(table.groups.map(({ id }) => [id, []]));
  let [matching, total] = [0, 0];
  for (const entry of entries.values()) {
    const counted = entry.deletedAtMs === undefined ? 1 : 0;
    total += counted;
    if (matches !== undefined && !matches(rowText(entry.row))) continue;
    const group = byGroup.get(entry.row.group);
    if (group === undefined) continue;
    matching += counted;
    group.push(entry);
  }
  const isSingle = table.groups.length === 1;
  const body = table.groups.flatMap((group, index): BodyLine[] => {
    const own = byGroup.get(group.id) ?? [];
    if (own.length === 0 && !isSingle) return [];
    return [
      ...(index === 0 ? [] : [{ kind: "blank" } as const]),
      { kind: "header", group },
      ...sorted(own, group, table.sort).map((entry): BodyLine => ({ kind: "row", group, entry })),
    ];
  });
  if (body[0]?.kind === "blank") body.shift();
  return pointed(scrolled({ ...table, body, matching, total }, 0));
}

/** The text of a row that a filter searches. Ages aren't searched: they change every second. */
function rowText({ cells }: TableRow): string {
  return cells.flatMap((cell) => cell.kind === "text" ? [cell.text] : cell.before ?? []).join(" ");
}

function sorted(
  entries: TableEntry[],
  group: TableGroup,
  sort: TableSort | undefined,
): TableEntry[] {
  const index = sort === undefined
    ? -1
    : group.columns.findIndex(({ title }) => title === sort.title);
  const direction = sort?.descending && index >= 0 ? -1 : 1;
  const keyed = entries.map((entry) => ({
    entry,
    key: index < 0 ? entry.row.order : sortKey(entry.row.cells[index]),
  }));
  keyed.sort((a, b) =>
    compareKeys(a.key, b.key) * direction || compareKeys(a.entry.row.order, b.entry.row.order)
  );
  return keyed.map(({ entry }) => entry);
}

function sortKey(cell: LiveCell | undefined): number | string {
  if (cell === undefined) return "";
  // The youngest first, as its age is the smallest.
  if (cell.kind === "age") return cell.sortBy ?? -cell.sinceMs;
  if (cell.sortBy !== undefined) return cell.sortBy;
  const [quantity, number] = /^(-?\d+(?:\.\d+)?)[a-zA-Z]{0,2}(?![a-zA-Z\d.])/.exec(cell.text) ?? [];
  return quantity === undefined ? cell.text : parseQuantity(quantity) ?? Number(number);
}

/** Numbers come before texts. */
function compareKeys(a: number | string, b: number | string): number {
  if (typeof a !== typeof b) return typeof a === "number" ? -1 : 1;
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Returns the filter of a text; undefined for an empty text. Case counts if the text has a capital letter. */
export function parseFilter(text: string): Filter | undefined {
  const isInverse = text.startsWith("!");
  const wanted = isInverse ? text.slice(1) : text;
  if (wanted === "") return undefined;
  const flags = wanted === wanted.toLowerCase() ? "iu" : "u";
  let expression: RegExp;
  let isLiteral = false;
  try {
    expression = new RegExp(wanted, flags);
  } catch {
    isLiteral = true;
    expression = new RegExp(wanted.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&"), flags);
  }
  return { text, isLiteral, matches: (row) => expression.test(row) !== isInverse };
}

/** Rows of the screen for the body: all but the caption and the line at the bottom, if there is room for these. */
export function bodyRows({ isPart, size: { rows } }: LiveTable): number {
  if (isPart) return rows;
  return rows >= 4 ? rows - 2 : Math.max(1, rows - 1);
}

/** Moves the viewport. From the second line on, the header of its first row is shown above it. */
function scrolled(table: LiveTable, lines: number): LiveTable {
  const visible = bodyRows(table);
  const most = table.body.length <= visible ? 0 : table.body.length - visible + 1;
  return { ...table, offset: Math.max(0, Math.min(table.offset + lines, most)) };
}

/* The cursor and the marks. */

/** The cursor stays on its row; if that is removed, on the row that is there now. */
function pointed(table: LiveTable): LiveTable {
  const { selection, body } = table;
  if (selection === undefined) return table;
  const idAt = (line: number) => {
    const one = body[line];
    return one?.kind === "row" ? one.entry.row.id : undefined;
  };
  let { line } = selection;
  if (selection.cursor === undefined || idAt(line) !== selection.cursor) {
    const found = selection.cursor === undefined
      ? -1
      : body.findIndex((one) => one.kind === "row" && one.entry.row.id === selection.cursor);
    line = found >= 0 ? found : nearestRow(body, line);
  }
  const cursor = idAt(line);
  // A viewport that shows its start stays there while rows come.
  return withCursorShown({
    ...table,
    selection: { ...selection, cursor, line: Math.max(0, line) },
  });
}

/** Returns the line of the row nearest to a line; -1 if there is none. */
function nearestRow(body: readonly BodyLine[], line: number): number {
  for (let distance = 0; distance < body.length + 1; distance++) {
    for (const at of [line - distance, line + distance]) {
      if (body[at]?.kind === "row") return at;
    }
  }
  return -1;
}

function withCursorShown(table: LiveTable): LiveTable {
  const { selection, offset } = table;
  if (selection?.cursor === undefined) return table;
  const { line } = selection;
  // From the second line on, a header is shown above the first.
  const visible = Math.max(1, bodyRows(table) - (offset > 0 ? 1 : 0));
  if (line < offset || line === 1 && offset === 1) {
    return { ...table, offset: line <= 1 ? 0 : line };
  }
  if (line < offset + visible) return table;
  return { ...table, offset: line - Math.max(1, bodyRows(table) - 1) + 1 };
}

/** Moves the cursor by a number of rows. Without a cursor, it scrolls. */
export function movedBy(table: LiveTable, rows: number): LiveTable {
  const { selection, body } = table;
  if (selection === undefined) return scrolled(table, rows);
  const step = rows < 0 ? -1 : 1;
  let { line } = selection;
  let remaining = Math.abs(rows);
  for (let at = line + step; remaining > 0 && at >= 0 && at < body.length; at += step) {
    if (body[at]?.kind !== "row") continue;
    line = at;
    remaining--;
  }
  return movedTo(table, line);
}

/** Moves the cursor to a line of the body, if a row is there. */
export function movedTo(table: LiveTable, line: number): LiveTable {
  const { selection, body } = table;
  const one = body[line];
  if (selection === undefined || one?.kind !== "row") return table;
  return withCursorShown({ ...table, selection: { ...selection, cursor: one.entry.row.id, line } });
}

/** Returns the line of the body that is drawn in a row of the table, counted from 0; -1 for a header. */
export function lineAt({ offset, body }: LiveTable, row: number): number {
  const hasHeader = body[offset]?.kind === "row";
  return hasHeader ? (row === 0 ? -1 : offset + row - 1) : offset + row;
}

/** Marks the row under the cursor, or removes its mark, and moves to the next row. */
export function markToggled(table: LiveTable): LiveTable {
  const { selection } = table;
  if (selection?.cursor === undefined) return table;
  const marked = new Set(selection.marked);
  if (!marked.delete(selection.cursor)) marked.add(selection.cursor);
  return movedBy({ ...table, selection: { ...selection, marked } }, 1);
}

/** Marks all rows that match the filter; if they all are marked, removes all marks. */
export function allMarked(table: LiveTable): LiveTable {
  const { selection, body } = table;
  if (selection === undefined) return table;
  const ids = body.flatMap((one) =>
    one.kind === "row" && one.entry.deletedAtMs === undefined ? [one.entry.row.id] : []
  );
  const isAll = ids.every((id) => selection.marked.has(id));
  const marked = isAll ? new Set<string>() : selection.marked.union(new Set(ids));
  return { ...table, selection: { ...selection, marked } };
}

/** Removes all marks. */
export function unmarked(table: LiveTable): LiveTable {
  const { selection } = table;
  return selection === undefined
    ? table
    : { ...table, selection: { ...selection, marked: new Set() } };
}

/** Returns the ids of the marked rows that exist, in their order; without marks that of the row under the cursor. */
export function selectedIds({ selection, entries, body }: LiveTable): string[] {
  if (selection === undefined) return [];
  const exists = (id: string) =>
    entries.get(id) !== undefined &&
    entries.get(id)?.deletedAtMs === undefined;
  if (selection.marked.size === 0) {
    return selection.cursor !== undefined && exists(selection.cursor) ? [selection.cursor] : [];
  }
  const shown = body.flatMap((one) =>
    one.kind === "row" && selection.marked.has(one.entry.row.id) ? [one.entry.row.id] : []
  );
  return [...new Set([...shown, ...selection.marked])].filter(exists);
}

/** Filters the rows; an empty text shows all. */
export function filteredBy(table: LiveTable, text: string): LiveTable {
  return arranged({ ...table, filter: parseFilter(text) });
}

/** Sorts by the next or the previous column: each title once, and before them the order without a column. */
export function sortedByNext(table: LiveTable, step: 1 | -1): LiveTable {
  const { groups, sort } = table;
  const titles = [...new Set(groups.flatMap(({ columns }) => columns.map(({ title }) => title)))];
  const at = sort === undefined ? 0 : titles.indexOf(sort.title) + 1;
  const title = titles[(at + step + titles.length + 1) % (titles.length + 1) - 1];
  return arranged({ ...table, sort: title === undefined ? title : { title, descending: false } });
}

/** Reverses the order; that of the first column if there is none. */
export function orderReversed(table: LiveTable): LiveTable {
  const { groups, sort } = table;
  const title = sort?.title ?? groups[0]?.columns[0]?.title;
  const descending = !(sort?.descending ?? false);
  return arranged({ ...table, sort: title === undefined ? title : { title, descending } });
}

/** Pauses the display, or shows the changes since then. */
export function pauseToggled(table: LiveTable): LiveTable {
  const { paused, entries, nowMs } = table;
  if (paused === undefined) return { ...table, paused: { entries, nowMs, changes: 0 } };
  return arranged({ ...table, paused: undefined });
}

/** Applies a person's input. */
export function press(
  table: LiveTable,
  input: TerminalInput,
): { table: LiveTable; request?: TableRequest } {
  if (input.kind === "mouse") {
    const lines = input.action === "wheelUp" ? -3 : input.action === "wheelDown" ? 3 : 0;
    return { table: scrolled(table, lines) };
  }
  if (input.kind === "position") return { table };
  const quiet = table.notice === undefined ? table : { ...table, notice: undefined };
  if (input.kind === "droppedPaste") {
    return { table: { ...quiet, notice: droppedPasteText(input.characters) } };
  }
  if (quiet.typing !== undefined) return typed(quiet, quiet.typing, input);
  if (input.kind === "paste") return { table: quiet };
  if (input.kind === "key") return pressed(quiet, input.key);
  // Keys that come together, as a terminal that is slow sends them.
  const [first = "", ...others] = input.text;
  const result = pressed(quiet, first);
  if (others.length === 0 || result.request !== undefined) return result;
  return press(result.table, { kind: "text", text: others.join("") });
}

/** The keys of a table and their effects, for its help. */
export const tableKeys: readonly (readonly [keys: string, does: string])[] = [
  ["/", "filter the rows by a regular expression; ! in front inverts it"],
  ["Esc", "clear the filter"],
  ["Space", "pause the display, or show the changes since then; the watch continues"],
  ["< >", "sort by another column"],
  ["r", "reverse the order"],
  ["Up Down PgUp PgDn", "scroll; also k, j, g for the start and G for the end"],
  ["s", "save the stream to a file, or end that"],
  ["?", "this help"],
  ["q", "quit"],
];

/** The key of a table that can be explained. */
export const explainKey: (typeof tableKeys)[number] = [
  "e",
  "let a language model explain what is shown; the watch continues",
];

function pressed(table: LiveTable, key: string): { table: LiveTable; request?: TableRequest } {
  if (key === "q" || key === "ctrl-c" || key === "ctrl-d") {
    return { table, request: { kind: "quit" } };
  }
  if (table.isHelp) return { table: { ...table, isHelp: false } };
  switch (key) {
    case "/":
      return {
        table: {
          ...table,
          typing: { purpose: "filter", edit: editLine(table.filter?.text ?? "") },
        },
      };
    case "esc":
      return { table: filteredBy(table, "") };
    case " ":
      return { table: pauseToggled(table) };
    case "<":
      return { table: sortedByNext(table, -1) };
    case ">":
      return { table: sortedByNext(table, 1) };
    case "r":
      return { table: orderReversed(table) };
    case "?":
    case "f1":
      return { table: { ...table, isHelp: true } };
    case "s":
      if (table.saveName === undefined) return { table, request: { kind: "key", key } };
      if (table.isSaving) return { table, request: { kind: "endSave" } };
      return { table: { ...table, typing: { purpose: "save", edit: editLine(table.saveName) } } };
    case "e":
      return { table, request: table.isExplainable ? { kind: "explain" } : { kind: "key", key } };
  }
  const lines = scrolls[key]?.(Math.max(1, bodyRows(table) - 2), table.body.length);
  if (lines !== undefined) return { table: scrolled(table, lines) };
  return { table, request: { kind: "key", key } };
}

type Scroll = (page: number, all: number) => number;
const [up, down]: [Scroll, Scroll] = [() => -1, () => 1];
const [home, end]: [Scroll, Scroll] = [(_, all) => -all, (_, all) => all];

/** The lines that a key scrolls. */
const scrolls: Readonly<Record<string, Scroll>> = {
  ...{ up, k: up, down, j: down, enter: down, home, g: home, end, G: end },
  ...{ "page-up": (page) => -page, "page-down": (page) => page },
};

function typed(
  table: LiveTable,
  typing: TypedLine,
  input: Extract<TerminalInput, { kind: "key" | "text" | "paste" }>,
): { table: LiveTable; request?: TableRequest } {
  if (input.kind !== "key") {
    const notice = refusedPaste(typing.edit, input);
    if (notice !== undefined) return { table: { ...table, notice } };
    return { table: withLine(table, { ...typing, edit: insert(input.text)(typing.edit) }) };
  }
  const done = { ...table, typing: undefined };
  switch (input.key) {
    case "enter": {
      const file = typing.edit.text.trim();
      return typing.purpose === "filter" || file === ""
        ? { table: done }
        : { table: done, request: { kind: "save", file } };
    }
    case "esc":
    case "ctrl-c":
    case "ctrl-g":
      return { table: typing.purpose === "filter" ? filteredBy(done, "") : done };
    default: {
      const edit = editKeys[input.key];
      if (edit === undefined) return { table };
      return { table: withLine(table, { ...typing, edit: edits[edit](typing.edit) }) };
    }
  }
}

/** A filter is applied while it is typed. */
function withLine(table: LiveTable, typing: TypedLine): LiveTable {
  const next = { ...table, typing };
  return typing.purpose === "filter" ? filteredBy(next, typing.edit.text) : next;
}
