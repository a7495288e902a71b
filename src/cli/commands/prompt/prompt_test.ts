/** The text of a prompt, from its source. */
import assert from "node:assert/strict";
import { simulatedHost } from "../../../actions/testing/simulated_host.ts";
import { MemoryTerminal } from "../../../terminal/testing/memory_terminal.ts";
import { type PromptSource, readPrompt } from "./prompt_text.ts";

Deno.test("a file is found from the working folder; standard input is read to its end", async () => {
  const { host } = simulatedHost({}, { files: { "/project/task.md": "from a file" } });
  const terminal = new MemoryTerminal({ input: ["from ", "a pipe"] });
  const { signal } = new AbortController();
  const read = (source: PromptSource) => readPrompt(source, { host, terminal, signal });
  assert.equal(await read({ kind: "file", path: "task.md" }), "from a file");
  assert.equal(await read({ kind: "stdin" }), "from a pipe");
  await assert.rejects(read({ kind: "file", path: "no.md" }), {
    message: "there is no file no.md",
  });
});
