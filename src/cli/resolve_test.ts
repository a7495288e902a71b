/** Every command has a table of its args, in a `resolve_test.ts` beside it. */
import assert from "node:assert/strict";
import { leaves } from "./parser/node.ts";
import { tree } from "./tree.ts";

const commands = new URL("commands/", import.meta.url);

/** The command lines of all tables. */
async function* tableLines(folder: URL): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (isDirectory) yield* tableLines(new URL(`${name}/`, folder));
    if (name !== "resolve_test.ts") continue;
    const text = await Deno.readTextFile(new URL(name, folder));
    for (const [, , line] of text.matchAll(/\bline:\s*(["'`])(.*?)\1/g)) yield line ?? "";
  }
}

Deno.test("every command has a row that resolves its args", async () => {
  const lines = await Array.fromAsync(tableLines(commands));
  const missing = [...leaves(tree)].map(([path]) => path.join(" "))
    .filter((path) => !lines.some((line) => line === path || line.startsWith(`${path} `)));
  assert.deepEqual(missing, []);
});
