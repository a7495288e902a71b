/** One row of a list, and the titles over its columns. */
import { type Line, padLine, type Span, span, type Tone } from "../terminal/grid.ts";
import { displayWidth } from "../terminal/width.ts";
import { ageText } from "../base/age.ts";
import { rowOf } from "./list.ts";
import { matchedPlaces } from "./match.ts";
import type { Cell, Row } from "./row.ts";
import type { Match } from "./search.ts";
import type { Column, Level, PickState } from "./state.ts";

/** A column that fits: its index among the cells, and its width. */
export interface ShownColumn {
  index: number;
  width: number;
  column: Column;
}

/** The columns that fit on a screen, and the remaining width for the name. */
export interface ShownColumns {
  name: number;
  others: readonly ShownColumn[];
}

/** The pointer and the mark. */
const signColumns = 2;
const gap = 2;

/** Assigns width by importance, the name first. */
export function shownColumns(state: PickState, level: Level, columns: number): ShownColumns {
  const { others, name } = state.settings.columns[level.kind];
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
export function headerLine(
  state: PickState,
  level: Level,
  shown: ShownColumns,
  columns: number,
): Line {
  const titles = state.settings.columns[level.kind];
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
export function rowLine(
  state: PickState,
  level: Level,
  { entry }: Match,
  shown: ShownColumns,
  columns: number,
): Line {
  const { list } = level;
  const isCurrent = list.cursor?.entry === entry;
  const places = matchedPlaces(list.search.query, entry);
  const row = rowOf(list, entry);
  const pointer = span(isCurrent ? ">" : " ", "sign");
  const marked = span(isMarked(state, entry.id) ? ">" : " ", "sign");
  const name = nameSpans(entry.text, places, shown.name, isCurrent);
  const cells = shown.others.flatMap((one) => cellSpans(state, row, one, isCurrent));
  const line = [pointer, marked, ...name, ...cells];
  return isCurrent ? padLine(line, columns, "current") : line;
}

/** Returns whether a pod or a container is chosen. */
function isMarked({ chosen }: PickState, id: string): boolean {
  return chosen.has(id);
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
