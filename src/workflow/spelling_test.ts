import assert from "node:assert/strict";
import { paramValues } from "./params.ts";
import { loaded, play, saying } from "./testing/step_fixture.ts";

Deno.test("numbers of variables and of parameters keep their spelling", async () => {
  const environments: unknown[] = [];
  const { ran } = await play({
    files: {
      "w.yaml":
        `params: { ver: { default: 1.10 }, mode: 007, big: { type: text, default: 1e3 }, limit: 3 }
select: { match: p }
permissions: { run: [echo] }
defaults: { env: { MODE: 0755 } }
steps:
  - shell: [echo, "\${{ params.ver }}", "\${{ params.mode }}", "\${{ params.big }}", "\${{ params.limit + 1 }}"]
    env: { VER: 1.10, OCT: 0o755, EXP: 1e3, INF: .inf, YES: True, N: 5 }
`,
    },
    pods: { p: saying("") },
    local: {
      run: (argv, { environment }) => {
        environments.push(argv, environment);
        return Promise.resolve({ exitCode: 0, stdout: "", stderr: "", truncated: [] });
      },
    },
  });
  assert.deepEqual(ran, []);
  assert.deepEqual(environments, [
    ["echo", "1.10", "007", "1e3", "4"],
    { MODE: "0755", VER: "1.10", OCT: "0o755", EXP: "1e3", INF: ".inf", YES: "True", N: "5" },
  ]);
});

Deno.test("a parameter that is declared as a number is one, however it is written", async () => {
  const { workflow } = await loaded({
    "w.yaml": "params: { a: { type: number, default: 1.50 }, b: 2 }\n" +
      'steps: [{ check: "${{ params.a > params.b }}" }]\n',
  });
  assert.deepEqual(workflow.params.map(({ type, default: value }) => [type, value]), [
    ["number", 1.5],
    ["number", 2],
  ]);
});

Deno.test("numbers in the lists of a file, and what parameters are given, keep their spelling", async () => {
  const { workflow } = await loaded({
    "w.yaml": `params:
  list: [1.9, 1.10, 007]
  version: { enum: [1.9, 1.10], default: 1.10 }
  mixed: { default: [{ a: 1.10 }, 1] }
  limit: 3
steps:
  - foreach: [1.9, 1.10, 0755, 5, { v: 1e3 }]
    steps: [{ check: true }]
  - { pick: which, from: [1.10, 2], answer: [1.10] }
`,
  });
  const values = workflow.params.map(({ type, default: given, enum: allowed }) => [
    type,
    given,
    ...(allowed === undefined ? [] : [allowed]),
  ]);
  assert.deepEqual(values, [
    ["list", [1.9, "1.10", "007"]],
    ["text", "1.10", ["1.9", "1.10"]],
    ["list", [{ a: "1.10" }, 1]],
    ["number", 3],
  ]);
  const [each, pick] = workflow.steps.map(({ fields }) => fields);
  assert.deepEqual(each?.foreach, [1.9, "1.10", "0755", 5, { v: "1e3" }]);
  assert.deepEqual([pick?.from, pick?.answer], [["1.10", 2], ["1.10"]]);
  const given = async (name: string, text: string) =>
    (await paramValues(workflow, new Map([[name, text]]), () => undefined)).values[name];
  assert.deepEqual(await given("list", "[9007199254740993, 1.10, 2]"), [
    ...["9007199254740993", "1.10"],
    2,
  ]);
  assert.equal(await given("version", "1.10"), "1.10");
  assert.equal(await given("limit", "4"), 4);
  for (const text of ["1.10", "007", "0x10", "1e3", "+5", ".5"]) {
    await assert.rejects(given("limit", text), /would reach its commands as/, text);
  }
});
