/** The picker's help on the whole screen, scrolled if it doesn't fit. */
import { clipText, type Line, padLine, span } from "../terminal/grid.ts";
import { displayWidth } from "../terminal/width.ts";
import { wrap } from "../terminal/wrap.ts";
import type { PickSettings, PickState } from "./state.ts";

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

/** The last row shows how to leave, if there are more rows. */
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

/* The content of the picker's help: every key, and the search syntax. Data; `view_help.ts` formats it. */

/** An action, and its keys. */
interface HelpRow {
  /** Names of keys as in `bindings`, or text to type. */
  keys: readonly string[];
  text: string;
}

/** Rows of a topic. */
interface HelpSection {
  title: string;
  rows: readonly HelpRow[];
}

/** Returns the help of a picker: keys without effect in it are omitted. */
export function helpSections({ of, multi, switches }: PickSettings): readonly HelpSection[] {
  const hasPods = of === "pods";
  const one = hasPods ? "pod" : "row";
  return [
    {
      title: "Select",
      rows: [
        { keys: ["enter"], text: `accept the selection, or the current ${one}` },
        ...(multi ? marks(one) : []),
        { keys: ["esc"], text: hasPods ? "back; from the list of pods, quit" : "quit" },
        { keys: ["ctrl-c", "ctrl-g", "ctrl-q"], text: "quit" },
        { keys: ["ctrl-d"], text: "quit, if nothing is typed" },
      ],
    },
    { title: "Move", rows: moves },
    {
      title: "Look",
      rows: [...(hasPods ? podLooks : []), ...looks, ...(hasPods && switches ? places : [])],
    },
    { title: "Search, with words that must all match", rows: words },
    { title: "Type", rows: edits },
  ];
}

const marks = (one: string): readonly HelpRow[] => [
  { keys: ["tab", "shift-tab"], text: `select the ${one}, and move down, up` },
  { keys: ["alt-a"], text: "select all matches" },
  { keys: ["alt-t"], text: "invert the selection" },
];

const moves: readonly HelpRow[] = [
  { keys: ["up", "ctrl-k", "ctrl-p"], text: "up" },
  { keys: ["down", "ctrl-j", "ctrl-n"], text: "down" },
  { keys: ["page-up", "page-down"], text: "by a page" },
  { keys: ["click", "wheel"], text: "move there; a double click accepts" },
];

const podLooks: readonly HelpRow[] = [
  { keys: ["right", "ctrl-o"], text: "the pod's containers; left goes back" },
  { keys: ["ctrl-/", "alt-p"], text: "show and hide the preview" },
  { keys: ["shift-up", "shift-down"], text: "scroll the preview; with alt, faster" },
];

const looks: readonly HelpRow[] = [
  { keys: ["?", "f1"], text: "this help" },
  { keys: ["ctrl-l"], text: "clear the message" },
];

const places: readonly HelpRow[] = [
  { keys: ["ctrl-s"], text: "another namespace" },
  { keys: ["ctrl-x"], text: "another context" },
];

const words: readonly HelpRow[] = [
  { keys: ["wkdr"], text: "these letters, in this order" },
  { keys: ["'drive"], text: "this text" },
  { keys: ["^weka", "-0$"], text: "at the beginning; at the end" },
  { keys: ["!test"], text: "not this text" },
  { keys: ["a | b"], text: "one of them" },
];

const edits: readonly HelpRow[] = [
  { keys: ["home", "ctrl-a"], text: "to the beginning" },
  { keys: ["end", "ctrl-e"], text: "to the end" },
  { keys: ["left", "ctrl-b"], text: "a letter back" },
  { keys: ["right", "ctrl-f"], text: "a letter on" },
  { keys: ["alt-b", "ctrl-left", "shift-left"], text: "a word back" },
  { keys: ["alt-f", "ctrl-right", "shift-right"], text: "a word on" },
  { keys: ["backspace", "ctrl-h"], text: "delete the letter before" },
  { keys: ["delete", "ctrl-d"], text: "delete the letter under the cursor" },
  { keys: ["ctrl-w", "alt-backspace"], text: "cut a word back" },
  { keys: ["alt-d"], text: "cut a word on" },
  { keys: ["ctrl-u"], text: "cut all before the cursor" },
  { keys: ["ctrl-y"], text: "put back what was cut" },
];
