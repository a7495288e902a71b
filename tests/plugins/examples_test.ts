/** The examples of plugins, built by other people's compilers, run unchanged. */
import assert from "node:assert/strict";
import { openedPlugin } from "../../src/plugin/testing/modules.ts";

/** AssemblyScript's. */
const compiler = "npm:assemblyscript@0.28.20/asc";

const folder = new URL("../../examples/plugins/", import.meta.url).pathname;

/** Builds an example with the command line of its first comment. */
async function built(example: string, program: string, args: readonly string[]) {
  const output = await Deno.makeTempFile({ suffix: ".wasm" });
  try {
    const { success, stderr } = await new Deno.Command(program, {
      args: [...args, "-o", output],
      cwd: `${folder}${example}`,
    }).output();
    assert.ok(success, new TextDecoder().decode(stderr));
    return await Deno.readFile(output);
  } finally {
    await Deno.remove(output);
  }
}

Deno.test("a plugin in C counts the pods of each node", async () => {
  const flags = ["--target=wasm32", "-O2", "-mbulk-memory", "-nostdlib", "-Wl,--no-entry"];
  const file = await built("pods_by_node", "clang", [...flags, "-Wall", "-Werror", "plugin.c"]);
  await using plugin = await openedPlugin(file, {
    granted: ["k8s:list:pods"],
    handlers: {
      list_pods(request) {
        assert.deepEqual(request, { namespace: "" });
        const nodes = ["a", "b", "a", "", "a"];
        return Promise.resolve(nodes.map((node, index) => ({ name: `p-${index}`, node })));
      },
    },
  });
  plugin.session.handleCommand({ type: "select" });
  assert.deepEqual(await plugin.event(), {
    kind: "pluginRender",
    pane: 1,
    lines: ["3  a", "1  b", "1  (no node)"],
  });
});

Deno.test("a plugin in AssemblyScript shows the commands that it got", async () => {
  const asc = ["run", "--quiet", "--allow-read", "--allow-write", "--allow-env", compiler];
  const file = await built("commands", Deno.execPath(), [...asc, "plugin.ts", "-O"]);
  await using plugin = await openedPlugin(file);
  plugin.session.handleCommand({ type: "filter", query: 'a"b' });
  plugin.session.handleCommand({ type: "back" });
  assert.deepEqual(await plugin.event(2), {
    kind: "pluginRender",
    pane: 1,
    lines: ['{"type":"filter","query":"a\\"b"}', '{"type":"back"}'],
  });
});
