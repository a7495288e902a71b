import assert from "node:assert/strict";
import { mergedSettings } from "../../config/settings.ts";
import { settingSources } from "../config/setting_sources.ts";
import { simulatedHost } from "../testing/simulated_host.ts";
import { readSyncSecrets } from "./secrets.ts";

interface Given {
  files?: Readonly<Record<string, string>>;
  env?: Readonly<Record<string, string>>;
  envFiles?: readonly string[];
  envExclude?: readonly string[];
}

async function read({ files = {}, env = {}, envFiles = [], envExclude = [] }: Given) {
  const { host } = simulatedHost({}, { files, env });
  const sources = await settingSources(host);
  const settings = await mergedSettings(sources);
  return await readSyncSecrets(host, { envFiles, envExclude }, { settings, sources });
}

const settingsWith = (names: string) => ({
  "/project/.kodama.yaml": `env: { dotenvFiles: ${names}, excludeVars: [LEFT] }\n`,
});

Deno.test("the files of the settings come first, those of the command line win, and what is excluded stays here", async () => {
  const files = {
    ...settingsWith("[.env, .env.gone]"),
    "/config/config.yaml": "env: { dotenvFiles: [never.env] }\n",
    "/project/.env": "A=1\nB=1\nLEFT=1\nOUT=1\n",
    "/home/.env": "B=2\n",
  };
  const secrets = await read({ files, envFiles: ["/home/.env"], envExclude: ["OUT"] });
  assert.deepEqual([...secrets.variables], [["A", "1"], ["B", "2"]]);
  assert.deepEqual(secrets.places, ["/project/.env", "/home/.env"]);
  assert.deepEqual(secrets.left.map(({ name }) => name), ["LEFT", "OUT"]);
  assert.equal(secrets.gitToken, undefined);
});

Deno.test("a repository's settings name no file of this machine that isn't beside them", async () => {
  for (const name of ["/home/.env", "~/.env", "../.env", "a/../../.env", '"a\\\\..\\\\b"']) {
    const reading = read({ files: { ...settingsWith(`[${name}]`), "/home/.env": "A=1\n" } });
    await assert.rejects(reading, { kind: "config", message: /isn't beside it$/ }, name);
  }
  const files = { ...settingsWith("[sub/..env]"), "/project/sub/..env": "A=1\n" };
  assert.equal((await read({ files })).variables.get("A"), "1");
});

Deno.test("a file that the command line names has to be there", async () => {
  await assert.rejects(read({ envFiles: ["gone.env"] }), {
    kind: "usage",
    message: "gone.env: there is no such dotenv file",
  });
});

Deno.test("git's token is the file's, else the environment's, unless it is excluded, and never half a line", async () => {
  const env = { GITHUB_TOKEN: "of-the-environment" };
  const files = { "/project/.env": "GITHUB_TOKEN=of-the-file\n" };
  const given = { env, files, envFiles: [".env"] };
  assert.equal((await read(given)).gitToken, "of-the-file");
  assert.equal((await read({ env })).gitToken, "of-the-environment");
  const excluded = await read({ ...given, envExclude: ["GITHUB_TOKEN"] });
  assert.deepEqual([excluded.gitToken, excluded.variables.size], [undefined, 0]);
  assert.equal((await read({ env: { GITHUB_TOKEN: "" } })).gitToken, undefined);
  // From the environment it isn't a variable in the pod.
  assert.equal((await read({ env })).variables.size, 0);
  for (const token of ["two words", "a\nprotocol=x", "x".repeat(1001)]) {
    await assert.rejects(read({ env: { GITHUB_TOKEN: token } }), (error: Error) => {
      assert.ok(!error.message.includes(token));
      return /holds characters that no token has$/.test(error.message);
    });
  }
});
