import assert from "node:assert/strict";
import type { Host } from "../host.ts";
import { simulatedHost } from "../testing/simulated_host.ts";
import { readWorkflow } from "./files.ts";
import { testSubjects, testWorkflows } from "./test_workflows.ts";
import { lockFor, type TrustAsk, type TrustNow } from "./trust.ts";
import { trustSubject } from "./trust_subject.ts";

const signal = new AbortController().signal;

const test = (more = "") => `${more}cases: [{ name: a }]\n`;

/** Tries the tests of the files; returns whether a cluster was requested, the questions, and why it ended. */
async function tried(
  files: Readonly<Record<string, string>>,
  { trustNow = false, answer }: { trustNow?: TrustNow; answer?: boolean } = {},
) {
  const { host, files: all } = simulatedHost({}, { files });
  const asked: TrustAsk[] = [];
  let isStarted = false;
  const own: Host = {
    ...host,
    testCluster: () => {
      isStarted = true;
      return Promise.reject(new Error("started"));
    },
  };
  const ask = (question: TrustAsk) => {
    asked.push(question);
    return Promise.resolve(answer === true);
  };
  const trust = { trustNow, ...(answer === undefined ? {} : { ask }) };
  let error: unknown;
  try {
    for await (const _ of testWorkflows(own, [], { signal, trust }));
  } catch (thrown) {
    error = thrown;
  }
  return { isStarted, asked, error: String(error), files: all };
}

const shell = "steps: [{ exec: 'id > ~/x' }]\n";
const reading = "select: { match: a }\nsteps: [{ exec: [hostname] }]\n";
const script = {
  "/project/workflows/a.yaml": shell,
  "/project/workflows/a.test.yaml": test(),
};

Deno.test("a test of a repository starts no process before it is trusted", async () => {
  const refused = await tried(script);
  assert.equal(refused.isStarted, false);
  assert.match(refused.error, /the test a\.test\.yaml \(.*\) isn't trusted yet/);
  const declined = await tried(script, { answer: false });
  assert.equal(declined.isStarted, false);
  assert.match(declined.error, /the test a\.test\.yaml isn't trusted, and nothing was run/);
  assert.equal((await tried(script, { trustNow: true })).isStarted, true);
  const accepted = await tried(script, { answer: true });
  assert.equal(accepted.isStarted, true);
  assert.deepEqual(accepted.asked.map(({ permissions }) => permissions), [
    ["run processes on this machine, as you: exec id > ~/x"],
  ]);
});

Deno.test("a lock has the tests of its workflows, with their worlds", async () => {
  const files = {
    "/project/workflows/lab.yaml": "kind: Pod\n",
    "/project/workflows/a.yaml": shell,
    "/project/workflows/a.test.yaml": test("world: ./lab.yaml\n"),
    "/project/workflows/b.yaml": shell,
    "/project/workflows/b.test.yaml": test(),
  };
  const { host } = simulatedHost({}, { files });
  const subjects = [await trustSubject(host, await readWorkflow(host, "a"))];
  const lock = await lockFor(host, [...subjects, ...await testSubjects(host, subjects)]);
  assert.deepEqual(
    Object.entries(JSON.parse(lock).workflows).map(([name, print]) => [
      name,
      Object.keys(print as object),
    ]),
    [["a.test.yaml", ["a.test.yaml", "a.yaml", "lab.yaml"]], ["a.yaml", ["a.yaml"]]],
  );
  const locked = { ...files, "/project/workflows/kodama.lock": lock };
  const { "/project/workflows/b.test.yaml": _, ...own } = locked;
  const tries = { trustNow: "locked" } as const;
  assert.equal((await tried(own, tries)).isStarted, true);
  assert.match((await tried(locked, tries)).error, /b\.test\.yaml .* isn't in a kodama\.lock/);
  const changed = { ...own, "/project/workflows/lab.yaml": "kind: Pod\n# more\n" };
  assert.match((await tried(changed, tries)).error, /has changed since it was locked: lab\.yaml/);
});

Deno.test("trust of a test ends with a change of the test, its workflow or its world", async () => {
  const world = { "/project/workflows/lab.yaml": "kind: Pod\n" };
  const files = {
    ...world,
    "/project/workflows/a.yaml": reading,
    "/project/workflows/a.test.yaml": test("world: ./lab.yaml:nodes=2\n"),
  };
  const { files: stored, asked } = await tried(files, { answer: true });
  assert.deepEqual(asked.map(({ permissions }) => permissions), [
    ["run processes on this machine, as you: the pods of /project/workflows/lab.yaml:nodes=2"],
  ]);
  const trusted = Object.fromEntries(stored);
  assert.equal((await tried(trusted)).isStarted, true);
  for (const path of Object.keys(files)) {
    const changed = await tried({ ...trusted, [path]: `${trusted[path]}# more\n` });
    assert.deepEqual(
      [changed.isStarted, /has changed since/.test(changed.error)],
      [false, true],
      path,
    );
  }
});

Deno.test("a test that only reads in a world of kodama's needs no question", async () => {
  const files = {
    "/project/workflows/a.yaml": reading,
    "/project/workflows/a.test.yaml": test(),
  };
  assert.equal((await tried(files)).isStarted, true);
});
