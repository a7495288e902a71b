/** The page of settings is that of the code, and no variable of kodama's is missing from it. */
import assert from "node:assert/strict";
import { launcherVariables } from "../src/base/launcher_variables.ts";
import { repositoryRules } from "../src/config/repository_rules.ts";
import { settingsFile } from "../tools/schemas.ts";
import { settingsPage } from "../tools/settings_page.ts";

/** Variables that kodama's own processes pass to each other, and those of tests. */
const internal = [
  ...launcherVariables,
  "KODAMA_COMMAND",
  "KODAMA_PANE",
  "KODAMA_ROOT",
  "KODAMA_SYNC_RUNS",
];

Deno.test("docs/settings.md is made of the code (deno task schema:update)", async () => {
  assert.equal(await Deno.readTextFile(settingsFile), await settingsPage());
});

Deno.test("docs/settings.md has every KODAMA_ variable that the code names", async () => {
  const page = await Deno.readTextFile(settingsFile);
  const missing = new Set<string>();
  for await (const text of sources(new URL("../src/", import.meta.url))) {
    for (const [name] of text.matchAll(/\bKODAMA_[A-Z]+(?:_[A-Z]+)*\b(?!_)/g)) {
      if (!internal.includes(name) && !page.includes(`\`${name}\``)) missing.add(name);
    }
  }
  assert.deepEqual([...missing], []);
});

async function* sources(folder: URL): AsyncGenerator<string> {
  for await (const entry of Deno.readDir(folder)) {
    if (entry.isDirectory && entry.name !== "testing") {
      yield* sources(new URL(`${entry.name}/`, folder));
    } else if (/(?<!_test)\.ts$/.test(entry.name)) {
      yield await Deno.readTextFile(new URL(entry.name, folder));
    }
  }
}

Deno.test("docs/security.md has the rules for the settings of a repository, and no others", async () => {
  const page = await Deno.readTextFile(new URL("../docs/security.md", import.meta.url));
  const section = page.split("\n## Settings of a repository\n")[1]?.split("\n## ")[0] ?? "";
  const rows = [...section.matchAll(/^\| `([^`]+)` *\| (.+?) *\|$/gm)];
  assert.deepEqual(
    rows.map(([, key, words]) => [key, words]),
    Object.entries(repositoryRules).map(([key, { words }]) => [key, words]),
  );
});
