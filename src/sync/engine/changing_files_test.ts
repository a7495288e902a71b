/** Files that are written all the time. */
import assert from "node:assert/strict";
import { memoryPasses } from "../testing/memory_passes.ts";

Deno.test("files that change in every pass are waited for, by name, and keep none of the others", async () => {
  const { trees, pass } = await memoryPasses();
  const untilBlocked = async () => {
    for (let count = 0; count < 10; count++) {
      const end = await pass();
      if (end.kind === "blocked") return end.reason;
    }
    return undefined;
  };
  let writes = 0;
  let written = ["log"];
  trees.local.save("quiet", "1");
  // Written all the time, also while it is read.
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
