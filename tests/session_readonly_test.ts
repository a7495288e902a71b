/** Sessions of a machine whose kodama folder can't be written to. */
import assert from "node:assert/strict";
import { runCommand } from "./harness/command.ts";
import { startTestCluster } from "./harness/embedded_cluster.ts";
import { fromSource } from "./harness/source_kodama.ts";

Deno.test("where kodama's folder can't be written to, sessions work, and what can't be kept is said", async () => {
  await using cluster = await startTestCluster();
  // Root may write into any folder: it is Deno that doesn't let kodama.
  const source = await fromSource([`${cluster.folder}/home/.kodama`]);
  const own = { KODAMA_CONFIG_DIR: `${cluster.folder}/elsewhere` };
  const env = { ...cluster.env, ...source.env, ...own };
  const run = (...words: string[]) =>
    runCommand([...source.args, ...words], { cwd: cluster.folder, env });
  const unkept =
    /^warning: cannot write .*work\.yaml: .*; the session is still stored in the cluster$/m;
  for (const words of [["start", "work", "--no-sync"], ["stop", "work"], ["resume", "work"]]) {
    const { code, stderr } = await run(...words);
    assert.equal(code, 0, `${words.join(" ")}: ${stderr}`);
    assert.match(stderr, unkept);
  }
  assert.match((await run("list")).stdout, /^work +Running /m);
  await Deno.mkdir(`${cluster.folder}/site`);
  const synced = await run("start", "work", "--sync", "site");
  assert.equal(synced.code, 1);
  assert.match(
    synced.stderr,
    /^error: cannot write .*\/sync\/default\.work: .*\nhint: /m,
  );
  assert.match((await run("list")).stdout, /^work +Running /m);
  const purge = ["delete", "work", "--force", "--purge"];
  assert.match((await run(...purge)).stderr, /it's synced with .*, and not from this machine/);
  const { code, stderr } = await run(...purge, "--discard");
  assert.equal(code, 0, stderr);
});
