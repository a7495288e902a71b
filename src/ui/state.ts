/** The state of the terminal UI: tabs, their tiles, the dialog, messages. `step.ts` and `actions.ts` change it. Pure. */
import type { KubeContextInfo } from "../actions/host.ts";
import { type EditLine, editLine } from "../terminal/edit_line.ts";
import type { Tone } from "../terminal/grid.ts";
import type { Size } from "../terminal/terminal.ts";
import type { TerminalInput } from "../terminal/keys.ts";
import type {
  Choice,
  PaneAction,
  PaneCommand,
  PaneConfig,
  PaneId,
  PaneQuestion,
  PaneScope,
} from "./pane.ts";
import {
  panesOf,
  type PlacedPane,
  type Rectangle,
  rectangles,
  split,
  type SplitDirection,
  type Tile,
  without,
} from "./tiles.ts";

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

/** The known facts of an open pane. */
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

/** A dialog, which gets all keys. */
export type Dialog =
  | {
    readonly kind: "line";
    readonly id: number;
    readonly label: string;
    readonly edit: EditLine;
    /** Why the last paste wasn't inserted. */
    readonly refusal?: string | undefined;
  }
  /** The filter or the search of the focused pane, which follows each key. */
  | {
    readonly kind: "find";
    readonly as: "filter" | "search";
    readonly edit: EditLine;
    readonly refusal?: string | undefined;
  }
  | { readonly kind: "confirm"; readonly id: number; readonly lines: readonly string[] }
  | {
    readonly kind: "choose";
    readonly id: number;
    readonly label: string;
    readonly choices: readonly Choice[];
    /** More choices are being fetched. */
    readonly isLoading: boolean;
    readonly noMatch?: string | undefined;
    readonly edit: EditLine;
    readonly refusal?: string | undefined;
    readonly at: number;
  }
  | { readonly kind: "help"; readonly offset: number };

/** A context, and how far it may be changed: coloured accordingly. */
export interface ShownContext extends KubeContextInfo {
  readonly policy?: "read-only" | "ask" | "allow" | undefined;
}

/** The whole state. */
export interface UiState {
  readonly size: Size;
  /** Those of the kubeconfig; none until it is read. */
  readonly contexts: readonly ShownContext[];
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
  /** Questions that wait for the open question. */
  readonly waiting: readonly { readonly id: number; readonly question: PaneQuestion }[];
  readonly toasts: readonly Toast[];
}

/** The state of a pane that the step needs, which the pane itself decides. */
export interface PaneState {
  readonly takesKeys: boolean;
  readonly find: "filter" | "search" | undefined;
  readonly config: PaneConfig;
  /** The program that runs in it. */
  readonly running: string | undefined;
  /** Why an action can't be used now. */
  refusal(action: string): string | undefined;
}

/** Returns the runtime's state of an open pane. */
export type PaneLookup = (pane: PaneId) => PaneState | undefined;

/** An effect that the runtime has for the state. */
export type UiEffect =
  | { kind: "open"; pane: PaneId; key: string; config: PaneConfig; scope: PaneScope }
  | { kind: "close"; pane: PaneId }
  | { kind: "command"; pane: PaneId; command: PaneCommand }
  | { kind: "act"; pane: PaneId; action: string }
  | { kind: "input"; pane: PaneId; input: TerminalInput }
  | { kind: "click"; pane: PaneId; column: number; row: number }
  /** The answer to a question; undefined if it was declined. */
  | { kind: "answer"; id: number; value: string | undefined }
  /** Actions that need parts that only the runtime has: names, files. */
  | {
    kind: "request";
    action: "open-pane" | "kinds" | "namespaces" | "contexts" | "rename-tab" | "save-layout";
  }
  | { kind: "redraw" }
  /** Asks first if something runs in these panes. */
  | { kind: "endRunning"; running: readonly string[]; close: PaneId | undefined }
  | { kind: "quit" };

/** A state with the effects that led to it. */
export interface Stepped {
  readonly state: UiState;
  readonly effects: readonly UiEffect[];
}

/** The moment at which an action is performed. */
export interface Moment {
  readonly state: UiState;
  readonly tab: Tab;
  readonly panes: PaneLookup;
}

/** An action of the program itself, for any pane. */
export interface ProgramAction extends PaneAction {
  /** The heading in help. */
  readonly group: "panes" | "tabs" | "content" | "program";
  /** The action's single keys work while a program runs in the pane, too. */
  readonly always: boolean;
  /** Returns why it can't be used now; undefined if it can. */
  refusal(now: Moment): string | undefined;
  perform(now: Moment): Stepped;
}

/** The target of a key. */
export type Bound =
  | { readonly kind: "program"; readonly action: ProgramAction }
  | { readonly kind: "pane"; readonly action: PaneAction }
  /** Opens the pane of a plugin, or closes it. */
  | { readonly kind: "toggle"; readonly key: string; readonly action: PaneAction };

/** Two actions with the same key, or a setting that can't be used. */
export type KeyProblem =
  | { kind: "conflict"; key: string; actions: readonly [string, string] }
  | { kind: "unknown"; action: string; nearest: readonly string[] }
  /** The key isn't bound. `setting` is where it comes from. */
  | { kind: "unusable"; setting: string; reason: string };

/** The keys of all panes. */
export interface KeyTable {
  /** The bindings by kind of pane, then by key. The kind "" has those of every pane. */
  readonly bindings: ReadonlyMap<string, ReadonlyMap<string, Bound>>;
  readonly problems: readonly KeyProblem[];
}

/** Returns a state without tabs. */
export function emptyState(start: { size: Size; nowMs: number; keys: KeyTable }): UiState {
  return {
    ...start,
    contexts: [],
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

/** Returns the context of a tab: the kubeconfig's current one, unless another was chosen. */
export function contextOf({ contexts }: UiState, { scope }: Tab): ShownContext | undefined {
  return contexts.find(({ name, current }) =>
    scope.context === undefined ? current : name === scope.context
  );
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
      return {
        kind: "line",
        id,
        label: question.label,
        edit: editLine(question.text ?? "", { keepsLines: question.keepsLines ?? false }),
      };
    case "confirm":
      return { kind: "confirm", id, lines: question.lines };
    case "choose":
      return {
        kind: "choose",
        id,
        label: question.label,
        choices: question.choices,
        isLoading: question.isLoading ?? false,
        noMatch: question.noMatch,
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

/* Changes that events and actions have in common. */

/** A message is shown this long. */
const toastMs = 5000;
/** More at once aren't read. */
const maxToasts = 3;

/** A pane to open. */
export interface OpenRequest {
  key: string;
  config: PaneConfig;
  where: "below" | "right" | "tab";
  /** The pane that it is opened beside; the focused pane if absent or closed. */
  beside?: PaneId;
  scope?: PaneScope;
}

/** Returns a state with effects. */
export const only = (state: UiState, ...effects: UiEffect[]): Stepped => ({ state, effects });

/** Returns the state with a message, which disappears by itself. */
export function toasted(state: UiState, text: string, tone: Tone): UiState {
  const toast = { text, tone, untilMs: state.nowMs + toastMs };
  return { ...state, toasts: [...state.toasts, toast].slice(-maxToasts) };
}

/** Returns the state with a changed tab. */
export function withTab(state: UiState, id: number, change: (tab: Tab) => Tab): UiState {
  return { ...state, tabs: state.tabs.map((tab) => tab.id === id ? change(tab) : tab) };
}

/** Returns the state with the current tab changed. */
export function withCurrent(state: UiState, change: (tab: Tab) => Tab): UiState {
  return { ...state, tabs: state.tabs.map((tab, index) => index === state.at ? change(tab) : tab) };
}

/** Opens a pane: in a tab of its own, or in a part of another pane. */
export function opened(
  state: UiState,
  { key, config, where, beside, scope }: OpenRequest,
): Stepped {
  const current = currentTab(state);
  const pane = state.nextId;
  const panes = new Map(state.panes).set(pane, { key, config });
  const own = scope ?? current?.scope ?? { namespaces: { kind: "default" } };
  const effect: UiEffect = { kind: "open", pane, key, config, scope: own };
  if (where === "tab" || current === undefined) {
    const tab: Tab = {
      id: pane + 1,
      name: undefined,
      scope: own,
      tiles: { kind: "pane", pane },
      focused: pane,
      isZoomed: false,
    };
    const tabs = [...state.tabs, tab];
    return only({ ...state, panes, tabs, at: tabs.length - 1, nextId: pane + 2 }, effect);
  }
  const home =
    state.tabs.find(({ tiles }) => beside !== undefined && panesOf(tiles).includes(beside)) ??
      current;
  const anchor = beside !== undefined && panesOf(home.tiles).includes(beside)
    ? beside
    : home.focused;
  const direction: SplitDirection = where === "right" ? "columns" : "rows";
  const next = withTab({ ...state, panes, nextId: pane + 1 }, home.id, (tab) => ({
    ...tab,
    tiles: split(tab.tiles, anchor, { direction, added: pane }),
    focused: pane,
    isZoomed: false,
  }));
  return only(next, { ...effect, scope: scope ?? home.scope });
}

/** Closes a pane, and its tab with the last pane; the last tab quits. */
export function closed(state: UiState, pane: PaneId): Stepped {
  const index = state.tabs.findIndex(({ tiles }) => panesOf(tiles).includes(pane));
  const tab = state.tabs[index];
  if (tab === undefined) return only(state);
  const panes = new Map(state.panes);
  panes.delete(pane);
  const tiles = without(tab.tiles, pane);
  const close: UiEffect = { kind: "close", pane };
  if (tiles !== undefined) {
    const order = panesOf(tab.tiles);
    const before = order[Math.max(0, order.indexOf(pane) - 1)];
    const remaining = panesOf(tiles);
    const next = before !== undefined && remaining.includes(before) ? before : remaining[0];
    const focused = tab.focused === pane ? next ?? tab.focused : tab.focused;
    const change = (one: Tab): Tab => ({
      ...one,
      tiles,
      focused,
      isZoomed: one.isZoomed && one.focused !== pane,
    });
    return only(withTab({ ...state, panes }, tab.id, change), close);
  }
  const tabs = state.tabs.toSpliced(index, 1);
  const at = Math.max(0, Math.min(state.at > index ? state.at - 1 : state.at, tabs.length - 1));
  const next = { ...state, panes, tabs, at };
  return tabs.length === 0 ? only(next, close, { kind: "quit" }) : only(next, close);
}

/** Closes a pane, or quits; asks first if that would end something. */
export function closing(
  state: UiState,
  which: readonly PaneId[],
  close: PaneId | undefined,
  panes: PaneLookup,
): Stepped {
  const running = which.flatMap((pane) => panes(pane)?.running ?? []);
  if (running.length > 0) return only(state, { kind: "endRunning", running, close });
  return close === undefined ? only(state, { kind: "quit" }) : closed(state, close);
}

/** Returns the state with the focus on a pane of the current tab. */
export function focusedOn(state: UiState, pane: PaneId | undefined): UiState {
  return pane === undefined ? state : withCurrent(state, (one) => ({ ...one, focused: pane }));
}
