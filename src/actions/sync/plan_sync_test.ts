import assert from "node:assert/strict";
import { stateObject } from "../../session/state.ts";
import { sampleSession } from "../../session/testing/session.ts";
import { wholeOf } from "../../sync/local/whole_folder.ts";
import { simulatedHost } from "../testing/simulated_host.ts";
import { planSync, type SyncOptions } from "./plan_sync.ts";

const session = sampleSession();

/** Returns the excluded paths of a sync with a pod; the settings of the folder name dotenv files. */
async function excluded(wish: Partial<SyncOptions>): Promise<readonly string[]> {
  return (await planned(wish)).excludePatterns;
}

async function planned(wish: Partial<SyncOptions>) {
  const pod = `kodama-${session.name}`;
  const { host } = simulatedHost({ c: {} }, {
    files: {
      "/project/.kodama.yaml":
        "env: { dotenvFiles: [.env, .env.gone] }\nsync: { excludePatterns: ['*.log'] }\n",
      "/project/.env": "A=1\n",
    },
  });
  const client = await host.kube();
  const name = wish.pod ?? pod;
  const state = {
    ...stateObject(session),
    metadata: { ...stateObject(session).metadata, uid: "1" },
  };
  const stand = {
    ...host,
    sync: () => Promise.resolve({ wholeOf: (folder: string) => wholeOf(folder, "/home/not-here") }),
    copyFiles: () => Promise.resolve({ kindOf: () => Promise.resolve("folder") }),
    kube: () => Promise.resolve({ ...client, get: () => Promise.resolve(state) }),
    select: () =>
      Promise.resolve({
        targets: [{
          context: "c",
          namespace: session.namespace,
          pod: name,
          container: "workspace",
          node: "",
          ip: "",
        }],
        skipped: [],
        nearest: [],
      }),
  } as unknown as typeof host;
  return await planSync(stand, {
    local: ".",
    pod: name,
    namespace: undefined,
    container: undefined,
    context: undefined,
    kubeconfig: undefined,
    remotePath: "/workspace",
    name: undefined,
    mode: "two-way-safe",
    exclude: ["x"],
    git: false,
    gitignore: true,
    ...wish,
  }, new AbortController().signal);
}

Deno.test("`planSync()` with a session's workspace leaves out kodama's settings and the dotenv files", async () => {
  for (
    const remotePath of [
      "/workspace",
      "/workspace/",
      "/workspace/sub",
      ".",
      "sub",
      "/x/../workspace",
    ]
  ) {
    assert.deepEqual(await excluded({ remotePath }), [
      ...[".kodama.yaml", ".kodama", ".kodamaignore", "/.env", "*.log", "x"],
    ], remotePath);
  }
  for (const remotePath of ["/tmp/x", "/workspaces", "../tmp"]) {
    assert.deepEqual(await excluded({ remotePath }), ["*.log", "x"], remotePath);
  }
  assert.deepEqual(await excluded({ pod: "web-0" }), ["*.log", "x"]);
});

Deno.test("`planSync()` refuses a whole machine, home folder or container", async () => {
  const cases: [Partial<SyncOptions>, RegExp][] = [
    [{ local: "/" }, /the whole machine/],
    [{ local: "../.." }, /the whole machine/],
    [{ local: "/home/not-here/" }, /the whole home folder/],
    [{ local: "/home" }, /the whole home folder/],
    [{ remotePath: "/" }, /the root of a container/],
    [{ remotePath: "/srv/.." }, /the root of a container/],
  ];
  for (const [options, message] of cases) {
    await assert.rejects(excluded(options), { kind: "usage", message });
  }
  await excluded({ local: "/home/not-here/project", remotePath: "srv" });
});

Deno.test("`planSync()` has repositories only if they are requested, and never in a session's workspace", async () => {
  assert.equal((await planned({ pod: "web-0" })).git, false);
  assert.equal((await planned({ pod: "web-0", git: true })).git, true);
  assert.equal((await planned({ git: true, remotePath: "/srv" })).git, true);
  await assert.rejects(planned({ git: true }), { kind: "usage", message: /\.git is never synced/ });
});
