/** Handles events in order. Pure: the same state and event give the same state. */
import type { Line } from "../terminal/grid.ts";
import { droppedPasteText, type TerminalInput } from "../terminal/keys.ts";
import {
  type Edit,
  editKeys,
  type EditName,
  edits,
  insert,
  refusedPaste,
} from "../terminal/edit_line.ts";
import { layout, matchAt } from "./layout.ts";
import {
  type Changes,
  currentRow,
  moved,
  pinned,
  searched,
  searchOn,
  withChanges,
  withQuery,
} from "./list.ts";
import { accept, back, openContainers, openPlaces } from "./levels.ts";
import { ownerOf, type RowEntry } from "./row.ts";
import { isComplete, type Match } from "./search.ts";
import { activeLevel, isMarkable, type Level, type LevelKind, type PickState } from "./state.ts";
import { lastScroll, textRows } from "./view_help.ts";
import { parseQuery } from "./query.ts";

/** The events of a picker. */
export type PickEvent =
  | { kind: "input"; input: Exclude<TerminalInput, { kind: "position" }>; atMs: number }
  /** `screenRows` of the whole screen; equal to `rows` if it is absent. */
  | { kind: "resize"; columns: number; rows: number; screenRows?: number }
  /** Rows of a level. `turn` is the state's at the time of the request. */
  | { kind: "changed"; level: LevelKind; turn: number; changes: Changes }
  /** The first rows are complete; further changes may come. */
  | { kind: "loaded"; level: LevelKind; turn: number }
  | { kind: "previewing"; id: string }
  | { kind: "previewed"; id: string; lines: readonly Line[] }
  | { kind: "notice"; text: string | undefined }
  /** There is time to search N more entries. */
  | { kind: "search"; entries: number }
  | { kind: "clock"; nowMs: number };

/** Returns the state after an event. After the end nothing changes any more. */
export function step(state: PickState, event: PickEvent): PickState {
  if (state.outcome.kind !== "open") return state;
  return scrolled(stepped(state, event));
}

function stepped(state: PickState, event: PickEvent): PickState {
  switch (event.kind) {
    case "input":
      // Pending work from before this key is done first.
      return input(finishMarking(state), event);
    case "resize":
      return {
        ...state,
        columns: event.columns,
        rows: event.rows,
        screenRows: event.screenRows ?? event.rows,
      };
    case "changed":
      return changed(state, event);
    case "loaded":
      return withLevel(state, event, (level) => ({ ...level, loading: false }));
    case "previewing":
      return withPreview(state, { content: { phase: "loading", id: event.id }, scroll: 0 });
    case "previewed":
      return state.preview.content?.id === event.id
        ? withPreview(state, { content: { phase: "shown", id: event.id, lines: event.lines } })
        : state;
    case "notice":
      return { ...state, notice: event.text };
    case "search":
      return searchedOn(state, event.entries);
    case "clock":
      return { ...state, nowMs: event.nowMs };
  }
}

function searchedOn(state: PickState, entries: number): PickState {
  const next = mapActive(state, (level) => ({ ...level, list: searchOn(level.list, entries) }));
  return isComplete(activeLevel(next).list.search) ? finishMarking(next) : next;
}

function input(state: PickState, event: Extract<PickEvent, { kind: "input" }>): PickState {
  const { input } = event;
  if (state.help !== undefined) return helpInput(state, state.help, input);
  switch (input.kind) {
    case "text":
      // Names don't contain a question mark, and it has no meaning in patterns here.
      return input.text === "?" ? act(state, { kind: "help" }) : edited(state, insert(input.text));
    case "paste":
    case "droppedPaste": {
      const pasted = input.kind === "paste" ? { ...input, text: input.text.trim() } : input;
      const notice = refusedPaste(activeLevel(state).line, pasted);
      if (notice !== undefined) return { ...state, notice };
      return pasted.kind === "paste" ? edited(state, insert(pasted.text)) : state;
    }
    case "key": {
      const action = bound(input.key);
      return action === undefined ? state : act(state, action);
    }
    case "mouse":
      return mouse(state, input, event.atMs);
  }
}

/** Keys while the help is shown: they scroll it, or close it, and type nothing. */
function helpInput(
  state: PickState,
  from: number,
  input: Extract<PickEvent, { kind: "input" }>["input"],
): PickState {
  const closed = { ...state, help: undefined };
  const scrolledBy = (rows: number) => ({
    ...state,
    help: Math.max(0, Math.min(lastScroll(state), from + rows)),
  });
  switch (input.kind) {
    case "text":
      return input.text === "?" || input.text === "q" ? closed : state;
    case "paste":
      return state;
    case "droppedPaste":
      return { ...state, notice: droppedPasteText(input.characters) };
    case "mouse":
      if (input.action === "wheelUp" || input.action === "wheelDown") {
        return scrolledBy(input.action === "wheelUp" ? -wheelRows : wheelRows);
      }
      return state;
    case "key": {
      const action = bound(input.key);
      if (action?.kind === "abort") return act(state, action);
      if (action?.kind === "move") return scrolledBy(action.rows);
      if (action?.kind === "page") return scrolledBy(action.pages * textRows(state));
      const leaves = action?.kind === "back" || action?.kind === "help" ||
        action?.kind === "accept";
      return leaves ? closed : state;
    }
  }
}

function bound(key: string): PickAction | undefined {
  return Object.hasOwn(bindings, key) ? bindings[key] : undefined;
}

/** Two clicks within this time are a double click. */
const doubleClickMs = 400;
/** Rows per turn of the wheel. */
const wheelRows = 3;

function mouse(
  state: PickState,
  { action, row, column }: Extract<TerminalInput, { kind: "mouse" }>,
  atMs: number,
): PickState {
  if (action === "other") return state;
  if (action === "release") {
    // Not before: a terminal would send the release to the program that reads the keys after the choice.
    return state.lastClick?.isDouble ? accept({ ...state, lastClick: undefined }) : state;
  }
  if (action !== "click") {
    const rows = action === "wheelUp" ? -1 : 1;
    const pane = layout(state).preview;
    const inPane = pane !== undefined && row >= pane.row && row < pane.row + pane.rows &&
      column >= pane.column && column < pane.column + pane.columns;
    return inPane
      ? act(state, { kind: "scrollPreview", rows: rows * wheelRows })
      : moveCursor(state, rows);
  }
  const index = matchAt(state, { row, column });
  if (index === undefined) return { ...state, lastClick: undefined };
  const there = moveCursor(state, index, "to");
  const id = activeLevel(there).list.cursor?.entry.id ?? "";
  const { lastClick } = state;
  // The same row, not only the same position: rows move under the pointer.
  const isDouble = lastClick?.id === id && atMs - lastClick.atMs <= doubleClickMs;
  return { ...there, lastClick: { atMs, id, isDouble } };
}

function changed(state: PickState, event: Extract<PickEvent, { kind: "changed" }>): PickState {
  if (event.turn !== state.turn) return state;
  const { changes } = event;
  const next = withLevel(state, event, (level) => ({
    ...level,
    list: withChanges(level.list, changes),
  }));
  return event.level === "pods" ? innerChanged(unchosen(next, changes), changes) : next;
}

/** A deleted row can't be chosen any more, and a notice reports it if it was chosen. */
function unchosen(state: PickState, { removed, upserts }: Changes): PickState {
  if (removed.length === 0 || state.chosen.size === 0) return state;
  const left = new Set(removed);
  for (const { entry } of upserts) left.delete(entry.id);
  const gone = [...state.chosen.values()].filter(({ id }) => left.has(ownerOf(id)));
  const [first] = gone;
  if (first === undefined) return state;
  const chosen = new Map(state.chosen);
  for (const { id } of gone) chosen.delete(id);
  const who = gone.length > 1 ? `${gone.length} pods are` : `${first.text} is`;
  return { ...state, chosen, notice: `${who} gone, and no longer chosen` };
}

/** An open list of containers follows its pod, and closes with it. */
function innerChanged(state: PickState, { upserts, removed }: Changes): PickState {
  const open = state.levels.find(({ kind }) => kind === "containers");
  const [pods] = state.levels;
  if (open === undefined || pods === undefined) return state;
  const [container] = open.list.rows;
  if (container === undefined) return state;
  const owner = ownerOf(container.entry.id);
  if (removed.includes(owner)) {
    return { ...state, levels: [pods], notice: state.notice ?? "the pod is gone" };
  }
  const now = upserts.find(({ entry }) => entry.id === owner);
  if (now?.inner === undefined) return state;
  const changes = { upserts: now.inner, removed: [] };
  return {
    ...state,
    levels: state.levels.map((level) =>
      level === open ? { ...level, list: withChanges(level.list, changes) } : level
    ),
  };
}

/** Events of a closed level are ignored. */
function withLevel(
  state: PickState,
  { level, turn }: { level: LevelKind; turn: number },
  change: (level: Level) => Level,
): PickState {
  if (turn !== state.turn) return state;
  return {
    ...state,
    levels: state.levels.map((one) => one.kind === level ? change(one) : one),
  };
}

function mapActive(state: PickState, change: (level: Level) => Level): PickState {
  const active = activeLevel(state);
  return { ...state, levels: [...state.levels.slice(0, -1), change(active)] };
}

function withPreview(state: PickState, change: Partial<PickState["preview"]>): PickState {
  return { ...state, preview: { ...state.preview, ...change } };
}

/** The cursor's row is always visible; a complete list stays on its row from now on. */
function scrolled(state: PickState): PickState {
  const { list: { rows } } = layout(state);
  const level = activeLevel(state);
  const settled = !level.loading && isComplete(level.list.search);
  const list = settled && currentRow(level.list) !== undefined ? pinned(level.list) : level.list;
  const { index } = list;
  const lowest = Math.max(0, index - Math.max(0, rows - 1));
  const last = Math.max(0, list.search.found.length - rows);
  const offset = Math.min(Math.max(level.offset, lowest), index, Math.max(last, lowest));
  if (offset === level.offset && list === level.list) return state;
  return { ...state, levels: [...state.levels.slice(0, -1), { ...level, list, offset }] };
}

/* The effects of keys on a state. */

/** Returns the state after an action. */
function act(state: PickState, action: PickAction): PickState {
  const { line } = activeLevel(state);
  switch (action.kind) {
    case "edit":
      return edited(state, edits[action.edit]);
    case "move":
      return moveCursor(state, action.rows);
    case "page":
      return moveCursor(state, action.pages * Math.max(1, layout(state).list.rows));
    case "mark":
      return moveCursor(mark(state), isMarkable(state) ? action.then : 0);
    case "markAll":
      return marking(state, "all");
    case "toggleAll":
      return marking(state, "toggle");
    case "accept":
      return accept(state);
    case "abort":
      return { ...state, outcome: { kind: "aborted" } };
    case "back":
      return back(state);
    case "deleteOrAbort":
      return line.text === ""
        ? { ...state, outcome: { kind: "aborted" } }
        : edited(state, edits.deleteChar);
    case "open":
      return openContainers(state);
    case "forwardOrOpen":
      return line.caret < line.text.length
        ? edited(state, edits.forwardChar)
        : openContainers(state);
    case "backwardOrBack":
      // At the start of the line the caret stays; the picker itself isn't left by it.
      return line.caret > 0 || state.levels.length === 1
        ? edited(state, edits.backwardChar)
        : back(state);
    case "namespaces":
    case "contexts":
      return openPlaces(state, action.kind);
    case "togglePreview":
      return togglePreview(state);
    case "help":
      return { ...state, help: 0 };
    case "scrollPreview":
      return scrollPreview(state, action.rows);
    case "redraw":
      return { ...state, notice: undefined };
  }
}

/** Returns the state after a change of the query's line. */
function edited(state: PickState, edit: Edit): PickState {
  const level = activeLevel(state);
  const line = edit(level.line);
  if (line === level.line) return state;
  if (line.text === level.line.text) return withActive(state, { ...level, line });
  const list = withQuery(level.list, parseQuery(line.text));
  return withActive({ ...state, notice: undefined }, { ...level, line, list, offset: 0 });
}

/** Moves the cursor N rows down the screen, or to an index of the matches. */
function moveCursor(state: PickState, by: number, how: "by" | "to" = "by"): PickState {
  const level = activeLevel(state);
  if (how === "by" && by === 0) return state;
  const direction = state.settings.layout === "reverse" ? 1 : -1;
  const index = how === "to" ? by : level.list.index + by * direction;
  return withActive(state, { ...level, list: moved(level.list, index) });
}

function mark(state: PickState): PickState {
  const row = currentRow(activeLevel(state).list);
  if (row === undefined || !isMarkable(state)) return state;
  const chosen = new Map(state.chosen);
  if (!chosen.delete(row.entry.id)) chosen.set(row.entry.id, row.entry);
  return { ...state, chosen };
}

/** Marks the matches: now, or when a search in progress has found all of them. */
function marking(state: PickState, what: "all" | "toggle"): PickState {
  if (!isMarkable(state)) return state;
  const asked = { ...state, marking: what };
  return isComplete(activeLevel(state).list.search) ? finishMarking(asked) : asked;
}

/** Completes the search at once, and makes the marks that wait for its end. */
function finishMarking(state: PickState): PickState {
  if (state.marking === undefined) return state;
  const level = activeLevel(state);
  const list = searched(level.list);
  const { found } = list.search;
  const chosen = state.marking === "all"
    ? withAll(state.chosen, found)
    : turnedAround(state.chosen, found);
  return withActive({ ...state, chosen, marking: undefined }, { ...level, list });
}

/** Earlier marks retain their position in the order of choosing. */
function withAll(before: PickState["chosen"], found: readonly Match[]): PickState["chosen"] {
  const chosen = new Map(before);
  for (const { entry } of found) chosen.set(entry.id, entry);
  return chosen;
}

/** Builds a new map: removing very many entries takes longer than omitting them. */
function turnedAround(before: PickState["chosen"], found: readonly Match[]): PickState["chosen"] {
  const added = found.filter(({ entry }) => !before.has(entry.id));
  const elsewhere = before.size - (found.length - added.length);
  const chosen = new Map<string, RowEntry>();
  if (elsewhere > 0) {
    const fitting = new Set(found.map(({ entry }) => entry.id));
    for (const [id, entry] of before) if (!fitting.has(id)) chosen.set(id, entry);
  }
  for (const { entry } of added) chosen.set(entry.id, entry);
  return chosen;
}

/** If there is no space for the preview, a notice reports this instead of hiding it. */
function togglePreview(state: PickState): PickState {
  if (state.settings.of === "choices") return state;
  const shown = { ...state, preview: { ...state.preview, shown: true, scroll: 0 } };
  if (layout(shown).preview === undefined) return { ...shown, notice: "no room for the preview" };
  return { ...state, preview: { ...state.preview, shown: !state.preview.shown, scroll: 0 } };
}

function scrollPreview(state: PickState, rows: number): PickState {
  const { content, scroll } = state.preview;
  const lines = content?.phase === "shown" ? content.lines.length : 0;
  const room = layout(state).preview?.rows ?? 0;
  const last = Math.max(0, lines - Math.max(1, room - 2));
  return {
    ...state,
    preview: { ...state.preview, scroll: Math.max(0, Math.min(last, scroll + rows)) },
  };
}

function withActive(state: PickState, level: Level): PickState {
  return { ...state, levels: [...state.levels.slice(0, -1), level] };
}

/* Key bindings: fzf's own, and a few for features that fzf doesn't have. */

/** The action of a key. */
type PickAction =
  | { kind: "edit"; edit: EditName }
  /** On the screen: up is towards the top, whatever the direction of the list. */
  | { kind: "move"; rows: number }
  | { kind: "page"; pages: 1 | -1 }
  | { kind: "mark"; then: 1 | -1 }
  | { kind: "scrollPreview"; rows: number }
  | {
    kind:
      | "accept"
      | "abort"
      | "back"
      | "deleteOrAbort"
      | "markAll"
      | "toggleAll"
      | "open"
      | "forwardOrOpen"
      | "backwardOrBack"
      | "namespaces"
      | "contexts"
      | "togglePreview"
      | "help"
      | "redraw";
  };

const edit = (name: EditName): PickAction => ({ kind: "edit", edit: name });

/** The actions by the names that `KeyDecoder` gives keys. https://man.archlinux.org/man/fzf.1#AVAILABLE_ACTIONS: */
export const bindings: Readonly<Record<string, PickAction>> = {
  "enter": { kind: "accept" },
  "ctrl-c": { kind: "abort" },
  "ctrl-g": { kind: "abort" },
  "ctrl-q": { kind: "abort" },
  "esc": { kind: "back" },
  "ctrl-d": { kind: "deleteOrAbort" },
  "up": { kind: "move", rows: -1 },
  "ctrl-k": { kind: "move", rows: -1 },
  "ctrl-p": { kind: "move", rows: -1 },
  "down": { kind: "move", rows: 1 },
  // Ctrl-J is a line feed.
  "ctrl-j": { kind: "move", rows: 1 },
  "ctrl-n": { kind: "move", rows: 1 },
  "page-up": { kind: "page", pages: -1 },
  "page-down": { kind: "page", pages: 1 },
  "tab": { kind: "mark", then: 1 },
  "shift-tab": { kind: "mark", then: -1 },
  "alt-a": { kind: "markAll" },
  "alt-t": { kind: "toggleAll" },
  "ctrl-o": { kind: "open" },
  "right": { kind: "forwardOrOpen" },
  "left": { kind: "backwardOrBack" },
  "ctrl-s": { kind: "namespaces" },
  "ctrl-x": { kind: "contexts" },
  "ctrl-/": { kind: "togglePreview" },
  "alt-p": { kind: "togglePreview" },
  "f1": { kind: "help" },
  "shift-up": { kind: "scrollPreview", rows: -1 },
  "shift-down": { kind: "scrollPreview", rows: 1 },
  "alt-up": { kind: "scrollPreview", rows: -5 },
  "alt-down": { kind: "scrollPreview", rows: 5 },
  "ctrl-l": { kind: "redraw" },
  ...Object.fromEntries(Object.entries(editKeys).map(([key, name]) => [key, edit(name)])),
};
