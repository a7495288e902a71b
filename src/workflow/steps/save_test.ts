import assert from "node:assert/strict";
import { memoryDraft } from "../../base/testing/draft_files.ts";
import type { PodScript } from "../../exec/testing/simulated_pod.ts";
import { play, saying } from "../testing/step_fixture.ts";

/** Runs a step that saves to a folder with an earlier file; returns its files, and the lines shown. */
async function saved(script: PodScript, fields = "") {
  const files = new Map([["/saved/db-0.out", "monday"]]);
  const { events } = await play({
    files: {
      "w.yaml": `select: { match: "/./" }
permissions: { write: [/saved] }
steps: [{ exec: [dump], save: /saved${fields} }]
`,
    },
    pods: { "db-0": script },
    input: { yes: true },
    local: {
      create: (path) => Promise.resolve(memoryDraft(files, path)),
      realPath: (path) => Promise.resolve(path),
    },
  });
  const lines = events.flatMap((event) => event.event === "line" ? [event.text] : []);
  return { files: Object.fromEntries(files), lines };
}

const incomplete = { "/saved/db-0.out": "monday", "/saved/db-0.out.incomplete": "header\n" };

Deno.test("`save` replaces an earlier file only by the output of a command that was ok", async () => {
  assert.deepEqual((await saved(saying("all\n"))).files, { "/saved/db-0.out": "all\n" });
  const failed = await saved(saying("header\n", 1));
  assert.deepEqual(failed.files, incomplete);
  assert.deepEqual(failed.lines, ["the incomplete output is /saved/db-0.out.incomplete"]);
  const missing = await saved({ ...saying("", 127), output: [] });
  assert.deepEqual(missing.files, { "/saved/db-0.out": "monday" });
});

Deno.test("`save` keeps the earlier file if the command doesn't end in time", async () => {
  const hanging: PodScript = { ...saying("header\n"), end: "hangs" };
  assert.deepEqual((await saved(hanging, ", timeout: 1s")).files, incomplete);
});
