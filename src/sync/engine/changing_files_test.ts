/** Files that are written all the time. */
import assert from "node:assert/strict";
import { ManualClock } from "../../base/testing/manual_clock.ts";
import { linuxRules } from "../held_paths.ts";
import { ignoresNothing, MemoryEnd, MemoryFiles } from "../testing/memory_end.ts";
import { MemoryTree } from "../testing/memory_tree.ts";
import { AncestorStore } from "./ancestor_store.ts";
import { type PassEnd, Passes } from "./passes.ts";
import { StateKeeper } from "./state_keeper.ts";

const { signal } = new AbortController();

Deno.test("files that change in every pass are waited for, by name, and keep none of the others", async () => {
  const trees = { local: new MemoryTree("local"), remote: new MemoryTree("remote") };
  const clock = new ManualClock();
  const passes = new Passes({
    mode: "two-way-safe",
    local: new MemoryEnd(trees.local),
    localWatcher: () => "test",
    connect: () => Promise.reject(new Error("not asked for")),
    rules: { local: linuxRules, remote: linuxRules },
    store: await AncestorStore.open(new MemoryFiles()),
    ignoring: () => ignoresNothing,
    clock,
    told: () => {},
    log: () => {},
  }, new StateKeeper("two-way-safe", clock, () => {}));
  const remote = new MemoryEnd(trees.remote);
  const untilBlocked = async () => {
    for (let count = 0; count < 10; count++) {
      const work = {
        paths: { local: new Set<string>(), remote: new Set<string>() },
        anywhere: true,
      };
      const end: PassEnd = await passes.run(work, { remote, allowEmptied: false, signal });
      if (end.kind === "blocked") return end.reason;
    }
    return undefined;
  };
  let writes = 0;
  let written = ["log"];
  trees.local.save("quiet", "1");
  // Written at every moment, also while it is read.
  trees.local.hook = () => {
    for (const path of written) trees.local.save(path, `line ${++writes}`);
    return undefined;
  };
  assert.equal(await untilBlocked(), "log changes while it is synced");
  assert.equal(trees.remote.entries.has("quiet"), true);
  written = ["log", "other"];
  assert.equal(await untilBlocked(), "log and 1 more change while they are synced");
  written = [];
  assert.equal(await untilBlocked(), undefined);
  assert.equal(trees.remote.entries.has("log"), true);
});
