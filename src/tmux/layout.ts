/** The number of panes that fit into a window, and of windows that a wall of panes takes. Pure. */

/** tmux's own layouts, by its names. */
export const layouts = [
  "tiled",
  "even-horizontal",
  "even-vertical",
  "main-horizontal",
  "main-vertical",
] as const;

/** One of tmux's layouts. */
export type WallLayout = typeof layouts[number];

/** Columns and rows of a window. */
export interface WindowSize {
  columns: number;
  rows: number;
}

/** In a smaller pane a prompt and its answer can't be read. The row of the title isn't counted. */
const leastPane = { columns: 40, rows: 5 };

/** The space of a pane besides its text: the line between panes, which contains its title too. */
const border = 1;

/** Returns how many panes of a length fit in a row or column, each with its border. */
function inLine(length: number, least: number): number {
  return Math.max(1, Math.floor((length + border) / (least + border)));
}

/** Returns how many panes of a readable size fit into a window; at least 1. */
export function capacity(layout: WallLayout, { columns, rows }: WindowSize): number {
  const across = inLine(columns, leastPane.columns);
  const down = Math.max(1, Math.floor(rows / (leastPane.rows + border)));
  switch (layout) {
    case "tiled":
      return tiledCapacity(across, down);
    case "even-horizontal":
      return across;
    case "even-vertical":
      return down;
    // The main pane has one side to itself, and the others share the other one.
    case "main-horizontal":
      return down < 2 ? 1 : 1 + across;
    case "main-vertical":
      return across < 2 ? 1 : 1 + down;
  }
}

/** tmux adds a row, then a column, and so on until all panes fit: never more of one than fit. */
function tiledCapacity(across: number, down: number): number {
  let fitting = 1;
  for (let count = 2; count <= across * down; count++) {
    const grid = tiledGrid(count);
    if (grid.columns > across || grid.rows > down) break;
    fitting = count;
  }
  return fitting;
}

/** Returns the grid that tmux lays `count` tiles into (layout-set.c: rows first, then columns). */
export function tiledGrid(count: number): WindowSize {
  const grid = { columns: 1, rows: 1 };
  while (grid.rows * grid.columns < count) {
    grid.rows += 1;
    if (grid.rows * grid.columns < count) grid.columns += 1;
  }
  return grid;
}

/** Splits items into as few pages as possible, of nearly equal size; their order is unchanged. */
export function pagesOf<T>(items: readonly T[], mostOnPage: number): T[][] {
  const count = Math.ceil(items.length / Math.max(1, mostOnPage));
  return Array.from({ length: count }, (_, page) => {
    const from = Math.floor(page * items.length / count);
    return items.slice(from, Math.floor((page + 1) * items.length / count));
  });
}
