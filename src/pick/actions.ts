/** What the keys do to a state. */
import type { Action } from "./bindings.ts";
import { type Edit, edits } from "./edit.ts";
import { layout } from "./layout.ts";
import { accept, back, openContainers, openPlaces } from "./levels.ts";
import { currentRow, moved, rowOf, searched, withQuery } from "./list.ts";
import { parseQuery } from "./query.ts";
import type { Row } from "./row.ts";
import { activeLevel, isMarkable, type Level, type PickState } from "./state.ts";

/** The state after an action. */
export function act(state: PickState, action: Action): PickState {
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
      return markEach(state, () => true);
    case "toggleAll":
      return markEach(state, (row) => !state.chosen.has(row.entry.id));
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
      // At the beginning of the line there is nowhere else to go; the picker itself isn't left by it.
      return line.caret > 0 || state.levels.length === 1
        ? edited(state, edits.backwardChar)
        : back(state);
    case "namespaces":
    case "contexts":
      return openPlaces(state, action.kind);
    case "togglePreview":
      return {
        ...state,
        preview: { ...state.preview, shown: !state.preview.shown, scroll: 0 },
      };
    case "scrollPreview":
      return scrollPreview(state, action.rows);
    case "redraw":
      return { ...state, notice: undefined };
  }
}

/** The query's line after a change of it. */
export function edited(state: PickState, edit: Edit): PickState {
  const level = activeLevel(state);
  const line = edit(level.line);
  if (line === level.line) return state;
  if (line.text === level.line.text) return withActive(state, { ...level, line });
  const list = withQuery(level.list, parseQuery(line.text));
  return withActive({ ...state, notice: undefined }, { ...level, line, list, offset: 0 });
}

/** The cursor so many rows down the screen, or to an index of what fits. */
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
  if (!chosen.delete(row.entry.id)) chosen.set(row.entry.id, row);
  return { ...state, chosen };
}

/** Marks those of what fits that it answers true for, and unmarks the others. */
function markEach(state: PickState, wanted: (row: Row) => boolean): PickState {
  if (!isMarkable(state)) return state;
  const level = activeLevel(state);
  const list = searched(level.list);
  const chosen = new Map(state.chosen);
  for (const { entry } of list.search.found) {
    const row = rowOf(list, entry);
    if (row === undefined) continue;
    if (!wanted(row)) chosen.delete(entry.id);
    else if (!chosen.has(entry.id)) chosen.set(entry.id, row);
  }
  return withActive({ ...state, chosen }, { ...level, list });
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
