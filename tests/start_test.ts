/** What an installed kodama loads at its start: beside its own files, nothing of the runtime that costs. */
import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { installed } from "../tools/launcher.ts";
import { InstalledKodama } from "./harness/installed_kodama.ts";

async function versionOf(kodama: InstalledKodama): Promise<string> {
  const text = await Deno.readTextFile(kodama.command("kodama"));
  const version = /^home=(.*)$/m.exec(text)?.[1];
  assert.ok(version !== undefined);
  return version;
}

/** The modules whose compiled form is kept: all that were loaded, for the cache was empty before. */
function loadedModules(cache: string): string[] {
  using database = new DatabaseSync(`${cache}/v8_code_cache_v2`);
  return database.prepare("select specifier from codecache").all()
    .map(({ specifier }) => String(specifier));
}

Deno.test("a start reads its caches whole, and an exec loads nothing of node's", async (t) => {
  await using kodama = await InstalledKodama.open();
  const cache = `${await versionOf(kodama)}/${installed.cache}`;

  await t.step("the caches that were installed have no log to be read through", async () => {
    const logs: string[] = [];
    for await (const { name } of Deno.readDir(cache)) {
      if (!name.endsWith("-wal")) continue;
      logs.push(name);
      assert.equal((await Deno.stat(`${cache}/${name}`)).size, 0, name);
    }
    assert.ok(logs.length > 0);
  });

  await t.step("one command in one pod", async () => {
    await kodama.clusterUp("weka");
    await Deno.remove(cache, { recursive: true });
    const words = ["exec", "-n", "weka-operator-system", "weka-drive-0", "--", "true"];
    // The first load analyses a module, the second keeps its compiled form.
    for (let run = 0; run < 3; run++) {
      const { code, stderr } = await kodama.run("kodama", words);
      assert.equal(code, 0, stderr);
    }
    const modules = loadedModules(cache);
    assert.ok(modules.some((name) => name.startsWith("file:")));
    assert.deepEqual(modules.filter((name) => /^node:|^ext:deno_node\//.test(name)), []);
  });
});
