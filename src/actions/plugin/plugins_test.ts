/** The user's plugins: configured, checked, and run without a screen. */
import assert from "node:assert/strict";
import { KodamaError } from "../../base/errors.ts";
import { systemClock } from "../../base/clock.ts";
import {
  dataOf,
  onCommand,
  pluginOf,
  renderImport,
  rendering,
} from "../../plugin/testing/modules.ts";
import { smoke } from "../../plugin/testing/modules.ts";
import { startUnprivileged } from "../../sandbox/run_script.ts";
import type { Host } from "../host.ts";
import { simulatedHost } from "../testing/simulated_host.ts";
import { checkPlugin, listPlugins, testPlugin } from "./plugins.ts";

const needsPods = pluginOf(`
  (import "kubetile" "list_pods" (func (param i32 i32 i32 i32) (result i32)))
  ${onCommand("")}`);
const fails = pluginOf(
  `${renderImport}\n${dataOf("[]")} ${
    onCommand(
      `${rendering("[]")} (if (i32.gt_s (local.get $len) (i32.const 35)) (then unreachable))`,
    )
  }`,
);

const config = `plugins:
  - { key: smoke-test, path: ~/smoke.wasm }
  - { key: pods, path: /p/pods.wasm, permissions: ["k8s:list:pod"] }
  - { key: missing, path: gone.wasm, keybinding: ctrl+p }
`;

function hostWith(settings: string): Host {
  const { host } = simulatedHost({}, { files: { "/config/config.yaml": settings } });
  const files: Record<string, Uint8Array<ArrayBuffer>> = {
    "/home/me/smoke.wasm": smoke,
    "/p/pods.wasm": needsPods,
    "/p/fails.wasm": fails,
  };
  const programs = { deno: Deno.execPath(), hasShell: true };
  const limits = { memoryMiB: 128, cpuSeconds: 60 };
  return {
    ...host,
    clock: systemClock,
    env: (name) => name === "HOME" ? "/home/me" : undefined,
    files: { ...host.files, readBytes: (path) => Promise.resolve(files[path]) },
    pluginProcesses: () =>
      Promise.resolve({ start: (program) => startUnprivileged(programs, program, limits) }),
  };
}

Deno.test("each configured plugin is checked; one that can't be used doesn't hide the others", async () => {
  const listed = await listPlugins(hostWith(config));
  const found = listed.map(({ entry: { key }, check }) => [
    key,
    check.kind === "refused" ? check.error.message : check.missing,
  ]);
  assert.deepEqual(found, [
    ["smoke-test", []],
    ["pods", 'no permission "k8s:list:pod"; did you mean "k8s:list:pods"?'],
    ["missing", "there is no file gone.wasm"],
  ]);
});

Deno.test("a check names the permissions that are missing", async () => {
  const check = await checkPlugin(hostWith(""), "/p/pods.wasm", []);
  assert.ok(check.kind === "plugin");
  assert.deepEqual(check.missing, ["k8s:list:pods"]);
});

/** Returns the rendered lines after each command. */
async function renderings(host: Host, plugin: string, commands: string): Promise<unknown[]> {
  const found: unknown[] = [];
  const options = { plugin, permissions: [], commands, width: 20, height: 5 };
  for await (const { command, event } of testPlugin(host, { ...options, signal: signal() })) {
    found.push([command.type, event?.kind === "pluginRender" ? event.lines : event]);
  }
  return found;
}

const signal = () => new AbortController().signal;

Deno.test("a configured plugin runs by its key, and gets recorded commands one by one", async () => {
  const commands = '{"type":"scroll_down"}\n\n{"type":"filter","query":"web"}\n';
  assert.deepEqual(await renderings(hostWith(config), "smoke-test", commands), [
    ["focus", ["smoke-ok"]],
    ["resize", ["smoke-ok"]],
    ["scroll_down", ["smoke-ok"]],
    ["filter", ["smoke-ok"]],
  ]);
});

Deno.test("a failure ends the test with the plugin's error, after what it rendered", async () => {
  const failure = renderings(hostWith(""), "/p/fails.wasm", '{"type":"back"}');
  await assert.rejects(failure, new KodamaError("conflict", "the plugin failed: unreachable"));
});

Deno.test("a line that isn't a command is named", async () => {
  const failure = renderings(hostWith(""), "/home/me/smoke.wasm", '{"type":"back"}\n{"type":"x"}');
  await assert.rejects(failure, /line 2 of the commands is not a command of plugins/);
});
