import assert from "node:assert/strict";
import { systemClock } from "../../base/clock.ts";
import { firstState } from "../engine/status.ts";
import type { SyncSpec } from "./model.ts";
import { syncControl } from "./control.ts";
import { syncPaths } from "./record.ts";

const spec: SyncSpec = {
  key: "team.web-0",
  local: "/home/me/site",
  target: { context: "lab", namespace: "team", pod: "web-0", container: "main" },
  remotePath: "/w",
  mode: "two-way-safe",
  git: false,
  useGitignore: true,
  excludePatterns: [],
  kubeconfig: null,
  session: null,
};

Deno.test("`syncControl()` distinguishes a killed process from one that ended by itself", async () => {
  const configDir = await Deno.makeTempDir({ prefix: "kodama-control-" });
  try {
    const state = firstState("two-way-safe", 0);
    const paths = syncPaths(configDir, spec.key);
    await Deno.mkdir(paths.folder, { recursive: true });
    const record = { version: 1, id: "0123456789ab", ...spec };
    await Deno.writeTextFile(paths.record, JSON.stringify(record));
    const control = syncControl({
      configDir,
      command: () => [],
      home: undefined,
      environment: {},
      clock: systemClock,
    });
    const read = async (phase?: string) => {
      const report = { pid: 1, processStart: "x", state: { ...state, phase }, answered: [] };
      if (phase !== undefined) await Deno.writeTextFile(paths.report, JSON.stringify(report));
      const found = await control.read(spec.key);
      return [found?.pid, found?.state.phase, found?.state.reason];
    };
    assert.deepEqual(await read(), [null, "stopped", ""]);
    assert.deepEqual(await read("stopped"), [null, "stopped", ""]);
    assert.deepEqual(await read("watching"), [null, "killed", "its process was killed"]);
  } finally {
    await Deno.remove(configDir, { recursive: true });
  }
});

Deno.test("`syncControl().start()` names a folder that it can't create, and the way out", async () => {
  const file = await Deno.makeTempFile({ prefix: "kodama-control-" });
  try {
    const options = {
      configDir: `${file}/config`,
      command: () => [],
      home: undefined,
      environment: {},
      clock: systemClock,
    };
    const starting = syncControl(options).start(spec, new AbortController().signal);
    await assert.rejects(starting, {
      kind: "environment",
      hint: /^KODAMA_CONFIG_DIR names another/,
    });
  } finally {
    await Deno.remove(file);
  }
});
