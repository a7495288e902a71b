/** Draws the UI: a state and its panes give a grid. Pure, as far as the panes' own views are. */
import {
  clipLine,
  clipText,
  type Grid,
  type Line,
  lineText,
  lineWidth,
  padLine,
  type Span,
  span,
} from "../terminal/grid.ts";
import type { EditLine } from "../terminal/edit_line.ts";
import { printableLine } from "../terminal/printable.ts";
import { wrap, wrapLine } from "../terminal/wrap.ts";
import { displayWidth } from "../terminal/width.ts";
import { programActions } from "./actions.ts";
import { keysOfAction, problemText } from "./keys.ts";
import type { Pane, PaneId } from "./pane.ts";
import {
  type Bound,
  contentOf,
  currentTab,
  type Dialog,
  hasBars,
  matchingChoices,
  type PaneLookup,
  shownPanes,
  type UiState,
} from "./state.ts";
import { refusalOf } from "./step.ts";
import { scopeLine, tabLabels } from "./tab_bar.ts";
import type { PlacedPane } from "./tiles.ts";

/** The panes to draw. */
interface ViewOptions {
  pane: (id: PaneId) => Pane | undefined;
  lookup: PaneLookup;
}

/** Returns exactly the screen's rows, each exactly as wide as the screen or narrower. */
export function view(state: UiState, options: ViewOptions): Grid {
  const { columns, rows } = state.size;
  const body = paneRows(state, options);
  const lines = hasBars(state) ? [tabBar(state), ...body, statusLine(state, options.lookup)] : body;
  const shown = Array.from({ length: rows }, (_, row) => lines[row] ?? []);
  return { lines: withDialog(state, shown, options).map((line) => clipLine(line, columns)) };
}

/** Tiles side by side give the spans of a row, from left to right. */
function paneRows(state: UiState, { pane }: ViewOptions): Line[] {
  const placed = shownPanes(state).toSorted((one, other) => one.column - other.column);
  const [first] = placed;
  if (first === undefined) return [];
  const top = Math.min(...placed.map(({ row }) => row));
  const lines: Span[][] = [];
  const focused = currentTab(state)?.focused;
  for (const tile of placed) {
    if (tile.columns <= 0 || tile.rows <= 0) continue;
    const drawn = tileLines(state, tile, pane(tile.pane), tile.pane === focused);
    for (const [index, line] of drawn.entries()) {
      (lines[tile.row - top + index] ??= []).push(...line);
    }
  }
  return lines;
}

function tileLines(
  state: UiState,
  tile: PlacedPane,
  pane: Pane | undefined,
  focused: boolean,
): Line[] {
  const content = contentOf(tile, state.size);
  const hasEdge = content.columns < tile.columns;
  const size = { columns: content.columns, rows: content.rows };
  const body = size.columns <= 0 || size.rows <= 0
    ? []
    : pane?.view(size, { focused, nowMs: state.nowMs }) ?? [];
  const edge: Line = hasEdge ? [span("│", "dim")] : [];
  return [
    [...titleLine(pane, content.columns, focused), ...edge],
    ...Array.from({ length: content.rows }, (_, index): Line => [
      ...padLine(body[index] ?? [], content.columns),
      ...edge,
    ]),
  ];
}

/** `─ title ───── status ─`. */
function titleLine(pane: Pane | undefined, columns: number, focused: boolean): Line {
  const tone = focused ? "sign" : "dim";
  const status = pane?.status ?? [];
  const title = clipText(printableLine(pane?.title ?? ""), Math.max(0, columns - 4));
  const used = displayWidth(title) + 4;
  const room = columns - used - 3;
  const right = room <= 4 ? [] : clipLine(status, room);
  const rightWidth = lineWidth(right) === 0 ? 0 : lineWidth(right) + 3;
  const fill = Math.max(0, columns - used - rightWidth);
  return padLine(
    [
      span(focused ? "━ " : "─ ", tone),
      span(title, focused ? "strong" : "plain"),
      span(` ${(focused ? "━" : "─").repeat(fill + 1)}`, tone),
      ...(rightWidth === 0 ? [] : [span(" "), ...right, span(focused ? " ━" : " ─", tone)]),
    ],
    columns,
    tone,
  );
}

function tabBar(state: UiState): Line {
  const { columns } = state.size;
  const labels = tabLabels(state);
  const line = labels.map(({ index, text }) => span(text, index === state.at ? "current" : "dim"));
  const right = scopeLine(state);
  return [...padLine(line, Math.max(0, columns - lineWidth(right))), ...right];
}

/** The dialog's line, the latest message, or hints for keys. */
function statusLine(state: UiState, lookup: PaneLookup): Line {
  const { dialog, toasts, prefix, size: { columns } } = state;
  if (dialog?.kind === "line") return dialogLine(`${dialog.label} `, dialog, columns);
  if (dialog?.kind === "find") {
    return dialogLine(dialog.as === "filter" ? "filter: " : "search: ", dialog, columns);
  }
  if (prefix !== undefined) return [span(` ${prefix} …`, "sign")];
  const toast = toasts.at(-1);
  if (toast !== undefined) {
    const more = toasts.length > 1 ? ` (${toasts.length - 1} more)` : "";
    const room = Math.max(0, columns - 2 - more.length);
    const text = clipText(printableLine(toast.text), room);
    return [span(` ${text}`, toast.tone), span(more, "dim")];
  }
  return hintLine(state, lookup);
}

/** The line of a dialog, after the reason why it refused a paste. The caret stays visible in a long text. */
function dialogLine(
  label: string,
  { edit: { text, caret }, refusal }: { edit: EditLine; refusal?: string | undefined },
  columns: number,
): Line {
  const start = refusal === undefined ? label : `${refusal}  ${label}`;
  const room = Math.max(4, columns - displayWidth(start) - 2);
  const before = clipText(printableLine(text.slice(0, caret)), room - 1, "end");
  const [under = " "] = text.slice(caret);
  const after = printableLine(text.slice(caret + under.length));
  return [
    ...(refusal === undefined ? [] : [span(`${refusal}  `, "bad")]),
    span(printableLine(label), "sign"),
    span(before),
    span(printableLine(under), "caret"),
    span(clipText(after, Math.max(0, room - displayWidth(before)))),
  ];
}

function hintLine(state: UiState, lookup: PaneLookup): Line {
  const tab = currentTab(state);
  const kind = tab === undefined ? "" : state.panes.get(tab.focused)?.key ?? "";
  const takesKeys = tab !== undefined && lookup(tab.focused)?.takesKeys === true;
  const own = state.keys.bindings.get(kind);
  const pairs: (readonly [string, string])[] = [];
  const program = takesKeys ? ["zoom", "close-pane", "focus-next"] : ["help", "kinds", "find"];
  for (const id of program) {
    const [key] = keysOfAction(state.keys, kind, id).filter((one) =>
      !takesKeys || one.startsWith("alt-")
    );
    if (key !== undefined) pairs.push([key, id]);
  }
  if (!takesKeys && own !== undefined) {
    pairs.push(...own.entries().map(([key, { action }]) => [key, action.id] as const));
  }
  const line: Span[] = [];
  const seen = new Set<string>();
  for (const [key, text] of pairs) {
    if (seen.has(text)) continue;
    seen.add(text);
    const hint = [span(` ${key}`, "sign"), span(` ${text} `, "dim")];
    // Help has all of them. The blank behind the last one needs no room.
    if (lineWidth([...line, ...hint]) > state.size.columns + 1) return [...line, span("…", "dim")];
    line.push(...hint);
  }
  return line;
}

/** Overlays of the screen: a question in its middle, or help instead of it. */
function withDialog(
  state: UiState,
  lines: readonly Line[],
  { lookup }: ViewOptions,
): readonly Line[] {
  const { dialog } = state;
  if (dialog === undefined || dialog.kind === "find") return lines;
  // A small screen has no status line for it.
  if (dialog.kind === "line") {
    if (hasBars(state)) return lines;
    return lines.with(-1, dialogLine(`${dialog.label} `, dialog, state.size.columns));
  }
  if (dialog.kind === "help") return helpScreen(state, dialog, lookup);
  return boxed(state, lines, dialog);
}

function helpScreen(
  state: UiState,
  { offset }: Extract<Dialog, { kind: "help" }>,
  lookup: PaneLookup,
): Line[] {
  const { columns, rows } = state.size;
  const all = helpLines(state, lookup, columns);
  const visible = Math.max(1, rows - 1);
  const from = Math.min(offset, Math.max(0, all.length - visible));
  const more = all.length > from + visible ? "down: more; " : "";
  const shown = all.slice(from, from + visible);
  return Array.from(
    { length: rows },
    (_, row) =>
      row === rows - 1
        ? clipLine([span(` ${more}any other key closes help`, "dim")], columns)
        : clipLine(shown[row] ?? [], columns),
  );
}

/** Rows around the choices of a question. */
const boxRows = 4;

function boxed(
  state: UiState,
  lines: readonly Line[],
  dialog: Extract<Dialog, { kind: "confirm" | "choose" }>,
): Line[] {
  const { columns, rows } = state.size;
  const width = Math.min(columns, Math.max(30, Math.min(90, columns - 8)));
  const inner = Math.max(1, width - 4);
  const content = dialog.kind === "confirm"
    ? confirmLines(dialog.lines, inner, rows)
    : chooseLines(dialog, inner, rows);
  const left = Math.floor((columns - width) / 2);
  const top = Math.max(0, Math.floor((rows - content.length - 2) / 3));
  const bar = (
    start: string,
    end: string,
  ) => [span(`${start}${"─".repeat(Math.max(0, width - 2))}${end}`, "sign")];
  const box: Line[] = [
    bar("┌", "┐"),
    ...content.map((line): Line => [
      span("│ ", "sign"),
      ...padLine(line, inner),
      span(" │", "sign"),
    ]),
    bar("└", "┘"),
  ].slice(0, rows);
  return lines.map((line, row) => {
    const part = box[row - top];
    if (part === undefined) return line;
    return clipLine([...padLine(line, left), ...part, ...tail(line, left + width)], columns);
  });
}

/** Returns the part of a line from a column on. */
function tail(line: Line, from: number): Line {
  let column = 0;
  const rest: Span[] = [];
  for (const one of line) {
    const width = displayWidth(one.text);
    if (column >= from) rest.push(one);
    else if (column + width > from) {
      let text = "";
      let at = column;
      for (const character of one.text) {
        if (at >= from) text += character;
        // A wide character that the edge cuts leaves a blank.
        else if (at + displayWidth(character) > from) text += " ";
        at += displayWidth(character);
      }
      rest.push({ ...one, text });
    }
    column += width;
  }
  return rest;
}

function confirmLines(lines: readonly string[], width: number, rows: number): Line[] {
  // Columns of a question stay aligned.
  const wrapped = lines.flatMap((line) =>
    wrapLine([span(printableLine(line.replaceAll("\t", "  ")))], width).map(lineText)
  );
  const visible = Math.max(1, rows - boxRows);
  const shown = wrapped.length > visible
    ? [...wrapped.slice(0, visible - 1), `… ${wrapped.length - visible + 1} more lines`]
    : wrapped;
  return [
    ...shown.map((line): Line => [span(clipText(line, width))]),
    [span("y", "sign"), span(" yes   "), span("n", "sign"), span(" no")],
  ];
}

function chooseLines(
  dialog: Extract<Dialog, { kind: "choose" }>,
  width: number,
  rows: number,
): Line[] {
  const matching = matchingChoices(dialog);
  const visible = Math.max(1, Math.min(16, rows - boxRows));
  const at = Math.min(dialog.at, Math.max(0, matching.length - 1));
  const from = Math.max(0, Math.min(at - Math.floor(visible / 2), matching.length - visible));
  const shown = matching.slice(from, from + visible);
  const widest = Math.min(
    Math.floor(width / 2),
    Math.max(0, ...shown.map(({ value }) => displayWidth(printableLine(value)))),
  );
  const typed = dialog.edit.text.trim();
  return [
    dialogLine(`${dialog.label} `, dialog, width),
    ...(shown.length === 0 ? [[span(emptyText(dialog, typed), "dim")]] : []),
    ...shown.map((choice, index): Line => {
      const isCurrent = from + index === at;
      const value = padLine([span(clipText(printableLine(choice.value), width - 2))], widest);
      return [
        span(isCurrent ? "> " : "  ", "sign"),
        ...value.map((one) => ({ ...one, tone: isCurrent ? "current" as const : one.tone })),
        span(
          `  ${clipText(printableLine(choice.detail ?? ""), Math.max(0, width - widest - 4))}`,
          "dim",
        ),
      ];
    }),
  ];
}

function emptyText(
  { isLoading, noMatch }: Extract<Dialog, { kind: "choose" }>,
  typed: string,
): string {
  if (isLoading && (typed === "" || noMatch !== undefined)) return "loading …";
  if (typed !== "") return noMatch ?? `Enter uses ${printableLine(typed)}`;
  return "none";
}

/*
 * Help, made of the key table: the actions of the focused pane, those of the program, and why an action can't be used
 * now.
 */

const headings = {
  panes: "Panes",
  tabs: "Tabs",
  content: "In a pane",
  program: "Program",
} as const;

/** Columns of the keys; an action with more of them has them on a line of its own. */
const keyColumns = 24;

/** Returns all lines of help. */
function helpLines(state: UiState, lookup: PaneLookup, columns: number): Line[] {
  const tab = currentTab(state);
  const kind = tab === undefined ? "" : state.panes.get(tab.focused)?.key ?? "";
  const own = new Map(
    [...(state.keys.bindings.get(kind) ?? []).values()].map((bound) => [bound.action.id, bound]),
  );
  const toggles = [...(state.keys.bindings.get("") ?? []).values()]
    .filter((bound) => bound.kind === "toggle");
  const rows = (bounds: Iterable<Bound>): Line[] =>
    [...bounds].flatMap((bound) => {
      const keys = keysOfAction(state.keys, kind, bound.action.id);
      const reason = refusalOf(state, bound, lookup);
      return row(keys.join(", "), bound.action.does, reason, columns);
    });
  const groups = Object.entries(headings).map(([group, title]): Line[] => [
    [],
    [span(title, "strong")],
    ...rows(
      programActions.filter((action) => action.group === group)
        // Nine tabs are a single line.
        .filter(({ id }) => !/^tab-[2-9]$/.test(id))
        .map((action) => ({ kind: "program", action })),
    ),
  ]);
  return [
    ...(own.size === 0 ? [] : [[span(kind, "strong")], ...rows(own.values())]),
    ...(toggles.length === 0 ? [] : [[], [span("Plugins", "strong")], ...rows(toggles)]),
    ...groups.flat().slice(own.size + toggles.length === 0 ? 1 : 0),
    ...(state.keys.problems.length === 0 ? [] : [
      [],
      [span("Problems of the keys", "bad")],
      ...state.keys.problems.map((one): Line => [span(`  ${problemText(one)}`, "bad")]),
    ]),
  ];
}

function row(keys: string, does: string, reason: string | undefined, columns: number): Line[] {
  const text = reason === undefined ? does : `${does} (not now: ${reason})`;
  const tone = reason === undefined ? "plain" : "dim";
  const wrapped = wrap(text, Math.max(10, columns - keyColumns - 4));
  const [first = "", ...others] = wrapped;
  const margin = " ".repeat(keyColumns + 4);
  const rest = others.map((line): Line => [span(margin + line, tone)]);
  const width = displayWidth(keys);
  if (width > keyColumns) {
    return [[span(`  ${keys}`, "sign")], [span(margin + first, tone)], ...rest];
  }
  const gap = " ".repeat(keyColumns - width + 2);
  return [[span(`  ${keys}`, "sign"), span(gap), span(first, tone)], ...rest];
}
