/** The published schema and the checks agree on which files are valid: ajv is the judge. */
import assert from "node:assert/strict";
import { Ajv } from "ajv";
import { YamlSource } from "../base/yaml/source.ts";
import { workflowSchema } from "./schema.ts";
import { stepKinds } from "./step_registry.ts";
import { inspected } from "./testing/step_fixture.ts";

/** Rules about what a file looks like; a schema can't know names, permissions and other files. */
const rules = new Set(["shape", "step", "param"]);

const validate = new Ajv({ strict: false, allErrors: false }).compile(await workflowSchema());

/** Values of every kind, each of which most fields refuse. */
const values: readonly unknown[] = [
  -1,
  0,
  1.5,
  "",
  "text",
  "30s",
  "10%",
  "0s",
  true,
  null,
  [],
  ["a"],
  [1],
  {},
  { unknown: 1 },
  "${{ params.any }}",
];

type Json = Record<string, unknown>;

/** Returns copies of a value, in each of which one part is replaced; lists of steps stay lists. */
function* mutants(value: unknown, by: unknown): Generator<unknown> {
  if (typeof value !== "object" || value === null) return;
  for (const [name, inner] of Object.entries(value)) {
    const copy = () => (Array.isArray(value) ? [...value] : { ...value }) as Json;
    yield Object.assign(copy(), { [name]: by });
    for (const one of mutants(inner, by)) yield Object.assign(copy(), { [name]: one });
  }
}

/** Returns the problems of a file that its look shows. */
async function problemsOf(file: unknown): Promise<string[]> {
  const files = { "w.yaml": JSON.stringify(file), "disk-usage.yaml": "command: [df]" };
  const { diagnostics } = await inspected(files);
  return diagnostics.filter(({ rule, severity }) => severity === "error" && rules.has(rule))
    .map(({ message }) => message).filter((message) => !beyond.test(message));
}

async function assertAgreement(file: unknown): Promise<boolean> {
  const problems = await problemsOf(file);
  const isValid = validate(file);
  const text = JSON.stringify(file);
  assert.equal(
    isValid,
    problems.length === 0,
    `${text}\nthe schema: ${JSON.stringify(validate.errors?.[0])}\nthe checks: ${problems[0]}`,
  );
  return isValid;
}

/** What a schema can't say: about the text of a script, of two fields together, and of another file. */
const beyond = /^the script has a syntax error$|^expected one of the choices|has no parameter "/;

for (const kind of stepKinds) {
  Deno.test(`schema and checks agree on ${kind.name} steps with every field replaced`, async () => {
    const { steps } = YamlSource.parse({ path: "e.yaml", text: kind.example }).plain as Json;
    const counts = { valid: 0, invalid: 0 };
    for (const [at, by] of values.entries()) {
      const all = [...mutants({ steps, params: { any: 1 } }, by)];
      // Each field gets other values than its neighbours.
      for (const mutant of all.filter((_mutant, index) => (index + at) % 5 === 0)) {
        counts[await assertAgreement(mutant) ? "valid" : "invalid"] += 1;
      }
    }
    assert.ok(counts.valid > 0 && counts.invalid > 5, JSON.stringify(counts));
  });
}

/** One step that is valid by itself. */
const steps = [{ exec: ["id"] }];

const byHand: readonly (readonly [isValid: boolean, file: Json])[] = [
  [true, { steps }],
  [true, { version: 2, description: "d", steps, finally: [], outputs: { a: "${{ 1 }}" } }],
  [true, { command: ["id"], match: "web", commandTimeout: "30s" }],
  [true, { command: "id; true", namespace: ["a", "b"], fanout: 3 }],
  [true, { params: { a: 1, b: null, c: { type: "list", default: [] } }, steps }],
  [true, { limits: { time: "${{ params.t }}" }, params: { t: "1h" }, steps }],
  [true, { concurrency: "wait", steps }],
  [true, { concurrency: { group: "g", mode: "${{ params.m }}" }, params: { m: "wait" }, steps }],
  [true, {
    select: { sort: "random", allNamespaces: "${{ params.a }}" },
    params: { a: true },
    steps,
  }],
  [true, { defaults: { attempts: { most: 2 }, env: { A: 1 }, serial: "10%" }, steps }],
  [true, { permissions: { run: ["a"], net: true, cluster: [{ verbs: "*" }] }, steps }],
  [true, { steps: [{ wait: "1s", until: "${{ true }}", every: "1s" }] }],
  [true, { steps: [{ wait: "1s", allowFailure: "any", quiet: true }] }],
  [true, { steps: [{ exec: ["id"], serial: 2, expect: [0, 1] }] }],
  [true, { steps: [{ prompt: "?", choices: "${{ params.c }}" }], params: { c: ["a"] } }],
  [true, { steps: [{ copy: { from: "${{ params.f }}", to: ":/a" } }], params: { f: "a" } }],
  [false, {}],
  [false, { steps: [] }],
  [false, { steps: "none" }],
  [false, { steps, version: 1 }],
  [false, { steps, version: "2" }],
  [false, { steps, extends: "a" }],
  [false, { steps, command: ["id"] }],
  [false, { command: [] }],
  [false, { command: ["id"], timeout: "1s" }],
  [false, { command: ["id"], namspace: "a" }],
  [false, { steps, select: [] }],
  [false, { steps, select: { shuffle: true } }],
  [false, { steps, limits: { time: "soon" } }],
  [false, { steps, limits: {} }],
  [false, { steps, concurrency: "sometimes" }],
  [false, { steps, defaults: { retry: 2 } }],
  [false, { steps, permissions: { run: "a" } }],
  [false, { steps, permissions: { cluster: [{ verbs: ["delete"] }] } }],
  [false, { steps, params: { a: { typ: "text" } } }],
  [false, { steps, params: { a: { type: "integer" } } }],
  [false, { steps, outputs: { a: 1 } }],
  [false, { steps: [{ exce: ["id"] }] }],
  [false, { steps: [{ exec: ["id"], wait: "1s" }] }],
  [false, { steps: [{ exec: ["id"], id: "a-b" }] }],
  [false, { steps: [{ exec: ["id"], serial: 0 }] }],
  [false, { steps: [{ exec: ["id"], expect: 256 }] }],
  [false, { steps: [{ exec: ["id"], attempts: 0 }] }],
  [false, { steps: [{ exec: ["id"], allowFailure: "some" }] }],
  [false, { steps: [{ wait: "1 second" }] }],
  [false, { steps: [{ wait: "1s", timeout: "0s" }] }],
  [false, { steps: [{ wait: "1s", every: "1s" }] }],
  [false, { steps: [{ wait: "1s", until: true, attempts: 2 }] }],
  [false, { steps: [{ check: "yes" }] }],
  [false, { steps: [{ copy: { from: "a", to: "b" } }] }],
  [false, { steps: [{ copy: { from: ":a", to: ":b" } }] }],
  [false, { steps: [{ forward: "http" }] }],
  [false, { steps: [{ http: "example.com" }] }],
  [false, { steps: [{ http: "http://a", body: "a", upload: "b" }] }],
  [false, { steps: [{ foreach: ["a"] }] }],
  [false, { steps: [{ parallel: [] }] }],
  [false, { steps: [{ group: {} }] }],
];

Deno.test("schema and checks agree on files by hand", async () => {
  for (const [isValid, file] of byHand) {
    assert.equal(await assertAgreement(file), isValid, JSON.stringify(file));
  }
});
