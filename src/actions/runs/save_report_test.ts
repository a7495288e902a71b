import assert from "node:assert/strict";
import { simulatedHost } from "../testing/simulated_host.ts";
import { saveReport } from "./report.ts";

Deno.test("`saveReport()` overwrites an existing file only if it may", async () => {
  const { host, files } = simulatedHost({}, { files: { "/project/a.html": "mine" } });
  const save = (file: string, replace: boolean) => saveReport(host, "new", { file, replace });
  await assert.rejects(save("a.html", false), { kind: "conflict" });
  assert.equal(files.get("/project/a.html"), "mine");
  assert.equal(await save("b.html", false), "/project/b.html");
  await save("/project/a.html", true);
  assert.deepEqual([files.get("/project/a.html"), files.get("/project/b.html")], ["new", "new"]);
});

Deno.test("`saveReport()` keeps the earlier file if the disk is full", async () => {
  const { host, files } = simulatedHost({}, {
    files: { "/project/a.html": "mine" },
    fullDisk: () => true,
  });
  const options = { file: "a.html", replace: true };
  await assert.rejects(saveReport(host, "new", options), /No space left/);
  assert.equal(files.get("/project/a.html"), "mine");
});
