/** The changes of the UI's state: an event gives a new state, and effects for the runtime. Pure. */
import {
  editKeys,
  type EditLine,
  editLine,
  edits,
  insert,
  refusedPaste,
} from "../terminal/edit_line.ts";
import type { Tone } from "../terminal/grid.ts";
import { droppedPasteText, type MouseAction, type TerminalInput } from "../terminal/keys.ts";
import type { Size } from "../terminal/terminal.ts";
import { boundTo } from "./keys.ts";
import type { Choice, PaneCommand, PaneConfig, PaneId, PaneQuestion, PaneScope } from "./pane.ts";
import {
  type Bound,
  closed,
  contentOf,
  currentTab,
  type Dialog,
  dialogOf,
  focusedOn,
  hasBars,
  matchingChoices,
  only,
  opened,
  type OpenRequest,
  type PaneLookup,
  shownPanes,
  type Stepped,
  type Tab,
  toasted,
  type UiEffect,
  type UiState,
  withTab,
} from "./state.ts";
import { tabLabels } from "./tab_bar.ts";
import { panesOf } from "./tiles.ts";

/** Lines of a turn of the mouse wheel. */
const wheelLines = 3;

/** Something that happened. */
export type UiEvent =
  /**
   * A text arrives one character at a time, unless it is typed into something: see {@link takesText}. `isAlone`: the
   * key came without any other; only such a key answers a question.
   */
  | { kind: "input"; input: TerminalInput; isAlone?: boolean }
  | { kind: "resize"; size: Size }
  | { kind: "contexts"; contexts: UiState["contexts"] }
  | { kind: "clock"; nowMs: number }
  | { kind: "toast"; text: string; tone: Tone }
  | { kind: "ask"; id: number; question: PaneQuestion }
  /** The choices of a question that was asked before they were known. */
  | { kind: "choices"; id: number; choices: readonly Choice[] }
  | { kind: "open" } & OpenRequest
  | { kind: "close"; pane: PaneId }
  | { kind: "find"; pane: PaneId; as: "filter" | "search" }
  /** The pane shows something else, in its tile. */
  | { kind: "replace"; pane: PaneId; key: string; config: PaneConfig }
  | { kind: "scope"; tab: number; scope: PaneScope }
  | { kind: "rename"; tab: number; name: string }
  /** Tabs of a layout. */
  | { kind: "restore"; tabs: readonly Tab[]; panes: UiState["panes"]; nextId: number };

/** Applies an event. */
export function step(state: UiState, event: UiEvent, panes: PaneLookup): Stepped {
  switch (event.kind) {
    case "input":
      return onInput(state, event, panes);
    case "resize":
      return only({ ...state, size: event.size });
    case "contexts":
      return only({ ...state, contexts: event.contexts });
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
    case "find":
      return currentTab(state)?.focused !== event.pane || state.dialog !== undefined
        ? only(state)
        : only({ ...state, dialog: { kind: "find", as: event.as, edit: editLine("") } });
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
  return state.dialog !== undefined || isForProgram(state, panes);
}

/** Returns whether keys are those of a program in the focused pane. */
export function isForProgram(state: UiState, panes: PaneLookup): boolean {
  const focused = currentTab(state)?.focused;
  return state.dialog === undefined && focused !== undefined &&
    panes(focused)?.takesKeys === true;
}

/** The panes of the tab are opened again, in their tiles. */
function rescoped(state: UiState, id: number, scope: PaneScope, panes: PaneLookup): Stepped {
  const tab = state.tabs.find((one) => one.id === id);
  if (tab === undefined) return only(state);
  const effects: UiEffect[] = [];
  for (const pane of panesOf(tab.tiles)) {
    const open = state.panes.get(pane);
    // A program in a pane continues in the scope in which it was started.
    if (open === undefined || panes(pane)?.running !== undefined) continue;
    const config = panes(pane)?.config ?? open.config;
    effects.push({ kind: "close", pane }, { kind: "open", pane, key: open.key, config, scope });
  }
  return only(withTab(state, id, (one) => ({ ...one, scope })), ...effects);
}

function onInput(
  state: UiState,
  { input, isAlone = false }: Extract<UiEvent, { kind: "input" }>,
  panes: PaneLookup,
): Stepped {
  if (input.kind === "position") return only(state);
  if (input.kind === "mouse") return onMouse(state, input);
  const { dialog } = state;
  // A dialog with a line says beside its text that a paste was dropped.
  if (dialog !== undefined && (input.kind !== "droppedPaste" || "edit" in dialog)) {
    return inDialog(state, dialog, { input, isAlone, panes });
  }
  if (input.kind === "droppedPaste") {
    return only(toasted(state, droppedPasteText(input.characters), "bad"));
  }
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
      (bound.kind === "toggle" || bound.kind === "program" && bound.action.always);
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
  if (bound.kind === "toggle") return undefined;
  return bound.kind === "program"
    ? bound.action.refusal({ state, tab, panes })
    : panes(tab.focused)?.refusal(bound.action.id);
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
  return bound.action.perform({ state, tab, panes });
}

function toggled(state: UiState, key: string, tab: Tab): Stepped {
  const open = panesOf(tab.tiles).find((pane) => state.panes.get(pane)?.key === key);
  return open === undefined
    ? opened(state, { key, config: {}, where: "right" })
    : closed(state, open);
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

type Typed = Extract<TerminalInput, { kind: "key" | "text" | "paste" | "droppedPaste" }>;

function inDialog(
  state: UiState,
  dialog: Dialog,
  { input, isAlone, panes }: { input: Typed; isAlone: boolean; panes: PaneLookup },
): Stepped {
  const isCancel = input.kind === "key" && /^(?:esc|ctrl-c|ctrl-g)$/.test(input.key);
  const isEnter = input.kind === "key" && input.key === "enter";
  switch (dialog.kind) {
    case "help":
      return inHelp(state, dialog, input);
    case "confirm": {
      // A key that comes with others is typed ahead of the question, or pasted into a terminal that marks no pastes.
      const letter = isAlone && input.kind === "text" ? input.text : "";
      if (/^[yY]$/.test(letter)) return answered(state, dialog.id, "yes");
      const isNo = isCancel || isEnter || /^[nNq]$/.test(letter);
      return isNo ? answered(state, dialog.id, undefined) : only(state);
    }
    case "line":
      if (isCancel) return answered(state, dialog.id, undefined);
      if (isEnter) return answered(state, dialog.id, dialog.edit.text);
      return only({ ...state, dialog: { ...dialog, ...edited(dialog.edit, input) } });
    case "choose": {
      if (isCancel) return answered(state, dialog.id, undefined);
      const matching = matchingChoices(dialog);
      if (isEnter) {
        const chosen = matching[Math.min(dialog.at, matching.length - 1)];
        // Names that aren't offered can be typed: a kind, a namespace that may not be listed.
        const typed = dialog.edit.text.trim();
        return answered(state, dialog.id, chosen?.value ?? (typed === "" ? undefined : typed));
      }
      const move = input.kind === "key" ? moves[input.key] : undefined;
      if (move !== undefined) {
        const at = Math.max(0, Math.min(matching.length - 1, dialog.at + move));
        return only({ ...state, dialog: { ...dialog, at } });
      }
      return only({ ...state, dialog: { ...dialog, at: 0, ...edited(dialog.edit, input) } });
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

/** Returns the line after an input, or why it doesn't take a paste. */
function edited(edit: EditLine, input: Typed): { edit: EditLine; refusal: string | undefined } {
  const refusal = refusedPaste(edit, input);
  if (refusal !== undefined || input.kind === "droppedPaste") return { edit, refusal };
  if (input.kind !== "key") return { edit: insert(input.text)(edit), refusal };
  const name = editKeys[input.key];
  return { edit: name === undefined ? edit : edits[name](edit), refusal };
}

function answered(state: UiState, id: number, value: string | undefined): Stepped {
  const [next, ...waiting] = state.waiting;
  const dialog = next === undefined ? undefined : dialogOf(next.id, next.question);
  return only({ ...state, dialog, waiting }, { kind: "answer", id, value });
}

function inHelp(state: UiState, dialog: Extract<Dialog, { kind: "help" }>, input: Typed): Stepped {
  if (input.kind === "paste" || input.kind === "droppedPaste") return only(state);
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
  const { edit, refusal } = edited(dialog.edit, input);
  const next = { ...state, dialog: { ...dialog, edit, refusal } };
  if (edit.text === dialog.edit.text) return only(next);
  const command: PaneCommand = dialog.as === "filter"
    ? { type: "filter", query: edit.text }
    : { type: "search_input", text: edit.text };
  return only(next, send(command));
}
