/** What the keys do to a state. */
import type { PickAction } from "./bindings.ts";
import { type Edit, edits } from "./edit.ts";
import { layout } from "./layout.ts";
import { accept, back, openContainers, openPlaces } from "./levels.ts";
import { currentRow, moved, searched, withQuery } from "./list.ts";
import { parseQuery } from "./query.ts";
import type { RowEntry } from "./row.ts";
import { isComplete, type Match } from "./search.ts";
import { activeLevel, isMarkable, type Level, type PickState } from "./state.ts";

/** Returns the state after an action. */
export function act(state: PickState, action: PickAction): PickState {
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
export function edited(state: PickState, edit: Edit): PickState {
  const level = activeLevel(state);
  const line = edit(level.line);
  if (line === level.line) return state;
  if (line.text === level.line.text) return withActive(state, { ...level, line });
  const list = withQuery(level.list, parseQuery(line.text));
  return withActive({ ...state, notice: undefined }, { ...level, line, list, offset: 0 });
}

/** Moves the cursor N rows down the screen, or to an index of the matches. */
export function moveCursor(state: PickState, by: number, how: "by" | "to" = "by"): PickState {
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

/** Completes the search at once, and marks what was to be marked at its end. */
export function finishMarking(state: PickState): PickState {
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
