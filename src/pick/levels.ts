/** Opening a pod's containers and other scopes, and going back; and the choice at the end. */
import { currentRow, emptyList, searched, withChanges } from "./list.ts";
import type { Row, RowEntry } from "./row.ts";
import { activeLevel, type Level, newLevel, type PickScope, type PickState } from "./state.ts";

/** Enter: takes the chosen rows, or the row under the cursor. */
export function accept(state: PickState): PickState {
  const active = activeLevel(state);
  // The row under the cursor must be the row that a complete search gives.
  const list = searched(active.list);
  const current = currentRow(list);
  switch (active.kind) {
    case "pods": {
      if (state.chosen.size > 0) return accepted(state, [...state.chosen.values()]);
      const asks = state.settings.asksContainer && (current?.inner?.length ?? 0) > 1;
      if (asks && current !== undefined) return opened(state, current);
      return accepted(state, current === undefined ? [] : [current.entry]);
    }
    case "containers":
    case "choices":
      if (state.chosen.size > 0) return accepted(state, [...state.chosen.values()]);
      return current === undefined ? state : accepted(state, [current.entry]);
    case "namespaces":
      return current === undefined
        ? state
        : turned(state, { ...state.place, namespace: current.entry.text });
    case "contexts":
      // Another cluster has other namespaces: it starts in its own.
      return current === undefined
        ? state
        : turned(state, { context: current.entry.text, namespace: undefined });
  }
}

/** Esc: a level back; aborts on the first level. */
export function back(state: PickState): PickState {
  if (state.levels.length === 1) return { ...state, outcome: { kind: "aborted" } };
  return { ...state, levels: state.levels.slice(0, -1), notice: undefined };
}

/** Opens the containers of the pod under the cursor. */
export function openContainers(state: PickState): PickState {
  const level = activeLevel(state);
  const current = level.kind === "pods" ? currentRow(level.list) : undefined;
  return current?.inner === undefined ? state : opened(state, current);
}

/** Opens the list of namespaces or contexts, whose rows are loaded later. */
export function openPlaces(state: PickState, kind: "namespaces" | "contexts"): PickState {
  if (state.settings.of === "choices") return state;
  if (!state.settings.switches) {
    return { ...state, notice: "here the namespaces and contexts are given" };
  }
  const { levels: [pods] } = state;
  if (pods === undefined || activeLevel(state).kind === kind) return state;
  return { ...state, levels: [pods, newLevel(kind)], notice: undefined };
}

function opened(state: PickState, pod: Row): PickState {
  const level: Level = {
    ...newLevel("containers"),
    list: withChanges(emptyList, { upserts: pod.inner ?? [], removed: [] }),
    loading: false,
  };
  return { ...state, levels: [...state.levels, level], notice: undefined };
}

/** Switches to the pods of another scope; the query and the chosen rows are retained. */
function turned(state: PickState, place: PickScope): PickState {
  const [pods] = state.levels;
  const query = pods?.line.text ?? "";
  return {
    ...state,
    place,
    turn: state.turn + 1,
    levels: [newLevel("pods", query)],
    preview: { ...state.preview, content: undefined, scroll: 0 },
    notice: undefined,
  };
}

function accepted(state: PickState, entries: readonly RowEntry[]): PickState {
  return { ...state, outcome: { kind: "accepted", entries } };
}
