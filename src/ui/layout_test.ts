import assert from "node:assert/strict";
import { layoutOf, restored, type SavedLayout } from "./layout.ts";
import { panesOf } from "./tiles.ts";

Deno.test("restored(): shares become parts of one, panes get new ids, and layoutOf() saves the same", () => {
  const pane = (name: string) => ({ pane: "resource-list", config: { kind: name } });
  const tab = (...shares: number[]): SavedLayout["tabs"][number] => ({
    scope: { context: "lab", namespaces: { kind: "all" } },
    tile: {
      split: "rows",
      parts: shares.map((share) => ({ share, tile: pane(`of ${share}`) })),
    },
  });
  const state = restored({ tabs: [tab(1, 3)] }, 7);
  const [tiles] = state.tabs.map((one) => one.tiles);
  assert.ok(tiles?.kind === "split");
  assert.deepEqual(tiles.parts.map(({ share }) => share), [0.25, 0.75]);
  assert.deepEqual(panesOf(tiles), [7, 8]);
  assert.deepEqual([state.tabs[0]?.id, state.nextId], [9, 10]);
  const saved = layoutOf(state, () => undefined);
  const again = restored(saved, 7);
  assert.deepEqual(again, state);
});
