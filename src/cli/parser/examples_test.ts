/** Every example of help is a valid command line. */
import assert from "node:assert/strict";
import { MemoryTerminal } from "../../terminal/testing/memory_terminal.ts";
import { prepare } from "../run.ts";
import { programOf } from "../program.ts";
import { leaves } from "./node.ts";
import { tree } from "../tree.ts";

/** Returns the args of kodama within a line of shell: `source <(kodama completion bash)`. Quotes as in sh. */
function kodamaWords(line: string): string[] {
  const command = /\bkodama ([^|>)]*)/.exec(line)?.[1] ?? "";
  const args = command.matchAll(/'([^']*)'|"([^"]*)"|([^\s'"]+)/g);
  return [...args].map(([, single, double, bare]) => single ?? double ?? bare ?? "");
}

/** Preparing neither connects nor reads a file: an example's input comes from standard input. */
const surroundings = {
  program: programOf("kodama"),
  environment: () => undefined,
  host: () => Promise.reject(new Error("an example needs no host")),
  terminal: new MemoryTerminal({ input: ["web-0\n"] }),
};

for await (const [path, leaf] of leaves(tree)) {
  const { command } = await leaf.load();
  Deno.test(`${path.join(" ")} has an example`, () =>
    assert.ok(Object.keys(command.examples).length > 0));
  for (const line of Object.values(command.examples)) {
    Deno.test(`example: ${line}`, async () => {
      const prepared = await prepare(kodamaWords(line), {
        ...surroundings,
        willDial: () => {},
      });
      assert.deepEqual([prepared.kind, prepared.path], ["command", path]);
    });
  }
}

Deno.test("the words of an example are found in a line of shell", () => {
  assert.deepEqual(kodamaWords("source <(kodama completion bash)"), ["completion", "bash"]);
  assert.deepEqual(kodamaWords("kodama pods -m '/^a b$/' -- x"), [
    "pods",
    "-m",
    "/^a b$/",
    "--",
    "x",
  ]);
  assert.deepEqual(kodamaWords('"$EDITOR" "$(kodama config path)"'), ["config", "path"]);
});

Deno.test("a command that speaks to an API server says so before it is loaded, help never", async () => {
  for (
    const [line, expected] of [["exec web-0 -- id", 1], ["exec --help", 0], ["version", 0]] as const
  ) {
    let said = 0;
    const willDial = () => said++;
    await prepare(line.split(" "), { ...surroundings, willDial });
    assert.equal(said, expected, line);
  }
});
