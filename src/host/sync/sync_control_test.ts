import assert from "node:assert/strict";
import { syncReport } from "../../actions/sync/testing/sync_report.ts";
import { syncControl } from "./sync_control.ts";
import { syncPaths } from "./sync_folder.ts";

Deno.test("a sync whose process was killed is told from one that ended by itself", async () => {
  const configDir = await Deno.makeTempDir({ prefix: "kodama-control-" });
  try {
    const { spec, state } = syncReport({ phase: "watching" });
    const paths = syncPaths(configDir, spec.key);
    await Deno.mkdir(paths.folder, { recursive: true });
    const record = { version: 1, id: "0123456789ab", ...spec };
    await Deno.writeTextFile(paths.record, JSON.stringify(record));
    const control = syncControl({ configDir, command: () => [], environment: {} });
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

Deno.test("a configuration folder that can't be made, below a file, is named with the way out", async () => {
  const file = await Deno.makeTempFile({ prefix: "kodama-control-" });
  try {
    const options = { configDir: `${file}/config`, command: () => [], environment: {} };
    const starting = syncControl(options).start(syncReport().spec, new AbortController().signal);
    await assert.rejects(starting, {
      kind: "environment",
      hint: /^KODAMA_CONFIG_DIR names another/,
    });
  } finally {
    await Deno.remove(file);
  }
});
