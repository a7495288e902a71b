import assert from "node:assert/strict";
import { KodamaError } from "../../base/errors.ts";
import { settingsOf } from "../config/setting_sources.ts";
import { findTemplate, listTemplates } from "../session/templates.ts";
import { simulatedHost } from "../testing/simulated_host.ts";
import { workflowEditor } from "./editor.ts";
import { checkWorkflows, listWorkflows, readWorkflow } from "./files.ts";
import { trustSubject } from "./trust_subject.ts";

const secret = "machine a password s3cret";

/** A repository whose files are links out of it, at any depth of their path. */
const links = {
  "/project/.kodama.yaml": "/home/.netrc",
  "/project/.kodama/templates/evil.yaml": "/home/.netrc",
  "/project/workflows/evil.yaml": "/home/.netrc",
  "/project/workflows/evil.ts": "/home/.netrc",
  "/project/linked": "/home",
  "/config/workflows": "/home/dotfiles",
};
const files = {
  "/home/.netrc": secret,
  "/project/.git": "",
  "/project/workflows/script.yaml": "steps: [{script: evil.ts}]\n",
  "/project/shared/a.yaml": "steps: [{exec: [ls]}]\n",
  "/home/dotfiles/mine.yaml": "steps: [{exec: [ls]}]\n",
};

function host(withLinks: Readonly<Record<string, string>> = links) {
  const all = { ...files, ...Object.fromEntries(Object.keys(withLinks).map((path) => [path, ""])) };
  return simulatedHost({}, { files: all, links: withLinks }).host;
}

Deno.test("no file of a repository is read by a link that leads out of it", async () => {
  const { "/project/.kodama.yaml": _settings, ...others } = links;
  const reads: readonly (readonly [name: string, read: () => Promise<unknown>])[] = [
    ["settings", () => settingsOf(host())],
    ["a workflow", () => readWorkflow(host(others), "evil")],
    ["a workflow by its path", () => readWorkflow(host(others), "./workflows/evil.yaml")],
    ["a workflow behind a folder", () => readWorkflow(host(others), "./linked/dotfiles/mine.yaml")],
    ["a script", async () => {
      const loaded = await readWorkflow(host(others), "script");
      return await trustSubject(host(others), loaded);
    }],
  ];
  for (const [name, read] of reads) {
    await assert.rejects(read(), (error: unknown) => {
      assert.ok(error instanceof KodamaError, name);
      assert.match(error.message, /isn't in \/project/, name);
      assert.ok(!error.message.includes("s3cret"), name);
      return true;
    });
  }
  assert.ok(!(await listTemplates(host())).some(({ name }) => name === "evil"));
  await assert.rejects(findTemplate(host(), "evil"), /there is no template "evil"/);
  const checked = await checkWorkflows(host(others), []);
  const listed = await listWorkflows(host(others));
  assert.equal(listed.find(({ name }) => name === "evil")?.errors, 1);
  const check = await workflowEditor(host(others));
  const uses = { path: "/project/workflows/x.yaml", text: "steps: [{workflow: ./evil.yaml}]\n" };
  const edited = (await check(uses)).diagnostics;
  assert.ok(!JSON.stringify([checked, listed, edited]).includes("s3cret"));
});

Deno.test("links of the user's own folder, and of a repository to itself, are followed", async () => {
  const mine = host({ "/config/workflows/mine.yaml": "/home/dotfiles/mine.yaml" });
  assert.equal((await readWorkflow(mine, "mine")).workflow.name, "mine");
  const inside = host({ "/project/workflows/again.yaml": "/project/shared/a.yaml" });
  assert.equal((await readWorkflow(inside, "again")).workflow.name, "again");
});

Deno.test("`listWorkflows()` names the parameters that only choose pods: named pods answer them", async () => {
  const file = `params: { match: { required: true }, namespace: "", path: /, both: x }
select: { namespace: "\${{ params.namespace }}", match: ["\${{ params.match }}", "\${{ params.both }}"] }
steps: [{ exec: [echo, "\${{ params.path }}", "\${{ params.both }}"] }]
`;
  const { host: one } = simulatedHost({ lab: {} }, {
    files: { "/project/workflows/one.yaml": file },
  });
  const [listed] = (await listWorkflows(one)).filter(({ name }) => name === "one");
  assert.deepEqual(listed?.choosing, ["namespace", "match"]);
});
