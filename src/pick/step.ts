/** Handles one event after the other. Pure: the same state and event give the same state. */
import type { Line } from "../terminal/grid.ts";
import type { TerminalInput } from "../terminal/keys.ts";
import { bindings, type PickAction } from "./bindings.ts";
import { act, edited, finishMarking, moveCursor } from "./actions.ts";
import { insert } from "./edit.ts";
import { matchAt } from "./layout.ts";
import { type Changes, currentRow, pinned, searchOn, withChanges } from "./list.ts";
import { accept } from "./levels.ts";
import { ownerOf } from "./row.ts";
import { isComplete } from "./search.ts";
import { activeLevel, type Level, type LevelKind, type PickState } from "./state.ts";
import { layout } from "./layout.ts";
import { lastScroll, textRows } from "./view_help.ts";

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
      return edited(state, insert(input.text.trim()));
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
