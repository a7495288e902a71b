/** Lines that a person has begun -> what may stand in place of the last word. */
import assert from "node:assert/strict";
import type { Host } from "../actions/host.ts";
import { MemoryTerminal } from "../term/testing/memory_terminal.ts";
import { complete } from "./complete.ts";
import { programOf } from "./program.ts";

/** What is offered, and the number that tells the shell what to do besides. */
async function offered(line: string, host?: () => Promise<Host>): Promise<[string[], string]> {
  const [program = "", ...words] = line.split(" ");
  const terminal = new MemoryTerminal();
  const exitCode = await complete(words, {
    program: programOf(program),
    terminal,
    signals: { listen: () => ({ [Symbol.dispose]: () => {} }) },
    environment: () => undefined,
    host: host ?? (() => Promise.reject<Host>(new Error("no machine"))),
    willDial: () => {},
    multiplexer: () => Promise.reject(new Error("no machine")),
    serveCluster: () => Promise.resolve(),
    serveSync: () => Promise.resolve(),
  });
  await terminal.stdout.flush();
  assert.equal(exitCode, 0);
  const lines = terminal.written("stdout").trimEnd().split("\n");
  return [lines.slice(0, -1).map((one) => one.split("\t")[0] ?? ""), lines.at(-1) ?? ""];
}

const lines: readonly (readonly [line: string, offers: string[], directive?: string])[] = [
  ["kodama ex", ["exec"]],
  ["kodama cluster ", ["up", "down", "status"]],
  ["kodama -n prod cluster s", ["status"]],
  ["kodama nonsense ", []],
  ["kodama -", ["--help"]],
  ["kodama exec --outp", ["--output-mode", "--output"]],
  ["kodama exec --output ", ["json", "jsonl"]],
  ["kodama exec -o js", ["json", "jsonl"]],
  ["kodama exec --output=jsonl", ["jsonl"]],
  ["kodama exec -ito ", ["json", "jsonl"]],
  ["kodama exec -q --qui", []],
  ["kodama exec -n a --namesp", ["--namespace"]],
  ["kodama exec --timeout ", []],
  ["kodama exec --kubeconfig ", [], ":0"],
  ["kodama exec web-0 -- ", [], ":0"],
  ["kodama exec web-0 -- ls -", [], ":0"],
  ["kodama completion ", ["bash", "zsh", "fish", "powershell"]],
  ["kodama completion bash ", []],
  ["kpod --sort a", ["age"]],
  ["kwekash --li", ["--list"]],
  ["kodama exec -n ", []],
];

for (const [line, offers, directive = ":4"] of lines) {
  Deno.test(`offered after: ${line}`, async () => {
    assert.deepEqual(await offered(line), [offers, directive]);
  });
}

Deno.test("contexts come from the kubeconfig; names that would steer the shell don't", async () => {
  const contexts = [{ name: "east", current: true }, { name: "e\x1b[2J", current: false }, {
    name: "e\nf",
    current: false,
  }];
  const host = { contexts: () => Promise.resolve(contexts) } as Partial<Host>;
  const offers = await offered("kodama exec --context ", () => Promise.resolve(host as Host));
  assert.deepEqual(offers, [["east"], ":4"]);
});
