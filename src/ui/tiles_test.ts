import assert from "node:assert/strict";
import fc from "fast-check";
import {
  equalized,
  neighbour,
  panesOf,
  rectangles,
  resized,
  split,
  type Tile,
  type TileSide,
  without,
} from "./tiles.ts";

type Change =
  | { kind: "split"; at: number; direction: "columns" | "rows" }
  | { kind: "close"; at: number }
  | { kind: "resize"; at: number; direction: "columns" | "rows"; by: number }
  | { kind: "equalize" };

const direction = fc.constantFrom("columns" as const, "rows" as const);
const change: fc.Arbitrary<Change> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant("split" as const), at: fc.nat(30), direction }),
  },
  fc.record({ kind: fc.constant("close" as const), at: fc.nat(30) }),
  fc.record({
    kind: fc.constant("resize" as const),
    at: fc.nat(30),
    direction,
    by: fc.double({ min: -1, max: 1, noNaN: true }),
  }),
  fc.constant({ kind: "equalize" as const }),
);

function apply(tile: Tile, one: Change, index: number): Tile {
  const panes = panesOf(tile);
  const pane = "at" in one ? panes[one.at % panes.length] ?? 0 : 0;
  switch (one.kind) {
    case "split":
      return split(tile, pane, { direction: one.direction, added: index + 1 });
    case "close":
      return without(tile, pane) ?? tile;
    case "resize":
      return resized(tile, pane, one);
    case "equalize":
      return equalized(tile);
  }
}

const first: Tile = { kind: "pane", pane: 0 };
const tree = fc.array(change, { maxLength: 25 }).map((changes) => changes.reduce(apply, first));
const area = fc.record({
  column: fc.nat(5),
  row: fc.nat(5),
  columns: fc.integer({ min: 1, max: 300 }),
  rows: fc.integer({ min: 1, max: 100 }),
});

Deno.test("property: after any splits, closes and resizes the tiles cover the screen and never overlap", () => {
  fc.assert(fc.property(tree, area, (tile, screen) => {
    const placed = rectangles(tile, screen);
    assert.deepEqual(placed.map(({ pane }) => pane), panesOf(tile));
    assert.equal(new Set(panesOf(tile)).size, placed.length, "a pane has one tile");
    const cells = new Uint8Array(screen.columns * screen.rows);
    for (const { column, row, columns, rows } of placed) {
      for (let y = row; y < row + rows; y++) {
        for (let x = column; x < column + columns; x++) {
          cells[(y - screen.row) * screen.columns + x - screen.column]! += 1;
        }
      }
    }
    assert.ok(cells.every((count) => count === 1));
  }));
});

Deno.test("property: a neighbour is at the side that was named, and the focus reaches every pane", () => {
  const sides: readonly TileSide[] = ["left", "right", "up", "down"];
  fc.assert(fc.property(tree, (tile) => {
    // As many cells as no tree of 26 panes can use up.
    const placed = rectangles(tile, { column: 0, row: 0, columns: 1e9, rows: 1e9 });
    const reached = new Set([placed[0]?.pane]);
    for (const pane of reached) {
      for (const side of sides) {
        const next = neighbour(placed, pane ?? 0, side);
        if (next !== undefined) reached.add(next);
      }
    }
    const [from] = placed;
    const right = neighbour(placed, from?.pane ?? 0, "right");
    const to = placed.find(({ pane }) => pane === right);
    if (to !== undefined) assert.equal(to.column, (from?.column ?? 0) + (from?.columns ?? 0));
    assert.ok(reached.size >= Math.min(placed.length, 2));
  }));
});

Deno.test("property: a pane that is split and closed again leaves the tiles as they were", () => {
  fc.assert(fc.property(tree, direction, (tile, direction) => {
    const [pane = 0] = panesOf(tile);
    const back = without(split(tile, pane, { direction, added: 999 }), 999);
    const screen = { column: 0, row: 0, columns: 1000, rows: 1000 };
    assert.deepEqual(rectangles(back ?? first, screen), rectangles(tile, screen));
  }));
});

Deno.test("a resize moves the edge behind the pane, and that before the last one", () => {
  const two = split(first, 0, { direction: "columns", added: 1 });
  const columns = (tile: Tile) =>
    rectangles(tile, { column: 0, row: 0, columns: 100, rows: 10 }).map((one) => one.columns);
  assert.deepEqual(columns(resized(two, 0, { direction: "columns", by: 0.1 })), [60, 40]);
  assert.deepEqual(columns(resized(two, 1, { direction: "columns", by: 0.1 })), [40, 60]);
  assert.deepEqual(columns(resized(two, 0, { direction: "columns", by: 5 })), [95, 5]);
  assert.equal(resized(two, 0, { direction: "rows", by: 0.1 }), two);
});
