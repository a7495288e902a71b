/** The pod removes most of the files: nothing is removed here until a person accepts it. */
import assert from "node:assert/strict";
import fc from "fast-check";
import type { Side } from "../core/model.ts";
import { fewRemovals } from "../core/removals.ts";
import { memoryPasses } from "../testing/memory_passes.ts";
import { runs } from "../testing/runs.ts";

/** Both sides in sync, with that many files in each of some folders. */
async function synced(folders: Record<string, number>) {
  const world = await memoryPasses();
  const files = Object.entries(folders).flatMap(([folder, count]) =>
    Array.from({ length: count }, (_, index) => `${folder}/${index}`)
  );
  for (const path of files) world.trees.local.save(path, `content of ${path}`);
  await world.settle();
  const left = (side: Side) => files.filter((path) => world.trees[side].entries.has(path)).length;
  return { ...world, files, left };
}

Deno.test("a pod that removes more than half of the files removes none here until that is accepted", async () => {
  for (const reported of [undefined, { remote: ["src"] }]) {
    const { trees, pass, left, state, restart } = await synced({ src: 30, docs: 20 });
    trees.remote.delete("src");
    assert.equal((await pass(reported)).kind, "halted");
    assert.equal(state().reason, "30 of 50 files were removed in the pod's folder");
    await restart();
    assert.equal((await pass()).kind, "halted");
    assert.equal(left("local"), 50);
    assert.equal((await pass(undefined, { acceptRemovals: true })).kind, "quiet");
    assert.equal(left("local"), 20);
    trees.remote.delete("docs/0");
    assert.equal(
      (await pass({ remote: ["docs/0"] })).kind,
      "quiet",
      "and the count starts from zero",
    );
  }
});

Deno.test("a cleaning up that passes see in parts is judged as a whole, and pauses end it", async () => {
  const parts = ["a", "b", "c", "d"];
  for (const { pauseMs, halted } of [{ pauseMs: 1_000, halted: "c" }, { pauseMs: 61_000 }]) {
    const { trees, pass, clock } = await synced({ a: 15, b: 15, c: 15, d: 15, rest: 10 });
    const seen = [];
    for (const folder of parts) {
      trees.remote.delete(folder);
      const { kind } = await pass({ remote: [folder] });
      if (kind === "halted") seen.push(folder);
      clock.advance(pauseMs);
      if (kind === "halted") break;
    }
    assert.deepEqual(seen, halted === undefined ? [] : [halted]);
  }
});

Deno.test("few files, files removed here, and renamed folders need no question", async () => {
  const few = await synced({ src: fewRemovals });
  few.trees.remote.save("other", "stays");
  few.trees.remote.delete("src");
  assert.equal((await few.pass()).kind, "quiet");
  assert.equal(few.left("local"), 0);

  const own = await synced({ src: 30, docs: 5 });
  own.trees.local.delete("src");
  assert.equal((await own.pass({ local: ["src"] })).kind, "quiet");
  assert.equal(own.left("remote"), 5);

  const renamed = await synced({ src: 30 });
  renamed.trees.remote.move("src", "lib");
  assert.equal((await renamed.pass({ remote: ["src", "lib"] })).kind, "quiet");
  assert.deepEqual([renamed.left("local"), renamed.trees.local.entries.has("lib/7")], [0, true]);
});

Deno.test("property: without an answer at least half of the files of a minute before stay", async () => {
  const removal = fc.record({ pick: fc.nat(), count: fc.integer({ min: 1, max: 40 }) });
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: fewRemovals + 1, max: 80 }),
      fc.array(removal, { minLength: 1, maxLength: 6 }),
      fc.boolean(),
      async (count, removals, whole) => {
        const { trees, pass, files, left, clock } = await synced({ src: count });
        for (const { pick, count: some } of removals) {
          const gone = files.slice(pick % count, pick % count + some);
          for (const path of gone) trees.remote.delete(path);
          await pass(whole ? undefined : { remote: gone });
          clock.advance(9_000);
        }
        assert.ok(left("local") * 2 >= count || count - left("local") <= fewRemovals);
      },
    ),
    { numRuns: runs(200) },
  );
});
