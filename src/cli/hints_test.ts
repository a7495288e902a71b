import assert from "node:assert/strict";
import { action, type ActionRef, hint } from "../base/hint.ts";
import { commandHint } from "../present/hints.ts";
import { nodeAt } from "./parser/node.ts";
import { sortArgs } from "./parser/parse.ts";
import { tree } from "./tree.ts";

const source = new URL("../", import.meta.url);

/** Returns the files of the program below a folder. */
async function* sources(folder: URL): AsyncGenerator<URL> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (isDirectory) yield* sources(new URL(`${name}/`, folder));
    else if (name.endsWith(".ts") && !name.endsWith("_test.ts")) yield new URL(name, folder);
  }
}

/** Returns the actions that a source refers to, with the names of their input and values made up. */
function referredActions(text: string): ActionRef[] {
  return text.matchAll(/\baction\(\s*"([a-z.-]+)"/g).map(({ 0: start, 1: name = "", index }) => {
    const rest = text.slice(index + start.length);
    let depth = 1;
    const end = [...rest].findIndex((one) =>
      (depth += "({[".includes(one) ? 1 : ")}]".includes(one) ? -1 : 0) === 0
    );
    const fields = rest.slice(0, end).replaceAll(/\$\{[^}]*\}/g, "").matchAll(
      /(?<=[{,]\s*)(\w+)\s*(?=[,}]|:\s*(true)?)/g,
    );
    const input = fields.map(([, field = "", isTrue]) =>
      [field, isTrue === undefined ? `a-${field}` : true] as const
    );
    return { kind: "action", name, input: Object.fromEntries(input) } as const;
  }).toArray();
}

Deno.test("every action that a hint names is a command, with its input as operands and flags", async () => {
  const all: { ref: ActionRef; file: string }[] = [];
  for await (const file of sources(source)) {
    const refs = referredActions(await Deno.readTextFile(file));
    all.push(...refs.map((ref) => ({ ref, file: file.pathname })));
  }
  assert.ok(all.length > 60, `only ${all.length} were found`);
  for (const { ref, file } of all) {
    const line = commandHint(hint`${action(ref.name, ref.input)}`);
    const node = nodeAt(tree, ref.name.split("."));
    assert.ok(node !== undefined, `${file}: ${line}`);
    if (node.kind === "branch") continue;
    const { command } = await node.load();
    const args = line.split(" ").slice(1 + ref.name.split(".").length);
    const own = args.includes("--") ? args.slice(0, args.indexOf("--")) : args;
    const { operands } = await sortArgs(command, own, "kodama", ref.name).catch((error) => {
      throw new Error(`${file}: ${line}: ${error.message}`);
    });
    const declared = command.operands ?? [];
    const isOpen = declared.some(({ arity }) => arity === "any");
    assert.ok(isOpen || operands.length <= declared.length, `${file}: ${line}`);
  }
});
