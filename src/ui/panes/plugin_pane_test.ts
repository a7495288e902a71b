/** The panes of plugins: their drawing, their input, and plugins of a configuration in them. */
import assert from "node:assert/strict";
import { systemClock } from "../../base/clock.ts";
import type { Host } from "../../actions/host.ts";
import { simulatedHost } from "../../actions/testing/simulated_host.ts";
import type { PluginCommand } from "../../plugin/command.ts";
import { onCommand, pluginOf, smoke, startProcess } from "../../plugin/testing/modules.ts";
import { lineText } from "../../terminal/grid.ts";
import type { Pane, PaneCommand, PaneContext, PaneEvent } from "../pane.ts";
import { registerPlugins } from "../register_panes.ts";
import { PaneRegistry } from "../registry.ts";
import { defaultTheme } from "../theme.ts";
import { PluginPane } from "./plugin_pane.ts";

const size = { columns: 20, rows: 4 };
const lines = (pane: Pane, at = size) =>
  pane.view(at, { focused: true, nowMs: 0 }).map((line) => lineText(line));

/** A pane with a session that only records. */
function recordedPane() {
  const calls: unknown[] = [];
  const session = {
    handleCommand: (command: PluginCommand) => void calls.push(command),
    onFocus: (focused: boolean) => void calls.push({ focused }),
    onResize: (width: number, height: number) => void calls.push({ width, height }),
    onTick: () => void calls.push("tick"),
    close: () => Promise.resolve(void calls.push("close")),
  };
  const context = {
    theme: defaultTheme,
    emit: () => {},
    ask: () => Promise.resolve("typed"),
    signal: new AbortController().signal,
  };
  const open = () => {
    calls.push("open");
    return session;
  };
  return { calls, pane: new PluginPane("my-view", context, open) };
}

Deno.test("a pane is loading until a rendering comes, and shows an error in the theme's tone", () => {
  const { pane } = recordedPane();
  assert.deepEqual(lines(pane), ["⠋ starting"]);
  pane.onPlugin({ kind: "pluginRender", pane: 1, lines: ["one", "two"] });
  assert.deepEqual(lines(pane), ["one", "two"]);
  pane.onPlugin({ kind: "pluginError", pane: 1, error: "it \x1b[2J trapped" });
  const [error, , ...last] = pane.view(size, { focused: true, nowMs: 0 });
  assert.deepEqual(error, [{ text: "it \\x1b[2J trapped", tone: defaultTheme.error }]);
  assert.deepEqual(last.map(lineText), ["two"]);
});

Deno.test("lines are made harmless and cut to the pane", () => {
  const { pane } = recordedPane();
  const hostile = ["\x1b[2J\x1b]0;title\x07x", "a\nb\tc\r", "\u202eabc", "日本語".repeat(10), "5"];
  pane.onPlugin({ kind: "pluginRender", pane: 1, lines: hostile });
  assert.deepEqual(lines(pane, { columns: 40, rows: 4 }), [
    "\\x1b[2J\\x1b]0;title\\x07x",
    "a\\nb    c\\x0d",
    "\\u202eabc",
    "日本語日本語日本語日本語日本語日本語日本",
  ]);
  assert.deepEqual(lines(pane, { columns: 3, rows: 1 }), ["\\x1"]);
  assert.deepEqual(lines(pane, { columns: 0, rows: 0 }), []);
});

Deno.test("commands, focus and size reach the session; what isn't for plugins doesn't", () => {
  const { pane, calls } = recordedPane();
  const commands: PaneCommand[] = [
    { type: "scroll_down" },
    { type: "search_input", text: "x" },
    { type: "toggle_sort_order" },
    { type: "filter", query: "web" },
  ];
  for (const command of commands) pane.handleCommand(command);
  pane.onFocus(true);
  pane.onFocus(true);
  pane.onFocus(false);
  for (const columns of [20, 20, 21]) pane.onResize({ columns, rows: 4 });
  assert.deepEqual(calls, [
    "open",
    { type: "scroll_down" },
    { type: "filter", query: "web" },
    { focused: true },
    { focused: false },
    { width: 20, height: 4 },
    { width: 21, height: 4 },
  ]);
});

Deno.test("a reload ends the session, and starts one with the focus and the size", async () => {
  const { pane, calls } = recordedPane();
  pane.onFocus(true);
  pane.onResize(size);
  pane.onPlugin({ kind: "pluginError", pane: 1, error: "unreachable" });
  assert.equal(pane.refusal("plugin-input"), "the plugin has failed");
  calls.length = 0;
  pane.act("plugin-reload");
  pane.act("plugin-reload");
  assert.deepEqual(lines(pane), ["⠋ starting"]);
  await pane.close();
  assert.deepEqual(calls, [
    "close",
    "open",
    { focused: true },
    { width: 20, height: 4 },
    "close",
  ]);
});

Deno.test("a line that was typed is sent to the plugin", async () => {
  const { pane, calls } = recordedPane();
  pane.act("plugin-input");
  await Promise.resolve();
  assert.deepEqual(calls.at(-1), { type: "send_input", text: "typed" });
});

const settings = `plugins:
  - { key: smoke-test, path: /p/smoke.wasm, keybinding: ctrl+p }
  - { key: loops, path: /p/loops.wasm }
  - { key: absent, path: /p/absent.wasm }
  - { key: wrong, path: /p/smoke.wasm, permissions: [k8s:list:pod] }
  - { key: app-logs, path: /p/smoke.wasm }
`;

function host(files: Record<string, string> = { "/config/config.yaml": settings }): Host {
  const modules: Record<string, Uint8Array<ArrayBuffer>> = {
    "/p/smoke.wasm": smoke,
    "/p/loops.wasm": pluginOf(`(func $s (loop $l (br $l))) (start $s) ${onCommand("")}`),
  };
  const simulated = simulatedHost({}, { files }).host;
  return {
    ...simulated,
    clock: systemClock,
    files: { ...simulated.files, readBytes: (path) => Promise.resolve(modules[path]) },
    pluginProcesses: () => Promise.resolve({ start: startProcess }),
  };
}

/** Registers the plugins after a pane of the program, and opens panes of them as the program does. */
async function openedPanes(keys: readonly string[]) {
  const registry = new PaneRegistry();
  registry.register("app-logs", () => ({ title: "", view: () => [], handleCommand: () => {} }));
  const registered = await registerPlugins(registry, host());
  const panes = new Map<number, Pane>();
  let wake = Promise.withResolvers<void>();
  for (const [pane, key] of keys.entries()) {
    const emit = (event: PaneEvent) => {
      if (event.kind === "pluginRender" || event.kind === "pluginError") {
        panes.get(event.pane)?.onPlugin?.(event);
      }
      wake.resolve();
      wake = Promise.withResolvers();
    };
    const context: PaneContext = {
      pane,
      host: host(),
      scope: { namespaces: { kind: "default" } },
      kube: undefined,
      config: {},
      theme: defaultTheme,
      emit,
      ask: () => Promise.resolve(undefined),
      signal: new AbortController().signal,
    };
    panes.set(pane, registry.open(key, context));
  }
  return {
    registered,
    panes: [...panes.values()],
    /** Resolves when a pane shows this. */
    async shows(pane: number, text: string) {
      const shown = () => lines(panes.get(pane) as Pane, { columns: 80, rows: 9 }).join("\n");
      while (shown() !== text) await wake.promise;
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([...panes.values()].map((pane) => pane.close?.()));
    },
  };
}

Deno.test("a configured plugin shows `smoke-ok` in its pane; a broken entry is an error of its own", async () => {
  await using opened = await openedPanes(["smoke-test", "absent", "wrong", "unknown"]);
  const { registered, panes, shows } = opened;
  assert.deepEqual(registered, {
    toggles: [{ key: "smoke-test", binding: "ctrl+p" }],
    problems: ['plugins: there are two panes named "app-logs"'],
  });
  for (const pane of panes) pane.onFocus?.(true);
  await shows(0, "smoke-ok");
  await shows(1, "there is no file /p/absent.wasm");
  await shows(2, 'no permission "k8s:list:pod"; did you mean "k8s:list:pods"?');
  assert.match(lines(panes[3] as Pane).join(""), /there is no/);
});

Deno.test("ten panes of plugins all get commands while another plugin never returns", async () => {
  const keys = ["loops", ...Array.from({ length: 10 }, () => "smoke-test")];
  await using opened = await openedPanes(keys);
  for (const pane of opened.panes) pane.handleCommand({ type: "scroll_down" });
  for (let pane = 1; pane <= 10; pane++) await opened.shows(pane, "smoke-ok");
  assert.deepEqual(lines(opened.panes[0] as Pane), ["⠋ starting"]);
});

Deno.test("a repository's plugins are never registered, however the folder is trusted", async () => {
  const files = { "/project/.kodama.yaml": settings };
  const registry = new PaneRegistry();
  await registerPlugins(registry, host(files));
  assert.deepEqual(registry.kinds(), []);
});
