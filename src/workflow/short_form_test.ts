import assert from "node:assert/strict";
import { KodamaError } from "../base/errors.ts";
import { findWorkflow, workflowFolders } from "./find_workflow.ts";
import { parseShortWorkflow, plan } from "./short_form.ts";

async function parseWorkflow(file: { path: string; text: string }, name: string) {
  const workflow = await parseShortWorkflow(file, name);
  assert.ok(workflow !== undefined, "it has steps");
  return workflow;
}

async function problems(text: string): Promise<string> {
  return await parseWorkflow({ path: "w.yaml", text }, "w").then(
    () => "none",
    (error: unknown) => error instanceof KodamaError ? error.message : String(error),
  );
}

const kwekash = await Deno.readTextFile(new URL("../../workflows/kwekash.yaml", import.meta.url));

Deno.test("kwekash is one command in the drive pods of WEKA's namespace", async () => {
  const workflow = await parseWorkflow({ path: "kwekash.yaml", text: kwekash }, "kwekash");
  assert.deepEqual(plan(workflow), {
    workflow: "kwekash",
    contexts: [],
    selection: {
      namespaces: { kind: "named", names: ["weka-operator-system"] },
      operands: [],
      match: [{ kind: "substring", text: "drive" }],
      exclude: [],
      sort: "name",
      shuffle: false,
      allPhases: false,
    },
    command: ["weka", "version"],
    shell: false,
  });
});

Deno.test("the command line overrides the file field by field", async () => {
  const text =
    "namespace: a\nmatch: [x, /y$/]\ncommand: date +%s | cat\ncommandTimeout: 1m30s\nfanout: 4\n";
  const workflow = await parseWorkflow({ path: "w.yaml", text }, "w");
  const own = plan(workflow);
  assert.deepEqual([own.command, own.shell, own.timeoutMs], [["date +%s | cat"], true, 90_000]);
  const changed = plan(workflow, {
    command: ["uptime"],
    selection: { namespaces: { kind: "all" } },
  });
  assert.deepEqual([changed.command, changed.shell, changed.fanout], [["uptime"], false, 4]);
  assert.deepEqual(changed.selection.namespaces, { kind: "all" });
  assert.deepEqual(changed.selection.match, own.selection.match);
});

Deno.test("all problems are reported at once, each with its position", async () => {
  const text = "match:\n  - /(/\ncomand: [weka]\nfanout: 0\ncommandTimeout: soon\n";
  assert.equal(
    await problems(text),
    [
      'w.yaml:1:1: field "command" is missing',
      "  1 | match:",
      "    | ^",
      'w.yaml:2:5: match[0]: expected a text or /re/, found "/(/"',
      "  2 |   - /(/",
      "    |     ^^^",
      'w.yaml:3:1: unknown field "comand"; did you mean "command"?',
      "  3 | comand: [weka]",
      "    | ^^^^^^",
      "w.yaml:4:9: fanout: expected a whole number, 1 or more, found 0",
      "  4 | fanout: 0",
      "    |         ^",
      'w.yaml:5:17: commandTimeout: expected a duration such as 30s, 1h30m or 2d, at most 596h, found "soon"',
      "  5 | commandTimeout: soon",
      "    |                 ^^^^",
    ].join("\n"),
  );
});

Deno.test("files that aren't workflows have a clear problem", async () => {
  const table: [string, RegExp][] = [
    ["- 1", /^w\.yaml:1:1: .*expected a mapping of fields/s],
    ["command: x\n---\ncommand: y", /3:1|2:1: expected one document/],
    ["command: x\ncommand: y", /2:1: duplicate field/],
    ["[".repeat(50_000), /nested too deeply/],
    [`command: ${"x".repeat(300_000)}`, /larger than 256 KiB/],
    ["a: &a [1]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: [*b,*b,*b,*b,*b,*b,*b,*b]", /alias/],
    ["\u001b]0;title: x", /unknown field/],
  ];
  for (const [text, pattern] of table) {
    const message = await problems(text);
    assert.match(message, pattern);
    assert.equal(message.includes("\u001b"), false);
  }
});

const places = {
  workingDir: "/home/me/repo/deep",
  userDir: "/config/kodama",
  shippedWorkflowsDir: "/ship",
};

function filesWith(paths: readonly string[]) {
  return {
    readText: (path: string) => Promise.resolve(paths.includes(path) ? path : undefined),
    listFiles: (folder: string) =>
      Promise.resolve(
        paths.filter((path) => path.slice(0, path.lastIndexOf("/")) === folder)
          .map((path) => path.slice(folder.length + 1)),
      ),
  };
}

Deno.test("`findWorkflow()` prefers the nearest folder, shipped ones last", async () => {
  assert.deepEqual(workflowFolders(places).slice(0, 3), [
    "/home/me/repo/deep/workflows",
    "/home/me/repo/deep/.kodama/workflows",
    "/home/me/repo/workflows",
  ]);
  assert.deepEqual(workflowFolders(places).slice(-2), ["/config/kodama/workflows", "/ship"]);
  const all = ["/ship/a.yaml", "/config/kodama/workflows/a.yml", "/home/me/workflows/a.yaml"];
  for (let hidden = all.length; hidden > 0; hidden--) {
    const found = await findWorkflow(filesWith(all.slice(0, hidden)), places, "a");
    assert.equal(found.path, all[hidden - 1]);
  }
});

Deno.test("`findWorkflow()` suggests near names, and uses a path as it is", async () => {
  const files = filesWith(["/ship/kwekash.yaml", "/home/me/repo/deep/x/b.yaml"]);
  await assert.rejects(findWorkflow(files, places, "kwekahs"), {
    kind: "notFound",
    message: 'workflow "kwekahs" not found',
    hint: "did you mean kwekash?",
  });
  assert.equal((await findWorkflow(files, places, "./x/b.yaml")).name, "b");
  await assert.rejects(findWorkflow(files, places, "./y.yaml"), { kind: "notFound" });
});
