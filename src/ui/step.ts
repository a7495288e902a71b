/** What happens to the UI's state: an event gives a new state, and effects for the runtime. Pure. */
import { editKeys, edits, insert } from "../terminal/edit_line.ts";
import type { Tone } from "../terminal/grid.ts";
import type { MouseAction, TerminalInput } from "../terminal/keys.ts";
import type { Size } from "../terminal/terminal.ts";
import { type Bound, boundTo, type ProgramAction } from "./keys.ts";
import type { Choice, PaneCommand, PaneConfig, PaneId, PaneQuestion, PaneScope } from "./pane.ts";
import {
  contentOf,
  currentTab,
  type Dialog,
  dialogOf,
  hasBars,
  matchingChoices,
  shownPanes,
  type Tab,
  type UiState,
} from "./state.ts";
import {
  equalized,
  neighbour,
  panesOf,
  resized,
  split,
  type SplitDirection,
  type TileSide,
  without,
} from "./tiles.ts";
import { tabLabels } from "./tab_bar.ts";

/** A message is shown this long. */
const toastMs = 5000;
/** More at once aren't read. */
const maxToasts = 3;
/** The share of the screen by which a key moves an edge. */
const resizeStep = 0.05;
/** Lines of a turn of the mouse wheel. */
const wheelLines = 3;

/** What the step needs to know of a pane, which the pane itself decides. */
export interface PaneState {
  readonly takesKeys: boolean;
  readonly find: "filter" | "search" | undefined;
  readonly config: PaneConfig;
  /** What runs in it. */
  readonly running: string | undefined;
  /** Why an action can't be used now. */
  refusal(action: string): string | undefined;
}

/** Something that happened. */
export type UiEvent =
  /** A text arrives one character at a time, unless it is typed into something: see {@link takesText}. */
  | { kind: "input"; input: TerminalInput }
  | { kind: "resize"; size: Size }
  | { kind: "clock"; nowMs: number }
  | { kind: "toast"; text: string; tone: Tone }
  | { kind: "ask"; id: number; question: PaneQuestion }
  /** The choices of a question that was asked before they were known. */
  | { kind: "choices"; id: number; choices: readonly Choice[] }
  | {
    kind: "open";
    key: string;
    config: PaneConfig;
    where: "below" | "right" | "tab";
    /** The pane that it is opened beside; the focused one if absent or closed. */
    beside?: PaneId;
    scope?: PaneScope;
  }
  | { kind: "close"; pane: PaneId }
  /** The pane shows something else, in its tile. */
  | { kind: "replace"; pane: PaneId; key: string; config: PaneConfig }
  | { kind: "scope"; tab: number; scope: PaneScope }
  | { kind: "rename"; tab: number; name: string }
  /** Tabs of a layout. */
  | { kind: "restore"; tabs: readonly Tab[]; panes: UiState["panes"]; nextId: number };

/** What the runtime does for the state. */
export type UiEffect =
  | { kind: "open"; pane: PaneId; key: string; config: PaneConfig; scope: PaneScope }
  | { kind: "close"; pane: PaneId }
  | { kind: "command"; pane: PaneId; command: PaneCommand }
  | { kind: "act"; pane: PaneId; action: string }
  | { kind: "input"; pane: PaneId; input: TerminalInput }
  | { kind: "click"; pane: PaneId; column: number; row: number }
  /** The answer to a question; undefined if it was declined. */
  | { kind: "answer"; id: number; value: string | undefined }
  /** Actions that need what only the runtime has: names, files. */
  | {
    kind: "request";
    action: "open-pane" | "kinds" | "namespaces" | "contexts" | "rename-tab" | "save-layout";
  }
  | { kind: "redraw" }
  /** Asks first if something runs in these panes. */
  | { kind: "endRunning"; running: readonly string[]; close: PaneId | undefined }
  | { kind: "quit" };

/** A state with the effects that led to it. */
interface Stepped {
  readonly state: UiState;
  readonly effects: readonly UiEffect[];
}

/** Returns what the runtime knows of an open pane. */
export type PaneLookup = (pane: PaneId) => PaneState | undefined;

const only = (state: UiState, ...effects: UiEffect[]): Stepped => ({ state, effects });

/** Applies an event. */
export function step(state: UiState, event: UiEvent, panes: PaneLookup): Stepped {
  switch (event.kind) {
    case "input":
      return onInput(state, event.input, panes);
    case "resize":
      return only({ ...state, size: event.size });
    case "clock": {
      const toasts = state.toasts.filter(({ untilMs }) => untilMs > event.nowMs);
      const isSame = toasts.length === state.toasts.length;
      return only({ ...state, nowMs: event.nowMs, toasts: isSame ? state.toasts : toasts });
    }
    case "toast":
      return only(toasted(state, event.text, event.tone));
    case "ask":
      if (state.dialog !== undefined) {
        const { id, question } = event;
        return only({ ...state, waiting: [...state.waiting, { id, question }] });
      }
      return only({ ...state, dialog: dialogOf(event.id, event.question) });
    case "choices": {
      const { id, choices } = event;
      const known = { choices, isLoading: false };
      const { dialog } = state;
      if (dialog?.kind === "choose" && dialog.id === id) {
        return only({ ...state, dialog: { ...dialog, ...known } });
      }
      const waiting = state.waiting.map((one) =>
        one.id === id && one.question.kind === "choose"
          ? { id, question: { ...one.question, ...known } }
          : one
      );
      return only({ ...state, waiting });
    }
    case "open":
      return opened(state, event);
    case "close":
      return closed(state, event.pane);
    case "replace": {
      const { pane, key, config } = event;
      const tab = state.tabs.find(({ tiles }) => panesOf(tiles).includes(pane));
      if (tab === undefined) return only(state);
      const panes = new Map(state.panes).set(pane, { key, config });
      const open: UiEffect = { kind: "open", pane, key, config, scope: tab.scope };
      return only({ ...state, panes }, { kind: "close", pane }, open);
    }
    case "scope":
      return rescoped(state, event.tab, event.scope, panes);
    case "rename":
      return only(withTab(state, event.tab, (tab) => ({ ...tab, name: event.name || undefined })));
    case "restore": {
      const effects = event.tabs.flatMap((tab) =>
        panesOf(tab.tiles).flatMap((pane): UiEffect[] => {
          const open = event.panes.get(pane);
          return open === undefined ? [] : [{ kind: "open", pane, scope: tab.scope, ...open }];
        })
      );
      const { tabs, panes, nextId } = event;
      return only({ ...state, tabs, panes, nextId, at: 0 }, ...effects);
    }
  }
}

/** Returns whether a text is typed into something, and its characters aren't keys. */
export function takesText(state: UiState, panes: PaneLookup): boolean {
  const focused = currentTab(state)?.focused;
  return state.dialog !== undefined ||
    focused !== undefined && panes(focused)?.takesKeys === true;
}

function toasted(state: UiState, text: string, tone: Tone): UiState {
  const toast = { text, tone, untilMs: state.nowMs + toastMs };
  return { ...state, toasts: [...state.toasts, toast].slice(-maxToasts) };
}

function withTab(state: UiState, id: number, change: (tab: Tab) => Tab): UiState {
  return { ...state, tabs: state.tabs.map((tab) => tab.id === id ? change(tab) : tab) };
}

function withCurrent(state: UiState, change: (tab: Tab) => Tab): UiState {
  return { ...state, tabs: state.tabs.map((tab, index) => index === state.at ? change(tab) : tab) };
}

function opened(
  state: UiState,
  { key, config, where, beside, scope }: Extract<UiEvent, { kind: "open" }>,
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

function closed(state: UiState, pane: PaneId): Stepped {
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

/** The panes of the tab are opened again, in their tiles. */
function rescoped(state: UiState, id: number, scope: PaneScope, panes: PaneLookup): Stepped {
  const tab = state.tabs.find((one) => one.id === id);
  if (tab === undefined) return only(state);
  const effects: UiEffect[] = [];
  for (const pane of panesOf(tab.tiles)) {
    const open = state.panes.get(pane);
    // What runs in a pane continues in the scope in which it was started.
    if (open === undefined || panes(pane)?.running !== undefined) continue;
    const config = panes(pane)?.config ?? open.config;
    effects.push({ kind: "close", pane }, { kind: "open", pane, key: open.key, config, scope });
  }
  return only(withTab(state, id, (one) => ({ ...one, scope })), ...effects);
}

function onInput(state: UiState, input: TerminalInput, panes: PaneLookup): Stepped {
  if (input.kind === "position") return only(state);
  if (input.kind === "mouse") return onMouse(state, input);
  if (state.dialog !== undefined) return inDialog(state, state.dialog, input, panes);
  const focused = currentTab(state)?.focused;
  const takesKeys = focused !== undefined && panes(focused)?.takesKeys === true;
  if (input.kind === "paste") {
    return focused !== undefined && takesKeys
      ? only(state, { kind: "input", pane: focused, input })
      : only(state);
  }
  if (input.kind === "key") return onKey(state, input.key, { panes, takesKeys, input });
  if (takesKeys && focused !== undefined) {
    return only(state, { kind: "input", pane: focused, input });
  }
  return onKey(state, input.text === " " ? "space" : input.text, { panes, takesKeys, input });
}

function onKey(
  state: UiState,
  key: string,
  { panes, takesKeys, input }: { panes: PaneLookup; takesKeys: boolean; input: TerminalInput },
): Stepped {
  const tab = currentTab(state);
  if (tab === undefined) return only(state);
  const kind = state.panes.get(tab.focused)?.key ?? "";
  if (takesKeys) {
    const bound = boundTo(state.keys, kind, key);
    // A letter is the program's own, whatever it does elsewhere.
    const isHere = bound !== undefined && bound !== "prefix" && key.includes("-") &&
      (bound.kind === "toggle" || bound.kind === "program" && bound.action.always === true);
    if (!isHere) return only(state, { kind: "input", pane: tab.focused, input });
    return perform(state, bound, panes);
  }
  const keys = state.prefix === undefined ? key : `${state.prefix} ${key}`;
  const bound = boundTo(state.keys, kind, keys);
  if (bound === "prefix") return only({ ...state, prefix: keys });
  const free = { ...state, prefix: undefined };
  if (bound === undefined) {
    return state.prefix === undefined || key === "esc"
      ? only(free)
      : only(toasted(free, `${keys} does nothing; ? lists the keys`, "dim"));
  }
  return perform(free, bound, panes);
}

/** Returns why an action can't be used now; undefined if it can. */
export function refusalOf(state: UiState, bound: Bound, panes: PaneLookup): string | undefined {
  const tab = currentTab(state);
  if (tab === undefined) return "there is no pane";
  const pane = panes(tab.focused);
  if (bound.kind === "toggle") return undefined;
  if (bound.kind === "pane") return pane?.refusal(bound.action.id);
  const count = panesOf(tab.tiles).length;
  const { id } = bound.action;
  const tabNumber = /^tab-(\d)$/.exec(id)?.[1];
  if (tabNumber !== undefined && Number(tabNumber) > state.tabs.length) {
    return `there is no tab ${tabNumber}`;
  }
  switch (id) {
    case "focus-left":
    case "focus-right":
    case "focus-up":
    case "focus-down":
    case "focus-next":
    case "focus-previous":
    case "zoom":
    case "wider":
    case "narrower":
    case "taller":
    case "shorter":
    case "equalize":
      return count < 2 ? "there is only one pane in this tab" : undefined;
    case "next-tab":
    case "previous-tab":
      return state.tabs.length < 2 ? "there is only one tab" : undefined;
    case "find":
      return pane?.find === undefined ? "this pane has nothing to filter or to search" : undefined;
    default:
      return bound.action.command === undefined ? undefined : pane?.refusal(id);
  }
}

function perform(state: UiState, bound: Bound, panes: PaneLookup): Stepped {
  const tab = currentTab(state);
  if (tab === undefined) return only(state);
  const refusal = refusalOf(state, bound, panes);
  if (refusal !== undefined) return only(toasted(state, refusal, "warn"));
  if (bound.kind === "pane") {
    return only(state, { kind: "act", pane: tab.focused, action: bound.action.id });
  }
  if (bound.kind === "toggle") return toggled(state, bound.key, tab);
  return performed(state, bound.action, { tab, panes });
}

function toggled(state: UiState, key: string, tab: Tab): Stepped {
  const open = panesOf(tab.tiles).find((pane) => state.panes.get(pane)?.key === key);
  return open === undefined
    ? opened(state, { kind: "open", key, config: {}, where: "right" })
    : closed(state, open);
}

const sides: Readonly<Record<string, TileSide>> = {
  "focus-left": "left",
  "focus-right": "right",
  "focus-up": "up",
  "focus-down": "down",
};

const resizes: Readonly<Record<string, { direction: SplitDirection; by: number }>> = {
  wider: { direction: "columns", by: resizeStep },
  narrower: { direction: "columns", by: -resizeStep },
  taller: { direction: "rows", by: resizeStep },
  shorter: { direction: "rows", by: -resizeStep },
};

function performed(
  state: UiState,
  action: ProgramAction,
  { tab, panes }: { tab: Tab; panes: PaneLookup },
): Stepped {
  const { id } = action;
  if (action.command !== undefined) {
    return only(state, { kind: "command", pane: tab.focused, command: action.command });
  }
  const side = sides[id];
  if (side !== undefined) {
    const placed = shownPanes({ ...state, ...unzoomed(state) });
    return only(focusedOn(state, neighbour(placed, tab.focused, side)));
  }
  const resize = resizes[id];
  if (resize !== undefined) {
    return only(withCurrent(state, (one) => ({
      ...one,
      tiles: resized(one.tiles, one.focused, resize),
    })));
  }
  const tabNumber = /^tab-(\d)$/.exec(id)?.[1];
  if (tabNumber !== undefined) return only({ ...state, at: Number(tabNumber) - 1 });
  const count = state.tabs.length;
  switch (id) {
    case "focus-next":
    case "focus-previous": {
      const order = panesOf(tab.tiles);
      const by = id === "focus-next" ? 1 : order.length - 1;
      return only(focusedOn(state, order[(order.indexOf(tab.focused) + by) % order.length]));
    }
    case "split-right":
    case "split-below": {
      const open = state.panes.get(tab.focused);
      if (open === undefined) return only(state);
      const config = panes(tab.focused)?.config ?? open.config;
      const where = id === "split-right" ? "right" : "below";
      return opened(state, { kind: "open", key: open.key, config, where });
    }
    case "zoom":
      return only(withCurrent(state, (one) => ({ ...one, isZoomed: !one.isZoomed })));
    case "close-pane":
      return closing(state, [tab.focused], tab.focused, panes);
    case "equalize":
      return only(withCurrent(state, (one) => ({ ...one, tiles: equalized(one.tiles) })));
    case "new-tab":
      return opened(state, {
        kind: "open",
        key: "resource-list",
        config: { kind: "pods" },
        where: "tab",
      });
    case "next-tab":
      return only({ ...state, at: (state.at + 1) % count });
    case "previous-tab":
      return only({ ...state, at: (state.at + count - 1) % count });
    case "find": {
      const as = panes(tab.focused)?.find ?? "filter";
      return only({
        ...state,
        dialog: { kind: "find", as, edit: { text: "", caret: 0, cut: "" } },
      });
    }
    case "help":
      return only({ ...state, dialog: { kind: "help", offset: 0 } });
    case "redraw":
      return only(state, { kind: "redraw" });
    case "quit":
      return closing(state, [...state.panes.keys()], undefined, panes);
    case "open-pane":
    case "kinds":
    case "namespaces":
    case "contexts":
    case "rename-tab":
    case "save-layout":
      return only(state, { kind: "request", action: id });
    default:
      return only(state);
  }
}

/** Closes a pane, or quits; asks first if that would end something. */
function closing(
  state: UiState,
  which: readonly PaneId[],
  close: PaneId | undefined,
  panes: PaneLookup,
): Stepped {
  const running = which.flatMap((pane) => panes(pane)?.running ?? []);
  if (running.length > 0) return only(state, { kind: "endRunning", running, close });
  return close === undefined ? only(state, { kind: "quit" }) : closed(state, close);
}

function unzoomed(state: UiState): Pick<UiState, "tabs"> {
  return withCurrent(state, (one) => ({ ...one, isZoomed: false }));
}

function focusedOn(state: UiState, pane: PaneId | undefined): UiState {
  return pane === undefined ? state : withCurrent(state, (one) => ({ ...one, focused: pane }));
}

function onMouse(
  state: UiState,
  { action, column, row }: { action: MouseAction; column: number; row: number },
): Stepped {
  if (state.dialog !== undefined || action === "release" || action === "other") return only(state);
  if (hasBars(state) && row === 0) {
    if (action !== "click") return only(state);
    const label = tabLabels(state).find((one) => column >= one.start && column < one.end);
    return only(label === undefined ? state : { ...state, at: label.index });
  }
  const tile = shownPanes(state).find((one) =>
    column >= one.column && column < one.column + one.columns &&
    row >= one.row && row < one.row + one.rows
  );
  if (tile === undefined) return only(state);
  if (action === "click") {
    const content = contentOf(tile, state.size);
    const next = focusedOn(state, tile.pane);
    if (row < content.row || column >= content.column + content.columns) return only(next);
    return only(next, {
      kind: "click",
      pane: tile.pane,
      column: column - content.column,
      row: row - content.row,
    });
  }
  const type = action === "wheelUp" ? "scroll_up" : "scroll_down";
  const command = { kind: "command", pane: tile.pane, command: { type } } as const;
  return only(state, ...Array.from({ length: wheelLines }, () => command));
}

type Typed = Extract<TerminalInput, { kind: "key" | "text" | "paste" }>;

function inDialog(state: UiState, dialog: Dialog, input: Typed, panes: PaneLookup): Stepped {
  const isCancel = input.kind === "key" && /^(?:esc|ctrl-c|ctrl-g)$/.test(input.key);
  const isEnter = input.kind === "key" && input.key === "enter";
  switch (dialog.kind) {
    case "help":
      return inHelp(state, dialog, input);
    case "confirm": {
      if (input.kind === "text" && /^[yY]/.test(input.text)) {
        return answered(state, dialog.id, "yes");
      }
      const isNo = isCancel || isEnter || input.kind === "text" && /^[nNq]/.test(input.text);
      return isNo ? answered(state, dialog.id, undefined) : only(state);
    }
    case "line":
      if (isCancel) return answered(state, dialog.id, undefined);
      if (isEnter) return answered(state, dialog.id, dialog.edit.text);
      return only({ ...state, dialog: { ...dialog, edit: edited(dialog.edit, input) } });
    case "choose": {
      if (isCancel) return answered(state, dialog.id, undefined);
      const matching = matchingChoices(dialog);
      if (isEnter) {
        const chosen = matching[Math.min(dialog.at, matching.length - 1)];
        // What isn't offered can be typed: a kind, a namespace that may not be listed.
        const typed = dialog.edit.text.trim();
        return answered(state, dialog.id, chosen?.value ?? (typed === "" ? undefined : typed));
      }
      const move = input.kind === "key" ? moves[input.key] : undefined;
      if (move !== undefined) {
        const at = Math.max(0, Math.min(matching.length - 1, dialog.at + move));
        return only({ ...state, dialog: { ...dialog, at } });
      }
      return only({ ...state, dialog: { ...dialog, at: 0, edit: edited(dialog.edit, input) } });
    }
    case "find":
      return inFind(state, dialog, { input, isCancel, isEnter, panes });
  }
}

const moves: Readonly<Record<string, number>> = {
  "up": -1,
  "ctrl-p": -1,
  "shift-tab": -1,
  "down": 1,
  "ctrl-n": 1,
  "tab": 1,
  "page-up": -10,
  "page-down": 10,
};

function edited(edit: Extract<Dialog, { kind: "line" }>["edit"], input: Typed) {
  if (input.kind !== "key") return insert(input.text)(edit);
  const name = editKeys[input.key];
  return name === undefined ? edit : edits[name](edit);
}

function answered(state: UiState, id: number, value: string | undefined): Stepped {
  const [next, ...waiting] = state.waiting;
  const dialog = next === undefined ? undefined : dialogOf(next.id, next.question);
  return only({ ...state, dialog, waiting }, { kind: "answer", id, value });
}

function inHelp(state: UiState, dialog: Extract<Dialog, { kind: "help" }>, input: Typed): Stepped {
  const key = input.kind === "key" ? input.key : input.text;
  const page = Math.max(1, state.size.rows - 4);
  const by = { j: 1, down: 1, k: -1, up: -1, "page-down": page, " ": page, "page-up": -page }[key];
  if (by === undefined) return only({ ...state, dialog: undefined });
  return only({ ...state, dialog: { ...dialog, offset: Math.max(0, dialog.offset + by) } });
}

function inFind(
  state: UiState,
  dialog: Extract<Dialog, { kind: "find" }>,
  { input, isCancel, isEnter }: {
    input: Typed;
    isCancel: boolean;
    isEnter: boolean;
    panes: PaneLookup;
  },
): Stepped {
  const pane = currentTab(state)?.focused;
  if (pane === undefined) return only({ ...state, dialog: undefined });
  const send = (command: PaneCommand): UiEffect => ({ kind: "command", pane, command });
  const over = { ...state, dialog: undefined };
  if (isCancel) {
    return only(over, send({ type: dialog.as === "filter" ? "clear_filter" : "search_clear" }));
  }
  if (isEnter) {
    return dialog.as === "filter" ? only(over) : only(over, send({ type: "search_confirm" }));
  }
  const edit = edited(dialog.edit, input);
  const command: PaneCommand = dialog.as === "filter"
    ? { type: "filter", query: edit.text }
    : { type: "search_input", text: edit.text };
  return only({ ...state, dialog: { ...dialog, edit } }, send(command));
}
