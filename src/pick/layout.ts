/** The parts of the screen. The same numbers are used for drawing, for paging and for clicks. */
import type { PickState } from "./state.ts";

/** A rectangle of the grid. */
export interface Area {
  row: number;
  column: number;
  rows: number;
  columns: number;
}

/** The parts of a picker's screen. */
export interface Layout {
  /** Rows of the list, and the rows below or above it. */
  list: Area;
  /** The row of each, in the grid; undefined if it doesn't fit. */
  promptRow: number;
  infoRow: number | undefined;
  headerRow: number | undefined;
  /** Undefined if it is hidden or doesn't fit. */
  preview: Area | undefined;
}

/** The pane is beside the list from this width on; above it otherwise. */
const besideFromColumns = 90;
/** A smaller pane shows nothing useful. */
const leastPreviewRows = 4;
/** A pane above the list is shown only if the list retains this many rows, beside its header, count and prompt. */
const leastListRows = 8;
const rowsAroundList = 3;

/** Returns the parts for a state's size. */
export function layout(state: PickState): Layout {
  const { columns, rows } = state;
  const { preview, main } = split(state, columns, rows);
  const reverse = state.settings.layout === "reverse";
  // The prompt first, then a row of the list; everything else only if it fits.
  const hasInfo = main.rows >= 3;
  const hasHeader = main.rows >= 5;
  const extra = 1 + (hasInfo ? 1 : 0) + (hasHeader ? 1 : 0);
  const listRows = Math.max(0, main.rows - extra);
  /** Counted from the prompt on, away from it. */
  const place = (distance: number) =>
    reverse ? main.row + distance : main.row + main.rows - 1 - distance;
  return {
    list: {
      row: reverse ? main.row + extra : main.row,
      column: main.column,
      rows: listRows,
      columns: main.columns,
    },
    promptRow: place(0),
    infoRow: hasInfo ? place(1) : undefined,
    headerRow: hasHeader ? place(2) : undefined,
    preview,
  };
}

function split(
  state: PickState,
  columns: number,
  rows: number,
): { main: Area; preview: Area | undefined } {
  const whole = { row: 0, column: 0, rows, columns };
  const wanted = state.preview.shown && previewable(state);
  if (!wanted) return { main: whole, preview: undefined };
  if (columns >= besideFromColumns && rows >= leastPreviewRows) {
    const beside = Math.floor(columns * 0.45);
    return {
      main: { ...whole, columns: columns - beside },
      preview: { row: 0, column: columns - beside, rows, columns: beside },
    };
  }
  const above = Math.min(Math.floor(rows / 2), rows - rowsAroundList - leastListRows);
  if (above < leastPreviewRows) return { main: whole, preview: undefined };
  return {
    main: { ...whole, row: above, rows: rows - above },
    preview: { row: 0, column: 0, rows: above, columns },
  };
}

/** Only pods and their containers have a preview. */
function previewable({ levels }: PickState): boolean {
  const kind = levels.at(-1)?.kind;
  return kind === "pods" || kind === "containers";
}

/** Returns the match of the active list on a row of the grid; undefined outside the list. */
export function matchAt(
  state: PickState,
  place: { row: number; column: number },
): number | undefined {
  const { list } = layout(state);
  const within = place.row - list.row;
  if (within < 0 || within >= list.rows) return undefined;
  if (place.column < list.column || place.column >= list.column + list.columns) return undefined;
  const level = state.levels.at(-1);
  const distance = state.settings.layout === "reverse" ? within : list.rows - 1 - within;
  const index = (level?.offset ?? 0) + distance;
  return index < (level?.list.search.found.length ?? 0) ? index : undefined;
}
