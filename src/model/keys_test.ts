import assert from "node:assert/strict";
import { findKey, keyFormWarnings, type KeySources } from "./keys.ts";
import { type ProviderId, providerIds, providers } from "./names.ts";

/** The sources of a key, in the order in which they count. */
const sources = ["variable", "variableFile", "setting", "settingFile", "usual"] as const;

function sourcesWith(provider: ProviderId, given: ReadonlySet<string>): KeySources {
  const own = `KODAMA_${provider.toUpperCase()}_API_KEY`;
  const [usual = "NONE"] = providers[provider].keyVariables;
  const variables: Record<string, string | undefined> = {
    ...(given.has("variable") ? { [own]: "from-variable" } : { [own]: "" }),
    ...(given.has("variableFile") ? { [`${own}_FILE`]: "/variable" } : {}),
    ...(given.has("usual") ? { [usual]: "from-usual" } : {}),
  };
  return {
    env: (name) => variables[name],
    keys: given.has("setting") ? { [provider]: "from-setting" } : {},
    files: given.has("settingFile") ? { [provider]: "/setting" } : {},
    readFile: (path) =>
      Promise.resolve({
        text: path === "/variable" ? "from-variableFile\n" : "from-settingFile\n",
        isShared: false,
      }),
  };
}

Deno.test("findKey() uses the first source of the documented order, for every pair of them", async () => {
  for (const provider of providerIds.filter((id) => providers[id].keyVariables.length > 0)) {
    for (const [index, first] of sources.entries()) {
      for (const later of sources.slice(index)) {
        const found = await findKey(provider, sourcesWith(provider, new Set([first, later])));
        assert.equal(found?.value, `from-${first}`, `${provider}: ${first}, ${later}`);
      }
    }
    assert.equal(await findKey(provider, sourcesWith(provider, new Set())), undefined);
  }
});

Deno.test("findKey() refuses a file that is missing or empty, instead of using another key", async () => {
  for (const file of [undefined, { text: " \n", isShared: false }]) {
    await assert.rejects(
      findKey("anthropic", {
        env: (name) => name === "ANTHROPIC_API_KEY" ? "other" : undefined,
        keys: {},
        files: { anthropic: "/keys/a" },
        readFile: () => Promise.resolve(file),
      }),
      { kind: "config", message: /the file with the key for anthropic .*: \/keys\/a$/ },
    );
  }
});

Deno.test("findKey() warns about a file that others may read, and about an unusual form, without the key", async () => {
  const found = await findKey("openai", {
    env: () => undefined,
    keys: {},
    files: { openai: "/keys/o" },
    readFile: () => Promise.resolve({ text: "not-one-of-theirs\n", isShared: true }),
  });
  assert.deepEqual(found?.warnings, [
    { kind: "form", expected: "sk-…" },
    { kind: "readable", path: "/keys/o" },
  ]);
  assert.doesNotMatch(JSON.stringify([found?.source, found?.warnings]), /theirs/);
});

Deno.test("keyFormWarnings() knows the form of each provider's keys", () => {
  const table: [ProviderId, string, boolean][] = [
    ["anthropic", "sk-ant-api03-abcdefghijklmnopqrstuvwx", true],
    ["anthropic", "sk-proj-abcdefghijklmnopqrstuvwx", false],
    ["openai", "sk-proj-abcdefghijklmnopqrstuvwx", true],
    ["openai", "AIzaSyabcdefghijklmnopqrstuvwxyz1234567", false],
    ["mistral", "a".repeat(32), true],
    ["mistral", "a".repeat(31), false],
    ["gemini", `AIza${"b".repeat(35)}`, true],
    ["gemini", "AIza", false],
    ["ollama", "anything", true],
    ["compatible", "two words", false],
  ];
  for (const [provider, key, isUsual] of table) {
    assert.equal(keyFormWarnings(provider, key).length === 0, isUsual, `${provider} ${key}`);
  }
});
