import assert from "node:assert/strict";
import { stateObject } from "../../session/state.ts";
import { sampleSession } from "../../session/testing/session.ts";
import { simulatedHost } from "../testing/simulated_host.ts";
import { planSync, type SyncOptions } from "./plan_sync.ts";

const session = sampleSession();

/** Returns what a sync with a pod excludes; the settings of the folder name dotenv files. */
async function excluded(wish: Partial<SyncOptions>): Promise<readonly string[]> {
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
  const spec = await planSync(stand, {
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
    gitignore: true,
    ...wish,
  }, new AbortController().signal);
  return spec.excludePatterns;
}

Deno.test("`planSync()` with a session's workspace leaves out .git and the dotenv files of the settings", async () => {
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
    assert.deepEqual(await excluded({ remotePath }), [".git", "/.env", "*.log", "x"], remotePath);
  }
  for (const remotePath of ["/tmp/x", "/workspaces", "../tmp"]) {
    assert.deepEqual(await excluded({ remotePath }), ["*.log", "x"], remotePath);
  }
  assert.deepEqual(await excluded({ pod: "web-0" }), ["*.log", "x"]);
});
