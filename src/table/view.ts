/** Draws a live table. Pure: a state with a size gives a grid of that size. */
import { ageText } from "../base/duration.ts";
import { plural } from "../base/plural.ts";
import { caretLine } from "../terminal/edit_line.ts";
import {
  clipLine,
  clipText,
  type Grid,
  type Line,
  lineWidth,
  padLine,
  type Span,
  span,
} from "../terminal/grid.ts";
import { displayWidth } from "../terminal/width.ts";
import {
  type BodyLine,
  bodyRows,
  explainKey,
  type LiveCell,
  type LiveTable,
  markMs,
  shownMs,
  type TableEntry,
  type TableGroup,
  tableKeys,
  type TypedLine,
} from "./live_table.ts";

/** Between two columns, as in kubectl's tables. */
const gapColumns = 3;
/** The width of the sign of a mark, in a table whose rows can be marked. */
const signColumns = 2;
/** The name isn't clipped below this width as long as other columns can be dropped. */
const leastNameColumns = 12;

/** Draws the whole table. However small the screen is, no line is wider. */
export function tableView(table: LiveTable): Grid {
  const { size: { columns, rows } } = table;
  const count = bodyRows(table);
  const body = table.isHelp ? helpLines(table) : bodyLines(table);
  const lines = [
    ...(rows >= 4 && !table.isPart ? [captionLine(table)] : []),
    ...Array.from({ length: count }, (_, index) => body[index] ?? []),
    ...(rows >= 2 && !table.isPart ? [bottomLine(table)] : []),
  ];
  return { lines: lines.map((line) => clipLine(line, columns)) };
}

function bodyLines(table: LiveTable): Line[] {
  const { body, offset, matching, total, size } = table;
  const nothing = [
    span(total > 0 ? "no row matches the filter" : "none yet: they are shown as they come", "dim"),
  ];
  if (body.length === 0) return [nothing];
  const visible = body.slice(offset, offset + bodyRows(table));
  const [first] = visible;
  const sticky: BodyLine[] = first?.kind === "row" ? [{ kind: "header", group: first.group }] : [];
  const columns = new Map(table.groups.map((group) => [group.id, shownColumns(table, group)]));
  const lines = [...sticky, ...visible].map((line) => bodyLine(table, line, columns));
  if (matching === 0 && size.rows > 3) lines.push(nothing);
  return lines;
}

function bodyLine(table: LiveTable, line: BodyLine, columns: ColumnsByGroup): Line {
  if (line.kind === "blank") return [];
  const shown = columns.get(line.group.id) ?? [];
  const { selection } = table;
  if (line.kind === "header") {
    const header = headerLine(table, line.group, shown);
    return selection === undefined ? header : [span(" ".repeat(signColumns)), ...header];
  }
  const row = rowLine(table, line.group, line.entry, shown);
  if (selection === undefined) return row;
  const { id } = line.entry.row;
  const isMarked = selection.marked.has(id);
  const sign = span(isMarked ? "● " : "  ", isMarked ? "sign" : "plain");
  if (selection.cursor !== id) return [sign, ...row];
  const under = padLine([sign, ...row], table.size.columns);
  return under.map((one) => ({ ...one, tone: one.tone === "match" ? "currentMatch" : "current" }));
}

/** A column as it is drawn. */
interface ShownColumn {
  index: number;
  width: number;
}

type ColumnsByGroup = ReadonlyMap<string, readonly ShownColumn[]>;

const isRight = (group: TableGroup, index: number) => group.columns[index]?.align === "right";

function titleOf({ sort }: LiveTable, group: TableGroup, index: number): string {
  const title = group.columns[index]?.title ?? "";
  if (sort?.title !== title) return title;
  return `${title} ${sort.descending ? "▼" : "▲"}`;
}

/** The columns that fit, and their widths. The column that names the row is never dropped. */
function shownColumns(table: LiveTable, group: TableGroup): ShownColumn[] {
  const widths = table.widths.get(group.id) ?? [];
  let columns = group.columns.map((_, index): ShownColumn => ({
    index,
    width: Math.max(widths[index] ?? 0, displayWidth(titleOf(table, group, index))),
  }));
  const total = () =>
    columns.reduce((sum, { width }) => sum + width, 0) + gapColumns * (columns.length - 1);
  const available = table.size.columns - (table.selection === undefined ? 0 : signColumns);
  const missing = () => total() - available;
  const importance = ({ index }: ShownColumn) => group.columns[index]?.importance ?? 0;
  const name = columns.find(({ index }) => group.columns[index]?.isName) ?? columns[0];
  if (name === undefined) return columns;
  while (columns.length > 1 && missing() > 0) {
    // A long name is clipped before a column is dropped for it, to half of what it would have alone.
    const alone = Math.min(name.width, available);
    if (name.width - missing() >= Math.max(leastNameColumns, alone / 2)) break;
    // A last column of free text is clipped instead, if a part of it fits.
    const last = columns.at(-1);
    const part = (last?.width ?? 0) - missing();
    if (last !== undefined && last !== name && last.width > 20 && part >= 10) {
      last.width = part;
      break;
    }
    const others = columns.filter((one) => one !== name);
    const least = Math.min(...others.map(importance));
    const dropped = others.findLast((one) => importance(one) === least);
    columns = columns.filter((one) => one !== dropped);
  }
  if (missing() > 0) name.width = Math.max(1, name.width - missing());
  return columns;
}

function headerLine(
  table: LiveTable,
  group: TableGroup,
  columns: readonly ShownColumn[],
): Line {
  return joined(
    columns.map(({ index, width }, at) =>
      padded(
        [span(clipText(titleOf(table, group, index), width), "strong")],
        width,
        isRight(group, index),
        at === columns.length - 1,
      )
    ),
  );
}

function rowLine(
  table: LiveTable,
  group: TableGroup,
  entry: TableEntry,
  columns: readonly ShownColumn[],
): Line {
  const nowMs = shownMs(table);
  const isNew = entry.addedAtMs !== undefined && nowMs - entry.addedAtMs < markMs;
  return joined(
    columns.map(({ index, width }, at) => {
      const cell = entry.row.cells[index];
      const changedMs = entry.changedAtMs?.[index];
      const isChanged = changedMs !== undefined && nowMs - changedMs < markMs;
      const tone = entry.deletedAtMs !== undefined
        ? "bad"
        : isChanged
        ? "changed"
        : isNew && at === 0
        ? "good"
        : cell?.tone ?? "plain";
      const text = clipText(cell === undefined ? "" : cellText(cell, nowMs), width);
      return padded(
        text === "" ? [] : [span(text, tone)],
        width,
        isRight(group, index),
        at === columns.length - 1,
      );
    }),
  );
}

/** Returns the text of a cell at a time in milliseconds of the epoch. */
export function cellText(cell: LiveCell, nowMs: number): string {
  if (cell.kind === "text") return cell.text;
  return `${cell.before ?? ""}${ageText(nowMs - cell.sinceMs)}${cell.after ?? ""}`;
}

function padded(line: Line, width: number, right: boolean, isLast: boolean): Line {
  const blanks = " ".repeat(Math.max(0, width - lineWidth(line)));
  if (right) return [span(blanks), ...line];
  return isLast ? line : [...line, span(blanks)];
}

function joined(cells: readonly Line[]): Line {
  const spans = cells.flatMap((cell, index): Line =>
    index === 0 ? cell : [span(" ".repeat(gapColumns)), ...cell]
  );
  return merged(spans.filter(({ text }) => text !== ""));
}

/** Joins neighbours of the same tone: a grid is painted span by span. */
function merged(spans: readonly Span[]): Line {
  const line: Span[] = [];
  for (const one of spans) {
    const last = line.at(-1);
    if (last?.tone === one.tone) line[line.length - 1] = span(last.text + one.text, one.tone);
    else line.push(one);
  }
  return line;
}

/** The caption, and at the right the number of rows. */
function captionLine(table: LiveTable): Line {
  const { caption, matching, total, filter, size: { columns } } = table;
  const count = filter === undefined ? `${total}` : `${matching} of ${total}`;
  const room = columns - displayWidth(count) - 1;
  if (room < 8) return clipLine(caption, columns);
  const left = clipLine(caption, room);
  return [...left, span(" ".repeat(room - lineWidth(left) + 1)), span(count, "dim")];
}

function bottomLine(table: LiveTable): Line {
  const { typing, notice, paused, filter, status, size: { columns } } = table;
  if (typing !== undefined) {
    const before: Line = notice === undefined ? [] : [span(`${notice}  `, "warn")];
    const line = caretLine(prompts[typing.purpose], typing.edit, columns - lineWidth(before));
    return [...before, ...line];
  }
  if (notice !== undefined) return [span(notice, "warn")];
  if (paused !== undefined) {
    const waiting = paused.changes === 0
      ? "no change waits"
      : `${plural(paused.changes, "change")} ${paused.changes === 1 ? "waits" : "wait"}`;
    return [
      span("display paused", "warn"),
      span(`: the watch continues, ${waiting}; `),
      span("space", "strong"),
      span(" shows them"),
    ];
  }
  const shown: Span[] = filter === undefined ? [] : [
    span(`/${filter.text}`, "match"),
    span(filter.isLiteral ? " (as text: not a regular expression)  " : "  ", "dim"),
  ];
  if (status.length > 0) return [...shown, ...status];
  return [...shown, ...hints(table, columns - lineWidth(shown))];
}

/** As many of the keys as fit. */
function hints({ filter, saveName, isSaving }: LiveTable, columns: number): Span[] {
  const all: readonly (readonly [string, string])[] = [
    ["?", "help"],
    ["q", "quit"],
    ["/", "filter"],
    ...(filter === undefined ? [] : [["esc", "clear"]] as const),
    ["space", "pause"],
    ["<>", "sort"],
    ...(saveName === undefined ? [] : [["s", isSaving ? "end saving" : "save"]] as const),
  ];
  const spans: Span[] = [];
  for (const [key, does] of all) {
    const next = [span(key, "strong"), span(` ${does}  `, "dim")];
    if (lineWidth(spans) + lineWidth(next) - 2 > columns) break;
    spans.push(...next);
  }
  return spans;
}

const prompts: Readonly<Record<TypedLine["purpose"], string>> = {
  filter: "/",
  save: "save to: ",
};

function helpLines({ isExplainable }: LiveTable): Line[] {
  const width = Math.max(...tableKeys.map(([keys]) => keys.length));
  const keys = [...(isExplainable ? [explainKey] : []), ...tableKeys];
  return [
    ...keys.map(([keys, does]): Line => [span(keys.padEnd(width + 2), "strong"), span(does)]),
    [],
    [span("A marked cell has changed within the last 3 seconds; a row in red was deleted.", "dim")],
  ];
}
