/** The examples of plugins, built by other people's compilers, run unchanged. */
import assert from "node:assert/strict";
import { openedPlugin, type OpenOptions } from "../../src/plugin/testing/modules.ts";
import { builtAssemblyScript, builtC, builtRust } from "./build.ts";

const folder = new URL("../../examples/plugins/", import.meta.url).pathname;

/** `pods_by_node` in each language. */
const podsByNode: Readonly<Record<string, () => Promise<Uint8Array<ArrayBuffer>>>> = {
  "C": () => builtC(`${folder}pods_by_node/c`),
  "Rust": () => builtRust(`${folder}pods_by_node/rust`, "pods_by_node"),
  "AssemblyScript": () => builtAssemblyScript(`${folder}pods_by_node/assemblyscript`),
};

/** 2,000 pods: more than the first buffer of the Rust and AssemblyScript SDKs. */
const nodes = ["a", "b", "a", "", 'q"\\', ...Array.from({ length: 1995 }, () => "é")];
const pods: OpenOptions = {
  granted: ["k8s:list:pods"],
  handlers: {
    list_pods(request) {
      assert.deepEqual(request, { namespace: "" });
      return Promise.resolve(nodes.map((node, index) => ({
        name: `p-${index}`,
        node,
        labels: { "a/b": "[{,}]", node: "not this one" },
      })));
    },
  },
};

for (const [language, build] of Object.entries(podsByNode)) {
  Deno.test(`a plugin in ${language} counts the pods of each node`, async () => {
    await using plugin = await openedPlugin(await build(), pods);
    plugin.session.handleCommand({ type: "select" });
    const event = await plugin.event();
    assert.ok(event.kind === "pluginRender", JSON.stringify(event));
    assert.deepEqual(
      event.lines.toSorted(),
      ["1  (no node)", "1  b", '1  q"\\', "1995  é", "2  a"],
    );
  });
}

Deno.test("the smoke plugin, in Rust, shows `smoke-ok` whatever it gets", async () => {
  const file = await builtRust(`${folder}smoke`, "kubetile_plugin_smoke");
  await using plugin = await openedPlugin(file);
  plugin.session.onFocus(true);
  plugin.session.onResize(80, 24);
  plugin.session.handleCommand({ type: "send_input", text: "\0é\n" });
  for (const count of [1, 2, 3]) {
    assert.deepEqual(await plugin.event(count), {
      kind: "pluginRender",
      pane: 1,
      lines: ["smoke-ok"],
    });
  }
});

Deno.test("a plugin in AssemblyScript without a library shows the commands that it got", async () => {
  await using plugin = await openedPlugin(await builtAssemblyScript(`${folder}commands`));
  plugin.session.handleCommand({ type: "filter", query: 'a"b' });
  plugin.session.handleCommand({ type: "back" });
  assert.deepEqual(await plugin.event(2), {
    kind: "pluginRender",
    pane: 1,
    lines: ['{"type":"filter","query":"a\\"b"}', '{"type":"back"}'],
  });
});
