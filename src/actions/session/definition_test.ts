import assert from "node:assert/strict";
import { sampleSession } from "../../session/testing/session.ts";
import { simulatedHost } from "../testing/simulated_host.ts";
import { contradictions, defineSession } from "./definition.ts";
import type { StartOptions } from "./events.ts";

const signal = new AbortController().signal;

function options(changes: Partial<StartOptions> = {}): StartOptions {
  return {
    name: "work",
    envFiles: [],
    envExclude: [],
    join: false,
    sync: { kind: "none" },
    devContainer: { kind: "none" },
    readyTimeoutMs: 1000,
    signal,
    ...changes,
  };
}

function defined(
  files: Readonly<Record<string, string>>,
  changes: Partial<StartOptions> = {},
  env: Readonly<Record<string, string>> = {},
) {
  return defineSession(simulatedHost({}, { files, env }).host, options(changes));
}

const layers = {
  "/config/config.yaml":
    "defaults: {image: user, resources: {cpu: '1', memory: 1Gi}, branchPrefix: me/}\n",
  "/project/.kodama.yaml": "defaults: {image: repository, resources: {cpu: '2'}}\n",
  "/project/.kodama/templates/big.yaml": "defaults: {resources: {cpu: '3'}}\n",
};

Deno.test("flags before template, repository, user and default, each part by itself", async () => {
  const plain = await defined({});
  assert.deepEqual(plain.spec.resources, { cpu: "1", memory: "2Gi" });
  assert.deepEqual(plain.spec.storage, { workspace: "10Gi", claudeHome: "1Gi" });
  const layered = await defined(layers);
  assert.equal(layered.spec.image, "repository");
  assert.deepEqual(layered.spec.resources, { cpu: "2", memory: "1Gi" });
  const templated = await defined(layers, { template: "big" });
  assert.deepEqual(templated.spec.resources, { cpu: "3", memory: "1Gi" });
  const flagged = await defined(layers, { template: "big", cpu: "500m", image: "flag" });
  assert.deepEqual([flagged.spec.image, flagged.spec.resources.cpu], ["flag", "500m"]);
});

Deno.test("a definition names who has set the image, further containers and the addresses", async () => {
  const files = {
    ...layers,
    "/project/.kodama.yaml": "defaults: {image: repository, containers: [{name: a, image: b}]}\n",
    "/project/.devcontainer.json": '{"image": "project"}',
  };
  const repository = { kind: "repository", path: "/project/.kodama.yaml" };
  const devContainer = { kind: "file", path: ".devcontainer.json" } as const;
  assert.deepEqual((await defined(files, { devContainer })).origins, {
    image: repository,
    containers: repository,
    egress: { kind: "default" },
  });
  const { "/project/.kodama.yaml": _, ...others } = files;
  const image = async (changes: Partial<StartOptions>) =>
    (await defined(others, changes)).origins.image;
  assert.deepEqual(await image({}), { kind: "user", path: "/config/config.yaml" });
  assert.deepEqual(await image({ image: "x" }), { kind: "option", name: "image" });
  assert.deepEqual(await image({ devContainer }), {
    kind: "devContainer",
    path: ".devcontainer.json",
  });
});

Deno.test("a branch of the session's own has the prefix of the settings; a named one is worked on", async () => {
  const own = await defined(layers, { repo: "github.com/a/b" });
  assert.match(own.repository?.branch ?? "", /^me\/work-\d{14}$/);
  assert.equal(own.repository?.autoBranch, true);
  const named = await defined(layers, { repo: "github.com/a/b", branch: "develop" });
  assert.deepEqual(named.repository, {
    url: "https://github.com/a/b",
    baseBranch: "develop",
    autoBranch: false,
  });
  await assert.rejects(
    defined({}, { branch: "develop" }),
    /a branch is of a repository, and none is named/,
  );
});

Deno.test("dotenv files of settings lie beside them, and one that isn't there is none", async () => {
  const files = {
    "/project/.kodama.yaml": "env: {dotenvFiles: [.env, .env.local], excludeVars: [B]}\n",
    "/project/.env": "A=1\nB=2\nC=3\n",
    "/config/config.yaml": "defaults: {env: {excludeVars: [C]}}\n",
  };
  const { secrets } = await defined(files);
  assert.deepEqual([...secrets.variables], [["A", "1"]]);
  assert.deepEqual(secrets.files, [".env"]);
  for (const name of ["../.env", "/etc/passwd", "~/.aws/credentials", "a/../../b"]) {
    const bad = { "/project/.kodama.yaml": `env: {dotenvFiles: ["${name}"]}\n` };
    await assert.rejects(defined(bad), { kind: "config" }, name);
  }
  await assert.rejects(
    defined({}, { envFiles: ["none"] }),
    /none: there is no such dotenv file/,
  );
});

Deno.test("the token of git is the files', else the environment's, and none where it is excluded", async () => {
  const files = { "/project/.env": "GITHUB_TOKEN=from-file\n" };
  const env = { GITHUB_TOKEN: "from-environment" };
  const token = async (...asked: Parameters<typeof defined>) =>
    (await defined(...asked)).secrets.gitToken;
  assert.equal(await token({}, {}, env), "from-environment");
  assert.equal(await token(files, { envFiles: [".env"] }, env), "from-file");
  assert.equal(await token({}, { envExclude: ["GITHUB_TOKEN"] }, env), undefined);
  const { secrets } = await defined({}, {}, env);
  assert.equal(secrets.variables.size, 0, "it isn't a variable of the session");
  await assert.rejects(token({}, {}, { GITHUB_TOKEN: "a\nb" }), (error: Error) => {
    assert.doesNotMatch(error.message, /a\nb/);
    return /characters that no token has/.test(error.message);
  });
});

Deno.test("the editors' configuration is the repository's where it has one", async () => {
  const { editor } = await defined({
    "/project/.kodama/configs/helix-config.toml": "near",
    "/.kodama/configs/helix-config.toml": "far",
    "/.kodama/configs/zellij-config.kdl": "far",
  });
  assert.deepEqual(editor, { "helix-config.toml": "near", "zellij-config.kdl": "far" });
});

Deno.test("links in a repository's files don't bring files of the machine into a session; the user's own do", async () => {
  const settings = { "/project/.kodama.yaml": "env: {dotenvFiles: [deep/.env]}\n" };
  const key = { "/home/.ssh/key": "A=1\n" };
  const cases: [files: Record<string, string>, links: Record<string, string>][] = [
    [key, { "/project/.kodama/configs/helix-config.toml": "/home/.ssh/key" }],
    [{ "/home/.ssh/helix-config.toml": "" }, { "/project/.kodama/configs": "/home/.ssh" }],
    [{ ...settings, ...key }, { "/project/deep/.env": "/home/.ssh/key" }],
    [{ ...settings, "/home/.ssh/.env": "A=1\n" }, { "/project/deep": "/home/.ssh" }],
  ];
  for (const [files, links] of cases) {
    const { host } = simulatedHost({}, { files, links });
    await assert.rejects(defineSession(host, options()), { kind: "config" }, JSON.stringify(links));
  }
  const { host } = simulatedHost({}, {
    files: { "/config/config.yaml": "env: {dotenvFiles: [.env]}\n", ...key },
    links: { "/config/.env": "/home/.ssh/key" },
  });
  assert.equal((await defineSession(host, options())).secrets.variables.get("A"), "1");
});

Deno.test("only what is said contradicts the session that is there", async () => {
  const there = sampleSession();
  const said = async (changes: Partial<StartOptions>) =>
    contradictions(options(changes), there, await defined({}, changes));
  assert.deepEqual(await said({}), []);
  assert.deepEqual(await said({ repo: "github.com/myorg/myrepo", cpu: "2" }), []);
  const { repository, ...rest } = there;
  const { commitHash: _, ...unchecked } = repository ?? { url: "", autoBranch: false };
  const correctable = { ...rest, repository: unchecked };
  const corrected = options({ repo: "github.com/other/repo", branch: "other" });
  assert.deepEqual(contradictions(corrected, correctable, await defined({}, corrected)), []);
  assert.deepEqual(await said({ repo: "github.com/other/repo", memory: "8Gi" }), [
    "--repo https://github.com/other/repo (it has https://github.com/myorg/myrepo)",
    "--memory 8Gi (it has 4Gi)",
  ]);
});
