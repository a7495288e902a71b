/** `kodama model` and the settings of models, against stand-ins of the providers. */
import assert from "node:assert/strict";
import { KodamaInProcess } from "./harness/kodama_in_process.ts";
import { ProviderStandIn } from "./harness/provider_stand_in.ts";
import { TestFolder } from "./harness/test_folder.ts";

const key = "sk-ant-api03-the-secret-of-this-test";

Deno.test("kodama model: tests models in turn, counts what they cost, and shows no key", async () => {
  await using folder = await TestFolder.open("model");
  await using standIn = new ProviderStandIn(({ model }) =>
    model === "claude-opus-5-5"
      ? {
        status: 401,
        body: { type: "error", error: { type: "authentication_error", message: key } },
      }
      : { text: "1 2 3" }
  );
  const env = {
    HOME: folder.path,
    KODAMA_CONFIG_DIR: `${folder.path}/config`,
    KODAMA_ANTHROPIC_URL: standIn.url,
  };
  const kodama = new KodamaInProcess(env);
  const written: string[] = [];
  const run = async (args: readonly string[], options = {}) => {
    const result = await kodama.run(args, options);
    written.push(result.stdout, result.stderr);
    return result;
  };

  const none = await run(["model", "test"]);
  assert.equal(none.code, 5);
  assert.match(none.stderr, /no key for anthropic.*\n.*kodama config set model_keys\.anthropic -/);
  assert.equal(standIn.turns.length, 0);

  const set = await run(["config", "set", "model_keys.anthropic", "-"], { stdin: `${key}\n` });
  assert.equal(set.code, 0, set.stderr);
  const config = await Deno.lstat(`${folder.path}/config/config.yaml`);
  assert.equal((config.mode ?? 0) & 0o777, 0o600);
  assert.match(await Deno.readTextFile(`${folder.path}/config/config.yaml`), /the-secret/);
  await run([
    "config",
    "set",
    "model.prices",
    "{anthropic/claude-sonnet-5-5: {input: 3, output: 15}}",
  ]);

  const tested = await run(["model", "test", "sonnet", "opus", "--rounds", "2", "-o", "json"]);
  assert.equal(tested.code, 5);
  const [sonnet, opus] = JSON.parse(tested.stdout);
  assert.deepEqual([sonnet.outcome, sonnet.answered, sonnet.inputTokens], ["ok", 2, 100]);
  assert.deepEqual([opus.outcome, opus.answered], ["refusedKey", 0]);
  assert.deepEqual(new Set(standIn.turns.map((turn) => turn.key)), new Set([key]));

  const stats = JSON.parse((await run(["model", "stats", "-o", "json"])).stdout);
  assert.deepEqual(
    stats.map((one: Record<string, unknown>) => [one["model"], one["calls"], one["cost"]]),
    [["anthropic/claude-opus-5-5", 1, undefined], ["anthropic/claude-sonnet-5-5", 2, 0.0012]],
  );

  for (const format of ["json", "yaml"]) {
    await run(["config", "view", "-o", format]);
    await run(["model", "show", "-o", format]);
    await run(["model", "list", "-o", format]);
  }
  assert.match((await run(["config", "get", "model_keys.anthropic"])).stdout, /^\*+\n$/);
  await run(["config", "view"]);
  await run(["model", "show"]);
  for (const text of written) assert.doesNotMatch(text, /the-secret/);
  for await (const { name } of Deno.readDir(`${folder.path}/config/model-calls`)) {
    const text = await Deno.readTextFile(`${folder.path}/config/model-calls/${name}`);
    assert.doesNotMatch(text, /the-secret|Count from one/);
  }
});

Deno.test("kodama config set: a model is checked when it is set, and a repository can't choose one", async () => {
  await using folder = await TestFolder.open("model");
  const env = { HOME: folder.path, KODAMA_CONFIG_DIR: `${folder.path}/config` };
  const kodama = new KodamaInProcess(env);
  const assumed = await kodama.run(["config", "set", "model.name", "tinyllama"]);
  assert.equal(assumed.code, 0);
  assert.match(assumed.stderr, /"tinyllama" names no provider.*ollama\/tinyllama/);
  const wrong = await kodama.run(["config", "set", "model.fallback", "[gpt, antropic/x]"]);
  assert.equal(wrong.code, 2);
  assert.match(wrong.stderr, /no provider "antropic"; did you mean "anthropic"/);
  const shape = await kodama.run(["config", "set", "model_keys.openai", "-"], { stdin: "abc" });
  assert.equal(shape.code, 0);
  assert.match(shape.stderr, /hasn't the usual form of a key for openai/);
  assert.doesNotMatch(shape.stderr, /abc/);
});
