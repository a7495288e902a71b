import assert from "node:assert/strict";
import { MemoryTerminal } from "../../term/testing/memory_terminal.ts";
import { confirmOn } from "./confirm.ts";

const question = { targets: [], names: ["a", "b"], command: ["rm", "x"] };

async function asked(input: readonly string[], signal = new AbortController().signal) {
  const terminal = new MemoryTerminal({ terminals: ["stdin", "stderr"], input });
  const { ask } = confirmOn(terminal, { above: 1, stdin: false, listing: "--list", signal });
  return { yes: await ask(question), text: terminal.written("stderr") };
}

Deno.test("a yes is y or yes, and all else is a no", async () => {
  for (const yes of ["y\n", "YES\n", " yes \r\n"]) assert.ok((await asked([yes])).yes);
  for (const no of ["\n", "n\n", "yess\n", "ja\n"]) assert.ok(!(await asked([no])).yes);
});

Deno.test("who can't be asked is told so: without a terminal, or where input is the commands'", async () => {
  const { signal } = new AbortController();
  for (const [terminals, stdin] of [[["stdin", "stderr"], true], [["stderr"], false]] as const) {
    const terminal = new MemoryTerminal({ terminals, input: ["y\n"] });
    const { ask } = confirmOn(terminal, { above: 1, stdin, listing: "--list", signal });
    await assert.rejects(ask(question), {
      message: "running this in 2 pods needs a yes",
      hint: "--yes says it; --list shows the pods",
    });
  }
});

Deno.test("the end of input is a no, and what is said next begins a line of its own", async () => {
  const { yes, text } = await asked([]);
  assert.ok(!yes);
  assert.match(text, /Run it\? \[y\/N\] \n$/);
  const stopped = await asked(["\n"], AbortSignal.abort());
  assert.match(stopped.text, /Run it\? \[y\/N\] $/);
});
