/** Changes that need a full scan of both sides aren't judged by the few paths that a watcher reported. */
import assert from "node:assert/strict";
import { linuxRules, type SideRules } from "../core/skipped_paths.ts";
import { memoryPasses } from "../testing/memory_passes.ts";

/** Both sides once they are in sync, and a pass over paths that changed on a single side. */
async function alike(files: Record<string, string>, rules?: SideRules) {
  const { trees, pass } = await memoryPasses({ rules });
  for (const [path, text] of Object.entries(files)) trees.local.save(path, text);
  const onEvent = async (paths?: Parameters<typeof pass>[0]) => (await pass(paths)).kind;
  assert.equal(await onEvent(), "quiet");
  return { trees, pass: onEvent };
}

Deno.test("a side whose files were all reported as deleted is emptied: nothing is deleted on the other", async () => {
  const { trees, pass } = await alike({ a: "1", b: "2" });
  for (const path of ["a", "b"]) trees.remote.delete(path);
  assert.equal(await pass({ remote: ["a", "b"] }), "halted");
  assert.deepEqual([...trees.local.entries.keys()], ["a", "b"]);
});

Deno.test("a name that differs only by case is reported beside the existing one", async () => {
  const { trees, pass } = await alike({ readme: "1", other: "2" }, {
    ...linuxRules,
    ignoresCase: true,
  });
  trees.remote.save("README", "3");
  assert.equal(await pass({ remote: ["README"] }), "quiet");
  assert.deepEqual([...trees.local.entries.keys()].sort(), ["other", "readme"]);
  assert.equal(trees.remote.entries.size, 3, "and the pod keeps both");
});
