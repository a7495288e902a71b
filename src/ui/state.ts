/** The state of the terminal UI: tabs, their tiles, the dialog, messages. Only `step.ts` changes it. */
import { type EditLine, editLine } from "../terminal/edit_line.ts";
import type { Tone } from "../terminal/grid.ts";
import type { Size } from "../terminal/terminal.ts";
import type { KeyTable } from "./keys.ts";
import type { Choice, PaneConfig, PaneId, PaneQuestion, PaneScope } from "./pane.ts";
import { type PlacedPane, type Rectangle, rectangles, type Tile } from "./tiles.ts";

/** A tab. */
export interface Tab {
  readonly id: number;
  /** The person's own name for it. */
  readonly name: string | undefined;
  readonly scope: PaneScope;
  readonly tiles: Tile;
  readonly focused: PaneId;
  /** Only the focused pane is shown. */
  readonly isZoomed: boolean;
}

/** What is known of an open pane without asking it. */
export interface OpenPane {
  readonly key: string;
  readonly config: PaneConfig;
}

/** A message at the bottom. */
interface Toast {
  readonly text: string;
  readonly tone: Tone;
  readonly untilMs: number;
}

/** What has all keys. */
export type Dialog =
  | { readonly kind: "line"; readonly id: number; readonly label: string; readonly edit: EditLine }
  /** The filter or the search of the focused pane, which follows each key. */
  | { readonly kind: "find"; readonly as: "filter" | "search"; readonly edit: EditLine }
  | { readonly kind: "confirm"; readonly id: number; readonly lines: readonly string[] }
  | {
    readonly kind: "choose";
    readonly id: number;
    readonly label: string;
    readonly choices: readonly Choice[];
    /** More choices are being fetched. */
    readonly isLoading: boolean;
    readonly edit: EditLine;
    readonly at: number;
  }
  | { readonly kind: "help"; readonly offset: number };

/** The whole state. */
export interface UiState {
  readonly size: Size;
  readonly nowMs: number;
  readonly keys: KeyTable;
  readonly tabs: readonly Tab[];
  /** The index of the tab that is shown. */
  readonly at: number;
  readonly panes: ReadonlyMap<PaneId, OpenPane>;
  /** The next id of a pane, a tab, a question. */
  readonly nextId: number;
  /** The first of two keys. */
  readonly prefix: string | undefined;
  readonly dialog: Dialog | undefined;
  /** Questions that wait for the open one. */
  readonly waiting: readonly { readonly id: number; readonly question: PaneQuestion }[];
  readonly toasts: readonly Toast[];
}

/** Returns a state without tabs. */
export function emptyState(start: { size: Size; nowMs: number; keys: KeyTable }): UiState {
  return {
    ...start,
    tabs: [],
    at: 0,
    panes: new Map(),
    nextId: 1,
    prefix: undefined,
    dialog: undefined,
    waiting: [],
    toasts: [],
  };
}

/** The tab that is shown. */
export function currentTab({ tabs, at }: UiState): Tab | undefined {
  return tabs[at];
}

/** The rows of the tab bar and the status line, which a very small screen lacks. */
export function hasBars({ size }: Pick<UiState, "size">): boolean {
  return size.rows >= 5;
}

/** The part of the screen that the panes share. */
function paneArea(state: Pick<UiState, "size">): Rectangle {
  const { columns, rows } = state.size;
  return hasBars(state)
    ? { column: 0, row: 1, columns, rows: rows - 2 }
    : { column: 0, row: 0, columns, rows };
}

/** The panes on the screen. */
export function shownPanes(state: UiState): PlacedPane[] {
  const tab = currentTab(state);
  if (tab === undefined) return [];
  const tile: Tile = tab.isZoomed ? { kind: "pane", pane: tab.focused } : tab.tiles;
  return rectangles(tile, paneArea(state));
}

/** Returns the part of a tile that its pane draws in: below the title, left of the line to the next pane. */
export function contentOf(tile: Rectangle, { columns }: Size): Rectangle {
  const isLast = tile.column + tile.columns >= columns;
  return {
    column: tile.column,
    row: tile.row + 1,
    columns: Math.max(0, tile.columns - (isLast ? 0 : 1)),
    rows: Math.max(0, tile.rows - 1),
  };
}

/** Returns the dialog of a question. */
export function dialogOf(id: number, question: PaneQuestion): Dialog {
  switch (question.kind) {
    case "line":
      return { kind: "line", id, label: question.label, edit: editLine(question.text ?? "") };
    case "confirm":
      return { kind: "confirm", id, lines: question.lines };
    case "choose":
      return {
        kind: "choose",
        id,
        label: question.label,
        choices: question.choices,
        isLoading: question.isLoading ?? false,
        edit: editLine(""),
        at: 0,
      };
  }
}

/** Returns the choices whose value or detail has all typed parts, the values that start with the text first. */
export function matchingChoices(
  { choices, edit }: Extract<Dialog, { kind: "choose" }>,
): readonly Choice[] {
  const text = edit.text.trim().toLowerCase();
  if (text === "") return choices;
  const parts = text.split(/\s+/);
  const matching = choices.filter(({ value, detail = "" }) => {
    const whole = `${value} ${detail}`.toLowerCase();
    return parts.every((part) => whole.includes(part));
  });
  const rank = ({ value }: Choice) => {
    const lower = value.toLowerCase();
    return lower === text ? 0 : lower.startsWith(text) ? 1 : 2;
  };
  return matching.toSorted((one, other) => rank(one) - rank(other));
}
