/** What trust in a workflow covers. */
import assert from "node:assert/strict";
import { simulatedHost } from "../testing/simulated_host.ts";
import { readWorkflow } from "./files.ts";
import { trustSubject } from "./trust_subject.ts";

const main = `
permissions: { run: [git] }
steps:
  - shell: [git, status]
  - foreach: [1, 2]
    steps:
      - script: scripts/check.ts
  - workflow: other
finally:
  - script: kodama.output(1)
`;
const other = "permissions: { net: [example.com], run: [git] }\nsteps:\n  - script: ../last.ts\n";

const files = {
  "/project/workflows/main.yaml": main,
  "/project/workflows/other.yaml": other,
  "/project/workflows/scripts/check.ts": "1;",
  "/project/last.ts": "2;",
};

async function subjectOf(host: ReturnType<typeof simulatedHost>["host"]) {
  return await trustSubject(host, await readWorkflow(host, "main"));
}

Deno.test("it covers every file that is reached, scripts inside of other steps and workflows too", async () => {
  const { host } = simulatedHost({}, { files });
  const subject = await subjectOf(host);
  assert.deepEqual(subject.files.map(({ path }) => path).toSorted(), Object.keys(files).toSorted());
  assert.equal(subject.files.find(({ path }) => path === "/project/last.ts")?.text, "2;");
});

Deno.test("it is about all that any of the workflows may", async () => {
  const { host } = simulatedHost({}, { files });
  const { permissions } = await subjectOf(host);
  assert.deepEqual(permissions.run, ["git"]);
  assert.deepEqual(permissions.net, ["example.com"]);
  assert.equal(permissions.write, false);
});

Deno.test("a script that isn't there can't be trusted", async () => {
  const { "/project/last.ts": _, ...rest } = files;
  const { host } = simulatedHost({}, { files: rest });
  await assert.rejects(subjectOf(host), /script \.\.\/last\.ts not found/);
});
