/** A workflow of one command pays for nothing that only workflows with steps need. */
import assert from "node:assert/strict";
import { runCommand } from "./harness/command.ts";
import { filePath } from "../src/files/file_path.ts";

const root = new URL("../", import.meta.url);

/** What is loaded when a workflow of the short form runs: each of these, and what they import at once. */
const loaded = [
  "main.ts",
  "src/cli/commands/run/run.ts",
  "src/actions/workflow/run_workflow.ts",
  "src/host/host.ts",
];

/** Rooms of workflows with steps. */
const rooms = /src\/(?:expression|sandbox|workflow\/(?:engine|steps))\//;

interface ModuleGraph {
  modules: readonly {
    specifier: string;
    dependencies?: readonly { isDynamic?: boolean; code?: { specifier: string } }[];
  }[];
}

/** Addresses of all modules that these need before their first statement. */
async function atOnce(path: string): Promise<ReadonlySet<string>> {
  const { code, stdout, stderr } = await runCommand([Deno.execPath(), "info", "--json", path], {
    env: Deno.env.toObject(),
    cwd: filePath(root),
  });
  assert.equal(code, 0, stderr);
  const { modules } = JSON.parse(stdout) as ModuleGraph;
  const byAddress = new Map(modules.map((one) => [one.specifier, one]));
  const found = new Set([new URL(path, root).href]);
  for (const address of found) {
    for (const { isDynamic, code } of byAddress.get(address)?.dependencies ?? []) {
      if (isDynamic !== true && code !== undefined) found.add(code.specifier);
    }
  }
  return found;
}

Deno.test("a workflow of one command loads no expressions, no steps and no sandbox", async () => {
  for (const path of loaded) {
    const modules = await atOnce(path);
    assert.ok(modules.size > 2, `${path} imports nothing`);
    assert.deepEqual([...modules].filter((address) => rooms.test(address)), [], path);
  }
});

Deno.test("what it looks for would be seen", async () => {
  const modules = await atOnce("src/actions/workflow/run_steps.ts");
  assert.ok([...modules].some((address) => address.includes("src/expression/")));
});
