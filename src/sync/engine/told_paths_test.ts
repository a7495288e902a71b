/** What only a look at all of both sides can tell isn't left to the few paths that a watcher told. */
import assert from "node:assert/strict";
import { ManualClock } from "../../base/testing/manual_clock.ts";
import { linuxRules, type SideRules } from "../held_paths.ts";
import { ignoresNothing, MemoryEnd, MemoryFiles } from "../testing/memory_end.ts";
import { MemoryTree } from "../testing/memory_tree.ts";
import { AncestorStore } from "./ancestor_store.ts";
import { Passes } from "./passes.ts";
import { StateKeeper } from "./state_keeper.ts";

const { signal } = new AbortController();

/** Both sides once they are alike, and a pass over paths that changed on one of them. */
async function alike(files: Record<string, string>, rules: SideRules = linuxRules) {
  const trees = { local: new MemoryTree("local"), remote: new MemoryTree("remote") };
  const clock = new ManualClock();
  const passes = new Passes({
    mode: "two-way-safe",
    local: new MemoryEnd(trees.local),
    localWatcher: () => "test",
    connect: () => Promise.reject(new Error("not asked for")),
    rules: { local: rules, remote: linuxRules },
    store: await AncestorStore.open(new MemoryFiles()),
    ignoring: () => ignoresNothing,
    clock,
    told: () => {},
    log: () => {},
  }, new StateKeeper("two-way-safe", clock, () => {}));
  const remote = new MemoryEnd(trees.remote);
  const pass = async (paths: { local?: string[]; remote?: string[] }, anywhere = false) => {
    const told = { local: new Set(paths.local), remote: new Set(paths.remote) };
    const context = { remote, allowEmptied: false, signal };
    return (await passes.run({ paths: told, anywhere }, context)).kind;
  };
  for (const [path, text] of Object.entries(files)) trees.local.save(path, text);
  assert.equal(await pass({}, true), "quiet");
  return { trees, pass };
}

Deno.test("a side of which all was told to be gone is an emptied one: nothing is taken from the other", async () => {
  const { trees, pass } = await alike({ a: "1", b: "2" });
  for (const path of ["a", "b"]) trees.remote.delete(path);
  assert.equal(await pass({ remote: ["a", "b"] }), "halted");
  assert.deepEqual([...trees.local.entries.keys()], ["a", "b"]);
});

Deno.test("a name that differs by its case alone is told beside the one that is there, not in its place", async () => {
  const { trees, pass } = await alike({ readme: "1", other: "2" }, {
    ...linuxRules,
    ignoresCase: true,
  });
  trees.remote.save("README", "3");
  assert.equal(await pass({ remote: ["README"] }), "quiet");
  assert.deepEqual([...trees.local.entries.keys()].sort(), ["other", "readme"]);
  assert.equal(trees.remote.entries.size, 3, "and the pod keeps both");
});
