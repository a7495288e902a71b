/** The tiles of a tab: a tree of splits over a rectangle. Pure. */
import type { PaneId } from "./pane.ts";

/** Side by side, or one below the other. */
export type SplitDirection = "columns" | "rows";

/** A pane, or a rectangle that is split. Shares add up to 1. */
export type Tile =
  | { readonly kind: "pane"; readonly pane: PaneId }
  | { readonly kind: "split"; readonly direction: SplitDirection; readonly parts: readonly Part[] };

/** A part of a split. */
export interface Part {
  readonly tile: Tile;
  /** The share of the split's columns or rows, in (0, 1]. */
  readonly share: number;
}

/** Cells of the screen. */
export interface Rectangle {
  readonly column: number;
  readonly row: number;
  readonly columns: number;
  readonly rows: number;
}

/** A pane with its rectangle. */
export interface PlacedPane extends Rectangle {
  readonly pane: PaneId;
}

/** A direction on the screen. */
export type TileSide = "left" | "right" | "up" | "down";

/** Returns the rectangle of each pane, in the order of the tree. They cover the area and don't overlap. */
export function rectangles(tile: Tile, area: Rectangle): PlacedPane[] {
  if (tile.kind === "pane") return [{ ...area, pane: tile.pane }];
  const { direction, parts } = tile;
  const total = direction === "columns" ? area.columns : area.rows;
  let sum = 0;
  let start = 0;
  return parts.flatMap((part, index) => {
    sum += part.share;
    // Every part has a cell as long as there are enough of them.
    const least = Math.min(start + 1, total);
    const most = Math.max(least, total - (parts.length - 1 - index));
    const end = index === parts.length - 1
      ? total
      : Math.min(most, Math.max(least, Math.round(sum * total)));
    const own = direction === "columns"
      ? { ...area, column: area.column + start, columns: end - start }
      : { ...area, row: area.row + start, rows: end - start };
    start = end;
    return rectangles(part.tile, own);
  });
}

/** Returns the panes in the order of the tree. */
export function panesOf(tile: Tile): PaneId[] {
  return tile.kind === "pane" ? [tile.pane] : tile.parts.flatMap((part) => panesOf(part.tile));
}

/** Splits a pane's rectangle in two halves, the second for a new pane. */
export function split(
  tile: Tile,
  pane: PaneId,
  { direction, added }: { direction: SplitDirection; added: PaneId },
): Tile {
  const leaf: Tile = { kind: "pane", pane: added };
  if (tile.kind === "pane") {
    if (tile.pane !== pane) return tile;
    return { kind: "split", direction, parts: [{ tile, share: 0.5 }, { tile: leaf, share: 0.5 }] };
  }
  const parts = tile.parts.flatMap((part): Part[] => {
    const isHere = part.tile.kind === "pane" && part.tile.pane === pane;
    if (isHere && tile.direction === direction) {
      return [{ ...part, share: part.share / 2 }, { tile: leaf, share: part.share / 2 }];
    }
    return [{ ...part, tile: split(part.tile, pane, { direction, added }) }];
  });
  return { ...tile, parts };
}

/** Removes a pane; the part before it in the split takes its cells. Returns undefined if it was the last pane. */
export function without(tile: Tile, pane: PaneId): Tile | undefined {
  if (tile.kind === "pane") return tile.pane === pane ? undefined : tile;
  const index = tile.parts.findIndex((part) => panesOf(part.tile).includes(pane));
  const own = tile.parts[index];
  if (own === undefined) return tile;
  const inner = without(own.tile, pane);
  if (inner !== undefined) {
    return { ...tile, parts: tile.parts.with(index, { ...own, tile: inner }) };
  }
  const remaining = tile.parts.toSpliced(index, 1);
  const heir = Math.max(0, index - 1);
  const parts = remaining.map((part, at) =>
    at === heir ? { ...part, share: part.share + own.share } : part
  );
  const [only, ...others] = parts;
  return others.length === 0 ? only?.tile : { ...tile, parts };
}

/** A smaller part can't be used. */
const leastShare = 0.05;

/**
 * Moves an edge of a pane by a part of the split that it belongs to: the edge behind the pane, or if it is the last,
 * the edge before it.
 */
export function resized(
  tile: Tile,
  pane: PaneId,
  { direction, by }: { direction: SplitDirection; by: number },
): Tile {
  if (tile.kind === "pane") return tile;
  const index = tile.parts.findIndex((part) => panesOf(part.tile).includes(pane));
  const own = tile.parts[index];
  if (own === undefined) return tile;
  const inner = resized(own.tile, pane, { direction, by });
  if (inner !== own.tile) {
    return { ...tile, parts: tile.parts.with(index, { ...own, tile: inner }) };
  }
  if (tile.direction !== direction) return tile;
  const otherIndex = index + 1 < tile.parts.length ? index + 1 : index - 1;
  const other = tile.parts[otherIndex];
  if (other === undefined) return tile;
  const change = Math.max(leastShare - own.share, Math.min(other.share - leastShare, by));
  if (change === 0) return tile;
  const parts = tile.parts
    .with(index, { ...own, share: own.share + change })
    .with(otherIndex, { ...other, share: other.share - change });
  return { ...tile, parts };
}

/** Gives all parts of all splits the same share. */
export function equalized(tile: Tile): Tile {
  if (tile.kind === "pane") return tile;
  const share = 1 / tile.parts.length;
  return { ...tile, parts: tile.parts.map((part) => ({ tile: equalized(part.tile), share })) };
}

/** Returns the pane at a side of another: of those that touch it, the pane that shares most of the edge. */
export function neighbour(
  placed: readonly PlacedPane[],
  pane: PaneId,
  side: TileSide,
): PaneId | undefined {
  const from = placed.find((one) => one.pane === pane);
  if (from === undefined) return undefined;
  const candidates = placed.filter((one) => one.pane !== pane && touches(from, one, side))
    .map((one) => ({ pane: one.pane, shared: sharedEdge(from, one, side) }))
    .filter(({ shared }) => shared > 0)
    .toSorted((one, other) => other.shared - one.shared);
  return candidates[0]?.pane;
}

function touches(from: Rectangle, to: Rectangle, side: TileSide): boolean {
  switch (side) {
    case "left":
      return to.column + to.columns === from.column;
    case "right":
      return from.column + from.columns === to.column;
    case "up":
      return to.row + to.rows === from.row;
    case "down":
      return from.row + from.rows === to.row;
  }
}

function sharedEdge(from: Rectangle, to: Rectangle, side: TileSide): number {
  return side === "left" || side === "right"
    ? Math.min(from.row + from.rows, to.row + to.rows) - Math.max(from.row, to.row)
    : Math.min(from.column + from.columns, to.column + to.columns) -
      Math.max(from.column, to.column);
}
