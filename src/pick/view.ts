/** Draws a picker's state. Pure: a state with a size gives a grid of that size. */
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
  type Tone,
} from "../terminal/grid.ts";
import { displayWidth } from "../terminal/width.ts";
import { type Area, layout } from "./layout.ts";
import { isComplete, type Match } from "./search.ts";
import {
  activeLevel,
  type Column,
  isMarkable,
  type Level,
  type LevelColumns,
  type LevelKind,
  type PickState,
} from "./state.ts";
import { helpScreen } from "./view_help.ts";
import { ageText } from "../base/duration.ts";
import { currentRow, listRow } from "./list.ts";
import { matchedPlaces } from "./match.ts";
import { type Cell, ownerOf, type Row } from "./row.ts";

/** Draws the whole picker. However small the screen is, no line is wider. */
export function view(state: PickState): Grid {
  const lines = state.help === undefined ? parts(state) : helpScreen(state);
  return { lines: lines.map((line) => clipLine(line, state.columns)) };
}

function parts(state: PickState): Line[] {
  const areas = layout(state);
  const main = mainLines(state, areas);
  const { preview } = areas;
  if (preview === undefined) return main;
  const pane = previewLines(state, preview);
  if (preview.column > 0) {
    const left = areas.list.columns;
    return main.map((line, index) => [...padLine(line, left), ...(pane[index] ?? [])]);
  }
  return [...pane, ...main];
}

function mainLines(state: PickState, parts: ReturnType<typeof layout>): Line[] {
  const { list: area, promptRow, infoRow, headerRow, preview } = parts;
  const above = preview !== undefined && preview.column === 0 ? preview.rows : 0;
  const lines: Line[] = Array.from({ length: state.rows - above }, () => []);
  const put = (row: number | undefined, line: Line) => {
    if (row !== undefined && row - above < lines.length) lines[row - above] = line;
  };
  listLines(state, area).forEach((line, index) => put(area.row + index, line));
  const level = activeLevel(state);
  put(headerRow, headerLine(state, level, shownColumns(state, level, area.columns), area.columns));
  put(infoRow, infoLine(state, level, area.columns));
  put(promptRow, promptLine(state, level, area.columns));
  return lines;
}

function listLines(state: PickState, area: Area): Line[] {
  const level = activeLevel(state);
  const { found } = level.list.search;
  const shown = found.slice(level.offset, level.offset + area.rows);
  const columns = shownColumns(state, level, area.columns);
  const lines = shown.map((match: Match) => rowLine(state, level, match, columns, area.columns));
  if (!level.loading && level.list.rows.length === 0 && state.notice === undefined) {
    lines.push(emptyLine(state, level));
  }
  while (lines.length < area.rows) lines.push([]);
  return state.settings.layout === "reverse" ? lines : lines.reverse();
}

/** In a namespace without pods, a hint mentions that there are other namespaces. */
function emptyLine({ settings }: PickState, { kind }: Level): Line {
  if (kind !== "pods") return [span("  nothing here", "dim")];
  const others = settings.switches ? "; ctrl-s: another namespace" : "";
  return [span(`  no pods here${others}`, "dim")];
}

const prompts: Readonly<Partial<Record<LevelKind, string>>> = {
  containers: "container> ",
  namespaces: "namespace> ",
  contexts: "context> ",
};

function promptLine(state: PickState, level: Level, columns: number): Line {
  const full = prompts[level.kind] ?? state.settings.prompt;
  const prompt = displayWidth(full) + 4 > columns ? "> " : full;
  return caretLine(prompt, level.line, columns);
}

function infoLine(state: PickState, level: Level, columns: number): Line {
  const { list, loading } = level;
  const marked = isMarkable(state) && state.chosen.size > 0 ? ` (${state.chosen.size})` : "";
  const busy = loading ? " loading…" : isComplete(list.search) ? "" : " searching…";
  const line: Line[number][] = [
    span(`  ${list.search.found.length}/${list.rows.length}${marked}`, "warn"),
    span(busy, "dim"),
  ];
  /** Adds a text: an error is clipped if it doesn't fit, any other text is omitted. */
  const say = (text: string, tone: "bad" | "dim"): boolean => {
    const room = columns - lineWidth(line) - 2;
    if (room < 4 || (tone === "dim" && displayWidth(text) > room)) return false;
    line.push(span(`  ${clipText(text, room)}`, tone));
    return true;
  };
  if (state.notice !== undefined) say(state.notice, "bad");
  const { purpose } = state.settings;
  if (purpose !== "" && state.notice === undefined) {
    // The most room that still leaves the hint of the help.
    const room = columns - lineWidth(line) - 4 - displayWidth(helpHint);
    if (room >= 8) line.push(span(`  ${clipText(purpose, room)}`));
  }
  const { context, namespace } = state.place;
  const place = [context, namespace].filter((one) => one !== undefined).join("/");
  if (place !== "") say(`in ${place}`, "dim");
  if (state.notice === undefined) say(hints(state, level), "dim") || say(helpHint, "dim");
  return line.filter(({ text }) => text !== "");
}

const helpHint = "?: help";

function hints(state: PickState, { kind }: Level): string {
  if (kind !== state.settings.of) return `esc: back  ${helpHint}`;
  return [
    ...(state.settings.multi ? ["tab: choose"] : []),
    ...(kind === "pods" ? ["→: containers"] : []),
    helpHint,
    ...(state.settings.switches ? ["^s: namespace", "^x: context"] : []),
  ].join("  ");
}

/* A row of a list, and the titles over its columns. */

/** A column that fits: its index among the cells, and its width. */
interface ShownColumn {
  index: number;
  width: number;
  column: Column;
}

/** The columns that fit on a screen, and the remaining width for the name. */
interface ShownColumns {
  name: number;
  others: readonly ShownColumn[];
}

/** The pointer and the mark. */
const signColumns = 2;
const gap = 2;

function columnsOf({ settings }: PickState, { kind }: Level): LevelColumns {
  return settings.columns[kind] ?? { name: "", others: [] };
}

/** Assigns width by importance, the name first. */
function shownColumns(state: PickState, level: Level, columns: number): ShownColumns {
  const { others, name } = columnsOf(state, level);
  const room = Math.max(1, columns - signColumns);
  const wanted = Math.max(level.list.widths[0] ?? 0, displayWidth(name));
  let left = room - wanted;
  const shown: ShownColumn[] = [];
  const byImportance = [...others.entries()].sort(([, a], [, b]) => b.importance - a.importance);
  for (const [index, column] of byImportance) {
    const width = Math.max(level.list.widths[index + 1] ?? 0, displayWidth(column.title));
    if (width + gap > left) break;
    left -= width + gap;
    shown.push({ index, width, column });
  }
  return {
    name: Math.min(room, wanted),
    others: shown.sort((a, b) => a.index - b.index),
  };
}

/** Draws the titles. */
function headerLine(
  state: PickState,
  level: Level,
  shown: ShownColumns,
  columns: number,
): Line {
  const titles = columnsOf(state, level);
  const cells = shown.others.map(({ column, width }) => {
    const blanks = " ".repeat(width - displayWidth(column.title));
    return " ".repeat(gap) +
      (column.align === "right" ? blanks + column.title : column.title + blanks);
  });
  const name = cutMiddle(titles.name, shown.name).map(({ character }) => character).join("");
  const blanks = " ".repeat(shown.name - displayWidth(name));
  const text = (" ".repeat(signColumns) + name + blanks + cells.join("")).trimEnd();
  return padded([span(text, "dim")], columns);
}

/** Draws a row of the list. */
function rowLine(
  state: PickState,
  level: Level,
  { entry }: Match,
  shown: ShownColumns,
  columns: number,
): Line {
  const { list } = level;
  const isCurrent = list.cursor?.entry === entry;
  const places = matchedPlaces(list.search.query, entry);
  const row = listRow(list, entry);
  const pointer = span(isCurrent ? ">" : " ", "sign");
  const marked = span(state.chosen.has(entry.id) ? ">" : " ", "sign");
  const name = nameSpans(entry.text, places, shown.name, isCurrent);
  const cells = shown.others.flatMap((one) => cellSpans(state, row, one, isCurrent));
  const line = [pointer, marked, ...name, ...cells];
  return isCurrent ? padLine(line, columns, "current") : line;
}

function nameSpans(
  text: string,
  places: ReadonlySet<number>,
  width: number,
  isCurrent: boolean,
): Span[] {
  const [usual, fitting]: [Tone, Tone] = isCurrent
    ? ["current", "currentMatch"]
    : ["plain", "match"];
  const spans: Span[] = [];
  let used = 0;
  for (const { character, index } of cutMiddle(text, width)) {
    const tone = places.has(index) ? fitting : usual;
    const last = spans.at(-1);
    if (last?.tone === tone) last.text += character;
    else spans.push(span(character, tone));
    used += displayWidth(character);
  }
  if (used < width) spans.push(span(" ".repeat(width - used), usual));
  return spans;
}

function cellSpans(
  state: PickState,
  row: Row | undefined,
  { index, width, column }: ShownColumn,
  isCurrent: boolean,
): Span[] {
  const cell = row?.cells[index];
  const text = cell === undefined ? "" : cellText(cell, state.nowMs);
  const blanks = " ".repeat(Math.max(0, width - displayWidth(text)));
  const tone = isCurrent ? "current" : cell?.kind === "text" ? cell.tone : "dim";
  const aligned = column.align === "right" ? blanks + text : text + blanks;
  return [span(" ".repeat(gap), isCurrent ? "current" : "plain"), span(aligned, tone)];
}

function cellText(cell: Cell, nowMs: number): string {
  return cell.kind === "age" ? ageText(nowMs - cell.sinceMs) : cell.text;
}

/** A character of a name, and its index there; -1 for the ellipsis. */
interface Placed {
  character: string;
  index: number;
}

/** Names of pods differ at their end and share their start: characters that don't fit are cut from the middle. */
function cutMiddle(text: string, width: number): Placed[] {
  const all: Placed[] = [];
  let index = 0;
  for (const character of text) {
    all.push({ character, index });
    index += character.length;
  }
  if (displayWidth(text) <= width) return all;
  const head = takeWidth(all, Math.ceil((width - 1) / 2));
  const tail = takeWidth([...all].reverse(), Math.floor((width - 1) / 2)).reverse();
  return [...head, { character: "…", index: -1 }, ...tail];
}

function takeWidth(placed: readonly Placed[], width: number): Placed[] {
  const taken: Placed[] = [];
  let used = 0;
  for (const one of placed) {
    used += displayWidth(one.character);
    if (used > width) break;
    taken.push(one);
  }
  return taken;
}

function padded(line: Line, columns: number): Line {
  return padLine(line, columns).slice(0, line.length);
}

/* The preview pane of the pod under the cursor. */

/** Returns the pane's lines, each as wide as the pane if it is beside the list. */
function previewLines(state: PickState, area: Area): Line[] {
  const beside = area.column > 0;
  const room = beside ? area.columns - 2 : area.columns;
  const rows = beside ? area.rows : area.rows - 1;
  const content = contentLines(state, room, rows);
  const lines = Array.from({ length: rows }, (_, index) => content[index] ?? []);
  if (beside) return lines.map((line) => [span("│ ", "dim"), ...clipLine(line, room)]);
  return [
    ...lines.map((line) => clipLine(line, room)),
    padLine([span("─".repeat(area.columns), "dim")], area.columns),
  ];
}

/** Returns the id of the row to preview: for a container its pod's. */
export function previewWanted(state: PickState): string | undefined {
  const level = activeLevel(state);
  if (level.kind !== "pods" && level.kind !== "containers") return undefined;
  const current = currentRow(level.list);
  return current === undefined ? undefined : ownerOf(current.entry.id);
}

function contentLines(state: PickState, columns: number, rows: number): Line[] {
  const { content, scroll } = state.preview;
  const wanted = previewWanted(state);
  if (wanted === undefined) return [];
  // The loaded preview belongs to the last row until the new preview starts to load: it isn't shown for another row.
  if (content?.id !== wanted || content.phase === "loading") return [[span("loading…", "dim")]];
  const shown = content.lines.slice(scroll, scroll + rows);
  const hidden = content.lines.length - scroll - shown.length;
  if (hidden > 0 && shown.length > 1) {
    shown[shown.length - 1] = [span(clipText(`… ${hidden + 1} more: shift-down`, columns), "dim")];
  }
  return shown;
}
