/** The pods of a selection, as events change them. Pure. */
import type { PodData, PodsEvent } from "../api.ts";

/** The pods as they are known. */
export interface PodsState {
  /** Undefined until the list has arrived. */
  pods: readonly PodData[] | undefined;
  notes: readonly string[];
}

const byName = new Intl.Collator("en", { numeric: true }).compare;

/** Returns the state after an event. A pod has a row for each of its chosen containers. */
export function podsAfter(state: PodsState, event: PodsEvent): PodsState {
  switch (event.kind) {
    case "list":
      return { pods: event.pods, notes: event.notes };
    case "note":
      return { ...state, notes: [...state.notes, event.text] };
    case "changed": {
      const removed = new Set(event.removed.map(keyOf));
      const changed = new Map(event.pods.map((pod) => [keyOf(pod), pod]));
      const rows = (state.pods ?? []).filter((pod) => !removed.has(keyOf(pod))).map((pod) => {
        const { container: _, ...next } = changed.get(keyOf(pod)) ?? pod;
        return { ...pod, ...next };
      });
      const known = new Set(rows.map(keyOf));
      const added = event.pods.filter((pod) => !known.has(keyOf(pod)));
      if (added.length === 0) return { ...state, pods: rows };
      return { ...state, pods: [...rows, ...added].sort((a, b) => byName(keyOf(a), keyOf(b))) };
    }
  }
}

function keyOf({ context, namespace, pod }: Pick<PodData, "context" | "namespace" | "pod">) {
  return `${context}/${namespace}/${pod}`;
}
