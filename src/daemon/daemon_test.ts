import assert from "node:assert/strict";
import { lastLines } from "./daemon.ts";

Deno.test("`lastLines()` returns the end of a long log, and nothing of a missing one", async () => {
  const folder = await Deno.makeTempDir({ prefix: "kodama-daemon-" });
  try {
    const lines = Array.from({ length: 5000 }, (_, number) => `line ${number}`);
    await Deno.writeTextFile(`${folder}/log`, lines.join("\n\n"));
    assert.deepEqual(await lastLines(`${folder}/log`, 2), ["line 4998", "line 4999"]);
    assert.deepEqual(await lastLines(`${folder}/none`, 2), []);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
