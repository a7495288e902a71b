/** Layouts: tabs, their tiles and panes, as data that is saved and restored. `saved_files.ts` reads and writes it. */
import type { PaneConfig, PaneId, PaneScope } from "./pane.ts";
import type { OpenPane, Tab, UiState } from "./state.ts";
import { panesOf, type Tile } from "./tiles.ts";

/** A saved tile. */
export type SavedTile =
  | { readonly pane: string; readonly config: PaneConfig }
  | {
    readonly split: "columns" | "rows";
    readonly parts: readonly { readonly share: number; readonly tile: SavedTile }[];
  };

/** Saved tabs. */
export interface SavedLayout {
  readonly tabs: readonly {
    readonly name?: string;
    readonly scope: PaneScope;
    readonly tile: SavedTile;
  }[];
}

/** Returns the layout of a state. */
export function layoutOf(
  { tabs, panes }: Pick<UiState, "tabs" | "panes">,
  configOf: (pane: PaneId) => PaneConfig | undefined,
): SavedLayout {
  const saved = (tile: Tile): SavedTile => {
    if (tile.kind === "split") {
      const parts = tile.parts.map(({ share, tile }) => ({ share, tile: saved(tile) }));
      return { split: tile.direction, parts };
    }
    const open = panes.get(tile.pane);
    return { pane: open?.key ?? "", config: configOf(tile.pane) ?? open?.config ?? {} };
  };
  return {
    tabs: tabs.map(({ name, scope, tiles }) => ({
      ...(name === undefined ? {} : { name }),
      scope,
      tile: saved(tiles),
    })),
  };
}

/** Returns the tabs of a layout, with new ids. */
export function restored(
  { tabs }: SavedLayout,
  firstId: number,
): { tabs: readonly Tab[]; panes: ReadonlyMap<PaneId, OpenPane>; nextId: number } {
  let nextId = firstId;
  const panes = new Map<PaneId, OpenPane>();
  const opened = (tile: SavedTile): Tile => {
    if ("pane" in tile) {
      const pane = nextId++;
      panes.set(pane, { key: tile.pane, config: tile.config });
      return { kind: "pane", pane };
    }
    const sum = tile.parts.reduce((all, { share }) => all + share, 0);
    return {
      kind: "split",
      direction: tile.split,
      parts: tile.parts.map(({ share, tile }) => ({ share: share / sum, tile: opened(tile) })),
    };
  };
  const all = tabs.map(({ name, scope, tile }): Tab => {
    const tiles = opened(tile);
    const [focused = 0] = panesOf(tiles);
    return { id: nextId++, name, scope, tiles, focused, isZoomed: false };
  });
  return { tabs: all, panes, nextId };
}
