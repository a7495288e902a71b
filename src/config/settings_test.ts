import assert from "node:assert/strict";
import fc from "fast-check";
import { plainHint, type StructuredHint } from "../base/hint.ts";
import { removals } from "../base/removed.ts";
import { suggestedNames } from "../model/names.ts";
import { defaultSettings } from "./default_settings.ts";
import { effectiveSettings, mergedSettings } from "./settings.ts";
import { allSettings, joinKey, settingAt, splitKey } from "./setting_key.ts";
import { readSettings, withoutSetting, withSetting } from "./settings_file.ts";
import { foldersUpwards, placesOf, templateFolders } from "./paths.ts";

const written = `# What I like

defaults:
  image: x # pinned
  resources:

exec:
  fanout: 3 # few
`;

function file(text: string) {
  return { path: "config.yaml", text };
}

Deno.test("flags aside: environment, repository, user, default, in this order", async () => {
  const user = file("exec: {fanout: 1, connectTimeout: 1s, outputMode: fold}\n");
  const repository = { path: ".kodama.yaml", text: "exec: {fanout: 2, connectTimeout: 2s}\n" };
  const env = (name: string) => name === "KODAMA_FANOUT" ? "64" : undefined;
  const all = await effectiveSettings({ env, repository, user });
  const exec = all.filter(({ path }) => path[0] === "exec")
    .map(({ key, value, origin }) => `${key}=${value} ${origin.kind}`);
  assert.deepEqual(exec, [
    "exec.fanout=64 environment",
    "exec.connectTimeout=2s repository",
    "exec.outputMode=fold user",
    "exec.confirmAbove=10 default",
    "exec.requireAll=false default",
  ]);
  const merged = await mergedSettings({ env, repository, user });
  assert.equal(merged.exec?.fanout, 64);
  assert.equal(merged.defaults?.resources?.memory, "2Gi");
});

Deno.test("a repository makes the settings that guard against accidents stricter, and never weaker", async () => {
  const settings = async (own: string, theirs: string) => {
    const user = file(`exec: ${own}\n`);
    const repository = { path: "/r/.kodama.yaml", text: `exec: ${theirs}\n` };
    const { exec } = await mergedSettings({ env: () => undefined, repository, user });
    return { above: exec?.confirmAbove, readOnly: exec?.readOnly };
  };
  const none = { readOnly: undefined };
  assert.deepEqual(await settings("{}", "{confirmAbove: 1000}"), { above: 10, ...none });
  assert.deepEqual(await settings("{confirmAbove: 50}", "{}"), { above: 50, ...none });
  assert.deepEqual(await settings("{confirmAbove: 50}", "{confirmAbove: 5}"), {
    above: 5,
    ...none,
  });
  assert.deepEqual(await settings("{confirmAbove: 5}", "{confirmAbove: 50}"), {
    above: 5,
    ...none,
  });
  assert.deepEqual(await settings("{readOnly: [redis-cli info]}", "{}"), {
    above: 10,
    readOnly: ["redis-cli info"],
  });
  assert.deepEqual(await settings("{}", "{readOnly: [rm]}"), { above: 10, ...none });
});

Deno.test("which models are asked, and with which key, is the user's decision alone", async () => {
  const theirs = [
    "model: {name: ollama/x}",
    "model: {fallback: [ollama/x]}",
    "model_keys: {anthropic: x}",
    "model_key_files: {openai: /etc/passwd}",
    "model_urls: {gemini: 'http://evil.example.com'}",
  ];
  for (const text of theirs) {
    const given = { path: "/r/.kodama.yaml", text };
    const message = /^\/r\/\.kodama\.yaml: model.* is ignored: only your own file can set it/;
    const notes: string[] = [];
    const note = (one: StructuredHint) => void notes.push(plainHint(one));
    const sources = { env: () => undefined, user: undefined, note };
    const template = { ...given, inRepository: true };
    for (const theirs of [{ repository: given }, { repository: undefined, template }]) {
      const settings = await effectiveSettings({ ...sources, ...theirs });
      assert.ok(settings.every(({ origin }) => origin.kind === "default"));
      assert.match(notes.pop() ?? "", message);
    }
    const own = await effectiveSettings({ ...sources, repository: undefined, user: given });
    assert.ok(
      own.some(({ path, origin }) => path[0]?.startsWith("model") && origin.kind === "user"),
    );
  }
});

Deno.test("gate.contexts of a repository make a context's policy stricter, and never weaker", async () => {
  const policies = async (own: string, theirs: string) => {
    const user = file(`gate: {contexts: {${own}}}\n`);
    const repository = { path: "/r/.kodama.yaml", text: `gate: {contexts: {${theirs}}}\n` };
    const { gate } = await mergedSettings({ env: () => undefined, repository, user });
    return gate?.contexts;
  };
  assert.deepEqual(await policies("lab: allow", "lab: read-only"), { lab: "read-only" });
  assert.deepEqual(await policies("prod: read-only", "prod: allow"), { prod: "read-only" });
  // The repository's own name would otherwise come before the user's pattern.
  const weaker = await policies("'prod-*': read-only", "prod-eu: allow");
  assert.deepEqual(weaker, { "prod-*": "read-only", "prod-eu": "read-only" });
  assert.deepEqual(await policies("", "lab: allow"), { lab: "ask" });
  const user = undefined;
  const repository = { path: "/r/.kodama.yaml", text: "gate: {kubectl: {x: read}}\n" };
  const { gate } = await mergedSettings({ env: () => undefined, repository, user });
  assert.equal(gate?.kubectl, undefined);
});

Deno.test("a variable is checked as a file is", async () => {
  const env = (name: string) => name === "KODAMA_OUTPUT_MODE" ? "sideways" : undefined;
  await assert.rejects(effectiveSettings({ env, repository: undefined, user: undefined }), {
    kind: "usage",
    message: 'KODAMA_OUTPUT_MODE: expected one of prefix, group, fold, raw, none, found "sideways"',
  });
});

Deno.test("a change leaves comments and everything else as they are", async () => {
  const changed = await withSetting(file(written), "defaults.image", "y");
  assert.equal(changed, written.replace("image: x", "image: y"));
  const fewer = await withSetting(file(written), "exec.fanout", "64");
  assert.equal(fewer, written.replace("fanout: 3", "fanout: 64"));
  const nested = await withSetting(file(written), "defaults.resources.cpu", "500m");
  assert.match(nested, / {2}resources:\n {4}cpu: 500m\n/);
  assert.match(nested, /# What I like\n\n.*# pinned.*# few/s);
});

Deno.test("what is taken out takes its empty groups along, and nothing else", async () => {
  assert.equal(
    await withoutSetting(file(written), "exec.fanout"),
    written.replace("\nexec:\n  fanout: 3 # few\n", ""),
  );
  assert.equal(await withoutSetting(file(written), "git.secretName"), written);
  assert.equal(await withoutSetting(file("exec:\n  fanout: 3\n"), "exec"), "");
});

Deno.test("a value that is set is read back", async () => {
  const settings: [string, string, unknown][] = [
    ["defaults.resources.cpu", "2", "2"],
    ["sync.useGitignore", "false", false],
    ["sync.excludePatterns", '["*.log", tmp/]', ["*.log", "tmp/"]],
    ["exec.connectTimeout", "3s", "3s"],
    ["defaults.branchPrefix", "yes", "yes"],
  ];
  for (const [key, text, value] of settings) {
    const user = file(await withSetting(file(""), key, text));
    const all = await effectiveSettings({ env: () => undefined, repository: undefined, user });
    assert.deepEqual(all.find((setting) => setting.key === key)?.value, value);
  }
});

Deno.test("what a setting can't be is refused, with what it can be", async () => {
  const table: [string, string, RegExp][] = [
    ["exec.fanuot", "3", /no setting "exec\.fanuot"; did you mean "exec\.fanout"/],
    ["exec.fanout", "many", /expected a whole number from 1, found "many"/],
    ["exec", "3", /"exec" is a group of settings/],
    ["defaults.resources.cpu", "2 cores", /expected a quantity/],
    ["__proto__.x", "1", /no setting/],
    ["", "1", /no setting ""/],
  ];
  for (const [key, text, message] of table) {
    await assert.rejects(withSetting(file(""), key, text), { kind: "usage", message });
  }
  await assert.rejects(readSettings(file("exce: {fanout: 1}\nsync: []\n")), {
    message: /1:1: unknown field "exce"; did you mean "exec".*2:7: sync: expected a mapping/s,
  });
});

Deno.test("a removed setting is an error that names its replacement", async () => {
  for (const [name, replacement] of Object.entries(removals.settings)) {
    assert.ok(!allSettings().some(({ path }) => path[0] === name), name);
    const message = new RegExp(`"${name}.*" was removed`);
    const text = `exec: { fanout: 4 }\n${name}:\n  x: 1\n`;
    await assert.rejects(readSettings(file(text)), { message, hint: replacement });
    await assert.rejects(withSetting(file(""), `${name}.x`, "1"), { message, hint: replacement });
  }
});

Deno.test("a key is its names, dots in them escaped", async () => {
  fc.assert(fc.property(fc.array(fc.string(), { minLength: 1 }), (path) => {
    assert.deepEqual(splitKey(joinKey(path)), path);
  }));
  assert.equal((await settingAt("defaults.resources")).group, true);
});

Deno.test("places follow the variables, and repositories are looked for upwards", () => {
  const surroundings = { workingDir: "/w/a", shippedWorkflowsDir: "/s" };
  const env = (values: Record<string, string>) => (name: string) => values[name];
  const at = (values: Record<string, string>) =>
    placesOf({ env: env(values), ...surroundings }).configDir;
  assert.equal(at({ HOME: "/h" }), "/h/.kodama");
  assert.equal(at({ HOME: "/h", KODAMA_CONFIG_DIR: "/c" }), "/c");
  assert.equal(at({ HOME: "/h", KODAMA_CONFIG_DIR: "c" }), "/w/a/c");
  assert.equal(at({ HOME: "/h", KODAMA_CONFIG_DIR: "" }), "/h/.kodama");
  assert.throws(() => at({}), { kind: "environment", message: /HOME is not set/ });
  const homeless = placesOf({ env: env({}), ...surroundings });
  assert.equal(homeless.userDir, undefined);
  assert.deepEqual(foldersUpwards(homeless), ["/w/a", "/w", ""]);
  assert.deepEqual(templateFolders(homeless, ["/w/a"]), [
    { folder: "/w/a/.kodama/templates", inRepository: true },
  ]);
  const inHome = placesOf({ env: env({ HOME: "/w" }), ...surroundings });
  assert.deepEqual(templateFolders(inHome, ["/w/a", "/w"]), [
    { folder: "/w/a/.kodama/templates", inRepository: true },
    { folder: "/w/.kodama/templates", inRepository: false },
  ]);
});

Deno.test("the default model is one that kodama suggests", () => {
  assert.ok(suggestedNames().includes(defaultSettings.model.name));
});
