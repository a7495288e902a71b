// deno-lint-ignore-file no-console -- a benchmark is a program of its own
/**
 * `deno task bench:lsp [--guard]`: how long `kodama lsp` takes to answer in a file of 500 lines, by a client of the
 * reference implementation: problems after a key in a step in the middle and in one at the end, completion in an
 * expression and of a field, hover; and the server's processor time for one. With `--guard` the exit code reports whether
 * a median is over the bound.
 */
import {
  CompletionRequest,
  DidChangeTextDocumentNotification,
  DidOpenTextDocumentNotification,
  HoverRequest,
  PublishDiagnosticsNotification,
} from "vscode-languageserver-protocol/node";
import { startLanguageServer } from "../harness/language_server.ts";

const boundMs = 20;
const rounds = 100;

const step = (at: number) =>
  `  - id: s${at}
    name: step \${{ params.color }}
    exec: [echo, "\${{ params.color }}"]
    when: \${{ params.color != "${at}" }}
    timeout: 30s
`;
const text = `params:\n  color: { default: red }\nsteps:\n${
  Array.from({ length: 100 }, (_, at) => step(at)).join("")
}`;
const lines = text.split("\n");
const lastExec = lines.findLastIndex((line) => line.includes("exec:"));
const character = (lines[lastExec] ?? "").indexOf("params.") + "params.".length;

const folder = await Deno.makeTempDir({ prefix: "kodama-bench-" });
const server = await startLanguageServer(folder);
const { client } = server;
const reported = new Map<number, () => void>();
client.onNotification(
  PublishDiagnosticsNotification.type,
  ({ version = -1 }) => reported.get(version)?.(),
);
const uri = `file://${folder}/large.yaml`;
let version = 1;
await client.sendNotification(DidOpenTextDocumentNotification.type, {
  textDocument: { uri, languageId: "yaml", version, text },
});
const at = (line: number, column: number) => ({
  textDocument: { uri },
  position: { line, character: column },
});
async function changeTo(changed: string): Promise<void> {
  version++;
  const found = new Promise<void>((resolve) => reported.set(version, resolve));
  await client.sendNotification(DidChangeTextDocumentNotification.type, {
    textDocument: { uri, version },
    contentChanges: [{ text: changed }],
  });
  await found;
}
const middle = text.indexOf("name: step ", text.length / 2);
const change = (name: string) =>
  changeTo(`${text.slice(0, middle)}${name}${text.slice(middle + "name: step ".length)}`);
/**
 * The server's processor time so far, in milliseconds: utime and stime of proc(5), in hundredths of a second. Deno
 * itself opens /proc only with all permissions.
 */
async function processorTime(): Promise<number> {
  const { stdout } = await new Deno.Command("cat", { args: [`/proc/${server.pid}/stat`] }).output();
  const stat = new TextDecoder().decode(stdout);
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10;
}
const asks: Readonly<Record<string, () => Promise<unknown>>> = {
  "problems after a key in the middle": () => change(`name: step ${version} `),
  "problems after a key at the end": () => changeTo(`${text}# ${version}\n`),
  "completion in an expression": () =>
    client.sendRequest(CompletionRequest.type, at(lastExec, character)),
  "completion of a field": () =>
    client.sendRequest(CompletionRequest.type, at(lines.length - 1, 0)),
  "hover": () => client.sendRequest(HoverRequest.type, at(lastExec, character + 1)),
};

let isOver = false;
for (const [name, ask] of Object.entries(asks)) {
  const times: number[] = [];
  const before = await processorTime();
  for (let round = 0; round < rounds; round++) {
    const start = performance.now();
    await ask();
    times.push(performance.now() - start);
  }
  times.sort((a, b) => a - b);
  const at = (share: number) => times[Math.floor(rounds * share)] ?? 0;
  const own = (await processorTime() - before) / rounds;
  isOver ||= at(0.5) > boundMs;
  const spread = `median ${at(0.5).toFixed(1)} ms, p95 ${at(0.95).toFixed(1)} ms, p99 ${
    at(0.99).toFixed(1)
  } ms`;
  console.log(`${name}: ${spread}; ${own.toFixed(1)} ms of processor time`);
}
await server.end();
await Deno.remove(folder, { recursive: true });
if (isOver && Deno.args.includes("--guard")) {
  console.log(`a median is over ${boundMs} ms`);
  Deno.exit(1);
}
Deno.exit(0);
