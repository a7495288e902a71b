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

Deno.test("reading Secrets and asking servers of names need trust", async () => {
  const steps = (line: string) => `select: { match: a }\nsteps:\n  - ${line}\n`;
  const table: Readonly<Record<string, readonly [changes: number, secrets: number]>> = {
    "kubectl: [get, pods]": [0, 0],
    "kubectl: [get, secrets, -A, -o, yaml]": [0, 1],
    'kubectl: [get, "${{ params.kind }}"]': [0, 1],
    "kubectl: [get, --raw, /api/v1/secrets]": [0, 1],
    "exec: [getent, passwd]": [0, 0],
    "exec: [cat, /etc/os-release]": [0, 0],
    "exec: [cat, /var/run/secrets/kubernetes.io/serviceaccount/token]": [0, 1],
    'exec: [cat, "${{ params.kind }}"]': [0, 1],
    "exec: [tac, /etc/app/server.key]": [0, 1],
    "exec: [printenv]": [0, 1],
    "exec: [printenv, MODE]": [0, 0],
    "exec: [ps, auxe]": [0, 1],
    'exec: [getent, hosts, "${{ params.kind }}.example.com"]': [1, 0],
    "exec: [nslookup, example.com]": [1, 0],
  };
  for (const [line, [changes, secrets]] of Object.entries(table)) {
    const text = `params: { kind: { default: a } }\n${steps(line)}`;
    const { host } = simulatedHost({}, { files: { "/project/workflows/main.yaml": text } });
    const subject = await subjectOf(host);
    assert.deepEqual([subject.changes.length, subject.secrets.length], [changes, secrets], line);
  }
});

Deno.test("a script that isn't there can't be trusted", async () => {
  const { "/project/last.ts": _, ...rest } = files;
  const { host } = simulatedHost({}, { files: rest });
  await assert.rejects(subjectOf(host), /script \.\.\/last\.ts not found/);
});
