/** Args -> a task, and the source of its prompt. */
import assert from "node:assert/strict";
import { simulatedHost } from "../../../actions/testing/simulated_host.ts";
import { MemoryTerminal } from "../../../terminal/testing/memory_terminal.ts";
import { command } from "./prompt.ts";
import { sortWords } from "../../parser/parse.ts";
import { resolveWords } from "../../parser/parsed_args.ts";
import { type PromptSource, readPrompt } from "./prompt_text.ts";

/** Returns the options that a command line stands for. */
async function resolved(words: readonly string[], trailing?: readonly string[]) {
  const sorted = await sortWords(command, words, "kodama prompt");
  const settled = resolveWords(command, { ...sorted, trailing }, {
    environment: () => undefined,
    spoken: "kodama prompt",
  });
  return command.resolve(settled) as Record<string, unknown>;
}

Deno.test("a prompt goes on with the newest conversation, of a session or of a pod", async () => {
  assert.deepEqual(
    await resolved(["my-work", "do it", "-n", "dev", "--env", "A=b=c"], ["--model"]),
    {
      name: "my-work",
      place: { kind: "session", name: "my-work", namespace: "dev" },
      kubeconfig: undefined,
      source: { kind: "text", text: "do it" },
      options: {
        adapter: "claude",
        words: ["--model"],
        environment: { A: "b=c" },
        conversation: "latest",
      },
      follow: false,
      json: false,
    },
  );
  const { place, options } = await resolved(["pod/web-0", "-", "--continue", "3"]);
  assert.deepEqual(place, { kind: "pod", name: "web-0" });
  assert.deepEqual(options, {
    adapter: "claude",
    words: [],
    environment: {},
    conversation: 3,
  });
});

Deno.test("a prompt is a word, a file, or standard input", async () => {
  const sources: [string[], PromptSource][] = [
    [["work", "do it"], { kind: "text", text: "do it" }],
    [["work", "-"], { kind: "stdin" }],
    [["work", "--file", "-"], { kind: "stdin" }],
    [["work", "--file", "task.md"], { kind: "file", path: "task.md" }],
  ];
  for (const [words, source] of sources) {
    assert.deepEqual((await resolved(words))["source"], source, words.join(" "));
  }
});

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
