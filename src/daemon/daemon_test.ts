import assert from "node:assert/strict";
import { lastLines, startBackground } from "./daemon.ts";

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

Deno.test("`startBackground()` gives the output to the owner alone, and leaves the umask as it is", async () => {
  const folder = await Deno.makeTempDir({ prefix: "kodama-process-" });
  const output = `${folder}/crash.txt`;
  await Deno.writeTextFile(output, "of the one before", { mode: 0o644 });
  const usual = await new Deno.Command("sh", { args: ["-c", "umask"] }).output();
  const args = ["sh", "-c", "umask; echo wrong >&2"];
  await startBackground({ args, output, folder, environment: {} }).ended;
  const modeOf = async (path: string) => ((await Deno.stat(path)).mode ?? 0) & 0o777;
  assert.equal(await Deno.readTextFile(output), `${new TextDecoder().decode(usual.stdout)}wrong\n`);
  assert.equal(await modeOf(output), 0o600);
  await Deno.remove(folder, { recursive: true });
});
