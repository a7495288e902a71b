/**
 * The published schema of workflow files in the editor that most people have: yaml-language-server, which VS Code, Neovim
 * and Helix use.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  ConfigurationRequest,
  createProtocolConnection,
  type Diagnostic,
  DiagnosticSeverity,
  DidOpenTextDocumentNotification,
  ExitNotification,
  InitializedNotification,
  InitializeRequest,
  PublishDiagnosticsNotification,
  RegistrationRequest,
  ShutdownRequest,
  StreamMessageReader,
  StreamMessageWriter,
} from "vscode-languageserver-protocol/node";
import { checkWorkflows } from "../../src/actions/workflow/files.ts";
import { filePath } from "../../src/files/file_path.ts";
import { brokenWorkflows } from "../broken_workflows.ts";
import { thisMachine } from "../harness/cluster_in_process.ts";
import { TestFolder } from "../harness/test_folder.ts";

const server = "npm:yaml-language-server@2.0.0";
const allowed = ["--allow-read", "--allow-env", "--allow-sys", "--no-prompt"];
const root = filePath(new URL("../../", import.meta.url));
const schema = `${root}docs/schema/workflow.schema.json`;

/** What a schema can say of a file: names, permissions, expressions and other files are beyond it. */
const rules = new Set(["syntax", "shape", "step", "param", "version"]);

/** Broken files that the editor accepts: what is wrong is the text of a value, or two fields together. */
const onlyByKodama = [
  "empty",
  "number-not-exact",
  "param-contradiction",
  "param-default-type",
  "param-enum",
  "prompt-default",
  "select-bad-operand",
  "select-bad-selectors",
  "short-bad-pattern",
  "two-documents",
  "unknown-anchor",
];

/** Opens files, and returns the errors of each. */
async function errorsOf(texts: ReadonlyMap<string, string>): Promise<Map<string, Diagnostic[]>> {
  await using folder = await TestFolder.open("kodama-editors-");
  const process = spawn(Deno.execPath(), [
    "run",
    "-q",
    ...allowed,
    "--no-config",
    server,
    "--stdio",
  ], {
    cwd: folder.path,
    stdio: ["pipe", "pipe", "inherit"],
  });
  const exited = once(process, "exit");
  const client = createProtocolConnection(
    new StreamMessageReader(process.stdout),
    new StreamMessageWriter(process.stdin),
  );
  client.onRequest(ConfigurationRequest.type, ({ items }) => items.map(() => ({})));
  client.onRequest(RegistrationRequest.type, () => {});
  const found = new Map<string, Diagnostic[]>();
  const all = Promise.withResolvers<void>();
  client.onNotification(PublishDiagnosticsNotification.type, ({ uri, diagnostics }) => {
    found.set(uri, diagnostics);
    if (found.size === texts.size) all.resolve();
  });
  client.listen();
  await client.sendRequest(InitializeRequest.type, {
    processId: null,
    rootUri: `file://${folder.path}`,
    capabilities: { workspace: { configuration: true } },
  });
  await client.sendNotification(InitializedNotification.type, {});
  for (const [name, text] of texts) {
    await client.sendNotification(DidOpenTextDocumentNotification.type, {
      textDocument: {
        uri: `file://${folder.path}/${name}.yaml`,
        languageId: "yaml",
        version: 1,
        text: `# yaml-language-server: $schema=file://${schema}\n${text}`,
      },
    });
  }
  await all.promise;
  await client.sendRequest(ShutdownRequest.type);
  await client.sendNotification(ExitNotification.type);
  await exited;
  client.dispose();
  process.stdin.destroy();
  process.stdout.destroy();
  return new Map([...texts.keys()].map((name) => {
    const diagnostics = found.get(`file://${folder.path}/${name}.yaml`) ?? [];
    return [name, diagnostics.filter(({ severity }) => severity === DiagnosticSeverity.Error)];
  }));
}

/** Returns the workflows in a folder, without their tests. */
async function workflowsIn(folder: string): Promise<[string, string][]> {
  const names = await Array.fromAsync(Deno.readDir(`${root}${folder}`), ({ name }) => name);
  return await Promise.all(
    names.filter((name) => /(?<!\.test)\.yaml$/.test(name)).map(async (name) =>
      [name, await Deno.readTextFile(`${root}${folder}/${name}`)] as [string, string]
    ),
  );
}

Deno.test("yaml-language-server finds the files wrong that kodama's checks do, and no others", async () => {
  const valid = new Map([
    ...await workflowsIn("workflows"),
    ...await workflowsIn("examples/workflows"),
  ]);
  const broken = new Map(
    Object.entries(brokenWorkflows).flatMap(([name, file]): [string, string][] =>
      typeof file === "string" && file.length < 10_000 ? [[name, file]] : []
    ),
  );
  const errors = await errorsOf(new Map([...valid, ...broken]));
  await using folder = await TestFolder.open("kodama-editors-");
  const disagreements: string[] = [];
  for (const [name, text] of new Map([...valid, ...broken])) {
    const path = `${folder.path}/${name}.yaml`;
    await Deno.writeTextFile(path, text);
    const [checked] = await checkWorkflows(thisMachine(), [path]);
    const own = checked?.diagnostics.filter(({ rule, severity }) =>
      severity === "error" && rules.has(rule)
    ) ?? [];
    const theirs = errors.get(name) ?? [];
    if (own.length > 0 === theirs.length > 0) {
      continue;
    }
    disagreements.push(own.length > 0 ? name : `${name}: ${theirs[0]?.message}`);
  }
  assert.deepEqual(disagreements.toSorted(), onlyByKodama);
  assert.ok(valid.size >= 20 && broken.size >= 80, `${valid.size} and ${broken.size} files`);
});
