// deno-lint-ignore-file no-console -- a benchmark is a program of its own
/**
 * `deno task bench:lsp [--guard]`: how long `kodama lsp` takes to answer in a file of 500 lines, by a client of the
 * reference implementation: problems after a change, completion in an expression and of a field, hover. With `--guard`
 * the exit code reports whether a median is over the bound.
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
const asks: Readonly<Record<string, () => Promise<unknown>>> = {
  "problems after a change": async () => {
    version++;
    const found = new Promise<void>((resolve) => reported.set(version, resolve));
    await client.sendNotification(DidChangeTextDocumentNotification.type, {
      textDocument: { uri, version },
      contentChanges: [{ text: `${text}# ${version}\n` }],
    });
    await found;
  },
  "completion in an expression": () =>
    client.sendRequest(CompletionRequest.type, at(lastExec, character)),
  "completion of a field": () =>
    client.sendRequest(CompletionRequest.type, at(lines.length - 1, 0)),
  "hover": () => client.sendRequest(HoverRequest.type, at(lastExec, character + 1)),
};

let isOver = false;
for (const [name, ask] of Object.entries(asks)) {
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const start = performance.now();
    await ask();
    times.push(performance.now() - start);
  }
  times.sort((a, b) => a - b);
  const [median = 0, slow = 0] = [times[rounds / 2], times[Math.floor(rounds * 0.99)]];
  isOver ||= median > boundMs;
  console.log(`${name}: median ${median.toFixed(1)} ms, p99 ${slow.toFixed(1)} ms`);
}
await server.end();
await Deno.remove(folder, { recursive: true });
if (isOver && Deno.args.includes("--guard")) {
  console.log(`a median is over ${boundMs} ms`);
  Deno.exit(1);
}
Deno.exit(0);
