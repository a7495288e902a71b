/** The preview pane of the pod under the cursor. */
import { clipLine, clipText, type Line, padLine, span } from "../terminal/grid.ts";
import type { Area } from "./layout.ts";
import { currentRow } from "./list.ts";
import { ownerOf } from "./row.ts";
import { activeLevel, type PickState } from "./state.ts";

/** Returns the pane's lines, each as wide as the pane if it is beside the list. */
export function previewLines(state: PickState, area: Area): Line[] {
  const beside = area.column > 0;
  const room = beside ? area.columns - 2 : area.columns;
  const rows = beside ? area.rows : area.rows - 1;
  const content = contentLines(state, room, rows);
  const lines = Array.from({ length: rows }, (_, index) => content[index] ?? []);
  if (beside) return lines.map((line) => [span("│ ", "dim"), ...clipLine(line, room)]);
  return [
    ...lines.map((line) => clipLine(line, room)),
    padLine([span("─".repeat(area.columns), "dim")], area.columns),
  ];
}

/** Returns the id of the row to preview: for a container its pod's. */
export function previewWanted(state: PickState): string | undefined {
  const level = activeLevel(state);
  if (level.kind !== "pods" && level.kind !== "containers") return undefined;
  const current = currentRow(level.list);
  return current === undefined ? undefined : ownerOf(current.entry.id);
}

function contentLines(state: PickState, columns: number, rows: number): Line[] {
  const { content, scroll } = state.preview;
  const wanted = previewWanted(state);
  if (wanted === undefined) return [];
  // The loaded preview belongs to the last row until the new one starts to load: it isn't shown for another row.
  if (content?.id !== wanted || content.phase === "loading") return [[span("loading…", "dim")]];
  const shown = content.lines.slice(scroll, scroll + rows);
  const hidden = content.lines.length - scroll - shown.length;
  if (hidden > 0 && shown.length > 1) {
    shown[shown.length - 1] = [span(clipText(`… ${hidden + 1} more: shift-down`, columns), "dim")];
  }
  return shown;
}
