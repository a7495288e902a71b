/** The workflows of `examples/workflows/` with their tests, for any cluster that has `examples/worlds/webs.yaml`. */
import assert from "node:assert/strict";
import { testWorkflows } from "../../src/actions/workflow/test_workflows.ts";
import { filePath } from "../../src/files/file_path.ts";
import { runCommand } from "./command.ts";
import { thisMachine } from "./cluster_in_process.ts";
import { terminalMissing } from "./pseudo_terminal.ts";
import { SourceKodama } from "./source_kodama.ts";

const examples = filePath(new URL("../../examples/", import.meta.url));

/** The manifests that the examples need. */
export const examplesWorld = `${examples}worlds/webs.yaml`;

/** The only example that needs a terminal, or tmux: a test file can't run it. */
const panes = "panes.yaml";

/**
 * Runs all of them, each case of each test file, and the panes in a tmux of their own; returns what isn't as expected.
 *
 * @param folder a temporary folder: the examples run in a copy, because they write files beside themselves.
 */
export async function wrongExamples(
  { env, folder }: { env: Readonly<Record<string, string>>; folder: string },
): Promise<{ workflows: number; cases: number; wrong: readonly string[] }> {
  const copy = `${folder}/examples`;
  await runCommand(["cp", "-R", examples, copy], { env });
  const names = await Array.fromAsync(Deno.readDir(`${copy}/workflows`), ({ name }) => name);
  const workflows = names.filter((name) => /(?<!\.test)\.yaml$/.test(name));
  const tests = names.filter((name) => name.endsWith(".test.yaml")).toSorted();
  const untested = workflows.filter((name) => !tests.includes(name.replace(".yaml", ".test.yaml")));
  assert.deepEqual(untested, [panes]);
  const host = thisMachine(env);
  const cluster = {
    host,
    folder: async () => {
      const path = await Deno.makeTempDir({ dir: folder });
      return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  const wrong: string[] = [];
  let cases = 0;
  const files = tests.map((name) => `${copy}/workflows/${name}`);
  const { signal } = new AbortController();
  const given = { ...host, testCluster: () => Promise.resolve(cluster) };
  for await (const event of testWorkflows(given, files, { signal, trust: { trustNow: true } })) {
    if (event.kind !== "caseEnded") continue;
    cases += 1;
    const file = event.file.split("/").at(-1);
    wrong.push(...event.differences.map((one) => `${file}: ${event.name}: ${one}`));
  }
  await (await host.kube())[Symbol.asyncDispose]();
  wrong.push(...await wrongPanes(`${copy}/workflows/${panes}`, { env, folder }));
  return { workflows: workflows.length, cases, wrong };
}

/** Runs the workflow with panes as a user does; tmux knows what is open afterwards. */
async function wrongPanes(
  path: string,
  { env, folder }: { env: Readonly<Record<string, string>>; folder: string },
): Promise<string[]> {
  if (await terminalMissing() !== undefined) return [];
  const kodama = await SourceKodama.on({ env, folder });
  await using stack = new AsyncDisposableStack();
  const tmuxFolder = stack.adopt(
    await Deno.makeTempDir({ prefix: "kodama-tmux-" }),
    (path) => Deno.remove(path, { recursive: true }),
  );
  const tmuxEnv = { ...env, TMUX_TMPDIR: tmuxFolder };
  stack.defer(async () => void await runCommand(["tmux", "kill-server"], { env: tmuxEnv }));
  const args = ["run", path, "--yes", "--trust", "-m", "/^web-[01]$/", "-o", "json"];
  const { stdout, stderr, code } = await kodama.run(args, { env: tmuxEnv });
  if (code !== 0) return [`${panes}: ${stderr}`];
  assert.equal(JSON.parse(stdout).outputs.panes, 2);
  const format = "#{session_name} #{@kodama_target}";
  const list = ["tmux", "list-panes", "-a", "-F", format];
  const { stdout: open } = await runCommand(list, { env: tmuxEnv });
  const expected = ["webs web-0", "webs web-1"];
  return open.trim().split("\n").filter((line) => !expected.includes(line.replace(/ \S*\//, " ")));
}
