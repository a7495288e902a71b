/** The picker's help on the whole screen, scrolled if it doesn't fit. */
import { clipText, type Line, padLine, span } from "../terminal/grid.ts";
import { displayWidth } from "../terminal/width.ts";
import { wrap } from "../terminal/wrap.ts";
import { type HelpRow, helpSections } from "./help.ts";
import type { PickState } from "./state.ts";

/** Keys are beside their explanation from this width on; above it otherwise. */
const besideFromColumns = 44;
const margin = 2;
const gap = 2;

/** Returns the screen, row by row. */
export function helpScreen(state: PickState): Line[] {
  const { columns, screenRows: rows } = state;
  const all = helpLines(state);
  const room = textRows(state);
  const from = Math.min(state.help ?? 0, lastScroll(state));
  const shown = all.slice(from, from + room);
  const lines = Array.from({ length: room }, (_, index) => shown[index] ?? []);
  if (room === rows) return lines;
  const more = all.length - from - shown.length;
  const where = more > 0 ? `${more} more below` : from > 0 ? `${from} more above` : "";
  const way = ["esc: back", ...(where === "" ? [] : [`↑ ↓: ${where}`])].join("  ");
  return [...lines, [span(clipText(way, columns), "sign")]];
}

/** Returns the maximum scroll position of a help. */
export function lastScroll(state: PickState): number {
  return Math.max(0, helpLines(state).length - textRows(state));
}

/** The last row shows how to leave, if there is more than one. */
export function textRows({ screenRows: rows }: Pick<PickState, "screenRows">): number {
  return rows > 1 ? rows - 1 : rows;
}

/** Returns all lines, however many. */
function helpLines({ settings, columns }: PickState): Line[] {
  const sections = helpSections(settings);
  const widest = Math.max(
    ...sections.flatMap(({ rows }) => rows.map((row) => displayWidth(keysText(row)))),
  );
  return sections.flatMap(({ title, rows }, index) => [
    ...(index === 0 ? [] : [[]]),
    ...wrap(title, columns).map((line) => [span(line, "strong")]),
    ...rows.flatMap((row) =>
      columns >= besideFromColumns ? beside(row, { widest, columns }) : stacked(row, columns)
    ),
  ]);
}

function keysText({ keys }: HelpRow): string {
  return keys.join(", ");
}

function beside(row: HelpRow, { widest, columns }: { widest: number; columns: number }): Line[] {
  const left = Math.min(widest, Math.floor(columns / 2));
  const keys = wrap(keysText(row), left);
  const text = wrap(row.text, Math.max(1, columns - margin - left - gap));
  return Array.from({ length: Math.max(keys.length, text.length) }, (_, index) => [
    span(" ".repeat(margin)),
    ...padLine([span(keys[index] ?? "", "match")], left + gap),
    span(text[index] ?? ""),
  ]);
}

function stacked(row: HelpRow, columns: number): Line[] {
  return [
    ...wrap(keysText(row), columns).map((line) => [span(line, "match")]),
    ...wrap(row.text, Math.max(1, columns - margin)).map((line) => [
      span(" ".repeat(margin)),
      span(line),
    ]),
  ];
}
