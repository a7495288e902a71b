/** Runs that resume from the record of another: what runs again, and what doesn't. */
import assert from "node:assert/strict";
import { readWorkflowRecord } from "../record.ts";
import { type ResumeFrom, retainedOf, stepChanges, undoneBy, wasAllOk } from "../resume.ts";
import type { WorkflowEvent } from "../step_events.ts";
import { recordLines } from "../testing/record_header.ts";
import { endsOf, loaded, outputsOf, type Play, play, saying } from "../testing/step_fixture.ts";
import { staticSteps } from "./step_identity.ts";

const may = "permissions: { run: [do, undo, kubectl, sh], cluster: [{ verbs: exec }] }\n";

function recordOf(events: readonly WorkflowEvent[]) {
  return readWorkflowRecord("r", recordLines(events).join(""));
}

/** Returns what ran in a first run, and in one that resumes from its record. */
async function twice(
  first: string | Play,
  from: ResumeFrom,
  then: string | Play = typeof first === "string" ? { files: { "w.yaml": first } } : first,
) {
  const asPlay = (one: string | Play) =>
    typeof one === "string" ? { files: { "w.yaml": one } } : one;
  const before = await play(asPlay(first));
  const retained = retainedOf(recordOf(before.events), from);
  const after = await play({ ...asPlay(then), input: { retained } });
  const words = (ran: readonly (readonly string[])[]) => ran.map((one) => one.slice(1).join(" "));
  return { before, after, ran: words(before.ran), again: words(after.ran) };
}

/** Programs that fail if their first argument is one of these. */
const failing = (...names: string[]): Play["run"] & object => (words) =>
  names.includes(words[1] ?? "") ? 1 : 0;

Deno.test("a step of finally differs from the step at the same position", async () => {
  const text = `${may}steps: [{ shell: [do, gate] }]\nfinally: [{ shell: [undo, clean] }]\n`;
  const files = { "w.yaml": text };
  const run = await twice({ files, run: failing("gate") }, { kind: "failed" }, { files });
  assert.deepEqual(endsOf(run.before.events).slice(0, 3), [
    "shell-1 failed: do ended with exit code 1",
    "finally",
    "finally/shell-1 ok",
  ]);
  assert.deepEqual(run.again, ["gate", "clean"]);
});

Deno.test("finally runs after any step that ran, and is retained otherwise", async () => {
  const text = `${may}steps: [{ id: a, shell: [do, a] }, { id: b, shell: [do, b] }]
finally: [{ shell: [undo, x] }, { shell: [undo, y] }]
`;
  const files = { "w.yaml": text };
  const failed = await twice({ files, run: failing("b", "x") }, { kind: "failed" }, { files });
  assert.deepEqual(failed.ran, ["a", "b", "x", "y"]);
  assert.deepEqual(failed.again, ["b", "x", "y"]);
  const last = await twice({ files, run: failing("x") }, { kind: "failed" }, { files });
  assert.equal(endsOf(last.before.events).at(-1), "= failed: undo ended with exit code 1");
  // y was ok, and comes after x, which wasn't.
  assert.deepEqual(last.again, ["x", "y"]);
  const nothing = await twice({ files }, { kind: "rest" }, { files });
  assert.deepEqual(nothing.again, []);
});

Deno.test("`again` is where a run can be resumed", async () => {
  const pods = { p: saying("") };
  const environment = { runScript: () => Promise.resolve({ kind: "ok" as const, output: null }) };
  const againOf = async (steps: string, last = "[]", run: Play["run"] & object = failing("b")) => {
    const text = `${may}steps:\n${steps}\nfinally: ${last}\n`;
    const end = (await play({ files: { "w.yaml": text }, pods, run, environment })).events.at(-1);
    return end?.event === "runEnded" ? end.again : undefined;
  };
  const steps = "  - { id: a, shell: [do, a] }\n  - { id: b, shell: [do, b] }";
  assert.equal(await againOf(steps, "[]", () => 0), null);
  assert.deepEqual(await againOf(steps), { kind: "failed" });
  assert.deepEqual(await againOf(steps, "[{ check: true }]"), { kind: "failed" });
  // A notification undoes nothing.
  assert.deepEqual(await againOf(steps, "[{ shell: [undo, a] }]"), { kind: "failed" });
  assert.deepEqual(await againOf(steps, "[{ exec: [cat, /tmp/a] }]"), { kind: "failed" });
  // The steps that failed no longer have what it has undone.
  for (
    const undoing of [
      "exec: [undo, a]",
      "kubectl: [rollout, undo, deploy/web]",
      "shell: [kubectl, rollout, undo, deploy/web]",
      "shell: cd x && kubectl rollout undo deploy/web",
      "script: kodama.output(1)",
    ]
  ) {
    assert.deepEqual(await againOf(steps, `[{ ${undoing} }]`), { kind: "all" }, undoing);
  }
  // The same values would be judged the same way.
  const check = `${steps}\n  - check: \${{ steps.b.exitCode == 7 }}`;
  assert.deepEqual(await againOf(check, "[]", () => 0), { kind: "from", step: "b" });
});

Deno.test("`undoneBy()` returns the steps of finally that may have undone something", async () => {
  const text = (when: string) =>
    `${may}steps: [{ shell: [do, b] }]
finally: [{ exec: [undo, x], when: ${when} }, { check: true }]
`;
  const pods = { p: saying("") };
  const undone = async (when: string, run: Play["run"] & object = failing("b")) =>
    undoneBy(recordOf((await play({ files: { "w.yaml": text(when) }, pods, run })).events));
  assert.deepEqual(await undone("true"), ["finally/exec-1", "finally/check-2"]);
  assert.deepEqual(await undone("false"), []);
  assert.deepEqual(await undone("true", () => 0), []);
});

Deno.test("rounds are identified by their items, equal ones by their order", async () => {
  const text = (items: string) =>
    `${may}steps:
  - id: each
    foreach: [${items}]
    maxFail: 9
    steps: [{ shell: [do, "\${{ item }}"] }]
  - check: false
`;
  const run = await twice(
    { files: { "w.yaml": text("a, b, c, c") }, run: failing("b") },
    { kind: "failed" },
    text("b, c, a, d, c, c"),
  );
  assert.deepEqual(run.ran, ["a", "b", "c", "c"]);
  assert.deepEqual(run.again, ["b", "d", "c"]);
});

Deno.test("steps without an id are identified by what they do; named ones must be unchanged", async () => {
  const failed = (text: string): Play => ({ files: { "w.yaml": text }, run: failing("z") });
  const steps = (list: string) => `${may}params: { p: 1 }\nsteps: [${list}, { shell: [do, z] }]\n`;
  const cases: [string, string, string[]][] = [
    ["{ shell: [do, a] }", "{ shell: [do, new] }, { shell: [do, a] }", ["new", "z"]],
    ["{ shell: [do, a] }, { shell: [do, a] }", "{ shell: [do, a] }", ["z"]],
    ["{ shell: [do, a] }", "{ shell: [do, a] }, { shell: [do, a] }", ["a", "z"]],
    ["{ id: s, shell: [do, a] }", "{ id: s, shell: [do, other] }", ["other", "z"]],
    ["{ id: s, shell: [do, a] }", "{ id: s, name: it, timeout: 1m, shell: [do, a] }", ["z"]],
    ["{ id: s, shell: [do, a], when: true }", "{ id: s, when: '${{ 1 < 2 }}', shell: [do, a] }", [
      "a",
      "z",
    ]],
  ];
  for (const [before, after, again] of cases) {
    const run = await twice(failed(steps(before)), { kind: "failed" }, steps(after));
    assert.deepEqual(run.again, again, after);
  }
  const text = steps('{ id: s, shell: [do, "p${{ params.p }}"] }, { id: t, shell: [do, t] }');
  const same = await twice(failed(text), { kind: "failed" }, text);
  assert.deepEqual(same.again, ["z"]);
  const other = await twice(failed(text), { kind: "failed" }, {
    files: { "w.yaml": text },
    params: { p: "2" },
  });
  assert.deepEqual(other.again, ["p2", "z"]);
});

Deno.test("--failed includes tolerated failures of pods and rounds, and later steps", async () => {
  const text = `${may}steps:
  - { id: a, exec: [restart], maxFail: 1 }
  - { id: b, shell: [do, b] }
`;
  const files = { "w.yaml": text };
  const pods = { good: saying("ok\n"), bad: saying("no\n", 3) };
  const run = await twice({ files, pods }, { kind: "failed" });
  const requests = (pod: string) =>
    run.after.pods.get(pod)?.requests.filter(({ command }) => command.includes("restart")).length;
  assert.deepEqual([requests("good"), requests("bad")], [0, 1]);
  assert.deepEqual(run.again, ["b"]);
  const rest = await twice({ files, pods }, { kind: "rest" });
  assert.deepEqual(rest.again, []);
});

Deno.test("a run that is ok leaves something to repeat if a failure was allowed", async () => {
  const table: readonly (readonly [steps: string, isAllOk: boolean])[] = [
    ["{ shell: [do, a] }, { shell: [do, b], when: false }", true],
    ["{ shell: [do, bad], allowFailure: true }, { shell: [do, b] }", false],
    ["{ exec: [restart], maxFail: 1 }", false],
    ["{ foreach: [a, bad], maxFail: 1, steps: [{ shell: [do, '${{ item }}'] }] }", false],
    ["{ foreach: [a, b], steps: [{ shell: [do, '${{ item }}'] }] }", true],
  ];
  const pods = { good: saying("ok\n"), bad: saying("no\n", 3) };
  for (const [steps, isAllOk] of table) {
    const files = { "w.yaml": `${may}steps: [${steps}]\n` };
    const past = recordOf((await play({ files, pods, run: failing("bad") })).events);
    assert.equal(past.end?.outcome.kind, "ok", steps);
    assert.equal(wasAllOk(past), isAllOk, steps);
  }
  const files = { "w.yaml": `${may}steps: [{ shell: [do, bad] }]\n` };
  assert.equal(wasAllOk(recordOf((await play({ files, run: failing("bad") })).events)), false);
});

Deno.test("parallel steps don't follow each other", async () => {
  const text = `${may}steps:
  - id: both
    parallel: [{ id: l, shell: [do, l] }, { id: r, shell: [do, r] }]
  - { id: z, shell: [do, z] }
`;
  const files = { "w.yaml": text };
  const run = await twice({ files, run: failing("l") }, { kind: "failed" }, { files });
  assert.deepEqual(run.again, ["l", "z"]);
});

Deno.test("a used workflow is identified by its own steps, and has its own finally", async () => {
  const files = (b: string) => ({
    "w.yaml": `${may}steps: [{ id: u, workflow: ./o.yaml }, { id: z, shell: [do, z] }]\n`,
    "o.yaml":
      `${may}steps: [{ shell: [do, a] }, { shell: [do, ${b}] }]\nfinally: [{ shell: [undo, c] }]\n`,
  });
  const run = await twice({ files: files("b"), run: failing("b") }, { kind: "failed" }, {
    files: files("b2"),
  });
  assert.deepEqual([run.ran, run.again], [["a", "b", "c"], ["b2", "c", "z"]]);
  const changed = await twice({ files: files("b"), run: failing("z") }, { kind: "failed" }, {
    files: files("b2"),
  });
  assert.deepEqual(changed.again, ["b2", "c", "z"]);
});

Deno.test("`stepChanges()` returns changed, added and removed steps", async () => {
  const text = (steps: string) =>
    `${may}params: { p: 1 }\nsteps: [${steps}]\nfinally: [{ shell: [undo, x] }]\n`;
  const before = text(
    '{ id: a, shell: [do, a] }, { id: b, shell: [do, "${{ params.p }}"] }, { shell: [do, c] }',
  );
  const run = recordOf((await play({ files: { "w.yaml": before } })).events);
  const changes = async (now: string, p = 1) => {
    const { workflow, uses } = await loaded({ "w.yaml": now });
    const readText = () => Promise.resolve(undefined);
    return stepChanges(
      run,
      await staticSteps({ workflow, uses, values: { params: { p } }, readText }),
    );
  };
  const none = { changed: [], added: [], removed: [] };
  assert.deepEqual(await changes(before), none);
  assert.deepEqual(await changes(before, 2), { ...none, changed: ["b"] });
  const after = text(
    '{ shell: [do, new] }, { id: a, shell: [do, other] }, { id: b, shell: [do, "${{ params.p }}"] }',
  );
  assert.deepEqual(await changes(after), {
    changed: ["a"],
    added: ["shell-1"],
    removed: ["shell-3"],
  });
});

Deno.test("a group is resumed in its steps, and repeated if `rescue` or `always` have started", async () => {
  const text = (more: string) =>
    `${may}steps:
  - { id: z, shell: [do, z] }
  - id: g
    group:
      steps: [{ id: a, shell: [do, a] }, { shell: [do, b] }]${more}
  - { shell: [do, after, "\${{ steps.a.stdout }}"] }
`;
  const plain = text("");
  const resumed = await twice({ files: { "w.yaml": plain }, run: failing("b") }, {
    kind: "failed",
  }, plain);
  assert.deepEqual(resumed.again, ["b", "after "]);
  // A group that is done is retained, with the outputs of its steps.
  const done = await twice({ files: { "w.yaml": plain }, run: failing("after") }, {
    kind: "failed",
  }, plain);
  assert.deepEqual(done.again, ["after "]);
  const undone = text("\n      rescue: [{ shell: [do, undo] }, { shell: [do, fail] }]");
  for (const kind of ["failed", "rest"] as const) {
    const run = await twice({ files: { "w.yaml": undone }, run: failing("b", "fail") }, { kind }, {
      files: { "w.yaml": undone },
    });
    assert.deepEqual(run.again, ["a", "b", "after "]);
  }
  const cleaned = text("\n      always: [{ shell: [do, clean] }]");
  const run = await twice({ files: { "w.yaml": cleaned }, run: failing("b") }, { kind: "rest" }, {
    files: { "w.yaml": cleaned },
  });
  assert.deepEqual(run.again, ["a", "b", "clean", "after "]);
  const rescued = await twice({ files: { "w.yaml": undone }, run: failing("b") }, { kind: "rest" });
  // It was rescued: the run is over.
  assert.deepEqual(rescued.again, []);
  const failed = await twice({ files: { "w.yaml": undone }, run: failing("b") }, {
    kind: "failed",
  }, undone);
  assert.deepEqual(failed.again, ["a", "b", "after "]);
});

/** Returns an environment in which the pods have these uids. */
function livePods(uids: Readonly<Record<string, string>>): Play["environment"] & object {
  const targets = Object.entries(uids).map(([pod, uid]) => ({
    ...{ context: "lab", namespace: "n", container: "a", node: "", ip: "" },
    pod,
    uid,
  }));
  return { find: () => Promise.resolve({ targets, skipped: [], dead: [] }) };
}

const commandsIn = (played: Awaited<ReturnType<typeof play>>) =>
  Object.fromEntries(
    [...played.pods].map(([name, { requests }]) => [name, requests.length] as const),
  );

for (const kind of ["failed", "rest"] as const) {
  Deno.test(`a rerun of ${kind} runs earlier steps in pods that were replaced`, async () => {
    const files = {
      "w.yaml": `${may}steps:
  - { id: one, exec: [do, one] }
  - id: all
    group: { steps: [{ id: two, exec: [do, two] }] }
  - { id: each, foreach: [1, 2], steps: [{ id: three, exec: [do, three] }] }
  - { id: gate, shell: [do, gate] }
`,
    };
    const pods = { a: saying(""), b: saying("") };
    const before = { a: "u-a", b: "u-b" };
    const first = { files, pods, run: failing("gate"), environment: livePods(before) };
    const same = await twice(first, { kind }, { ...first, run: failing() });
    assert.deepEqual(commandsIn(same.after), { a: 0, b: 0 });
    assert.deepEqual(endsOf(same.after.events).slice(0, 2), ["one kept", "all/two kept"]);
    const replaced = livePods({ ...before, b: "u-b2" });
    const { after } = await twice(first, { kind }, { files, pods, environment: replaced });
    assert.deepEqual(commandsIn(after), { a: 0, b: 4 }, "four steps that b never had");
    // A second rerun knows the pods of the first one.
    const third = retainedOf(recordOf(after.events), { kind: "rest" });
    const again = await play({
      ...{ files, pods },
      input: { retained: third },
      environment: livePods({ a: "u-a2", b: "u-b2" }),
    });
    assert.deepEqual(commandsIn(again), { a: 4, b: 0 });
  });
}

Deno.test("a step whose pods are all gone stays as it was, and needs no pod", async () => {
  const text = `${may}steps: [{ id: one, exec: [do] }, { id: gate, shell: [do, gate] }]
outputs: { said: "\${{ steps.one.stdout }}" }
`;
  const files = { "w.yaml": text };
  const environment = livePods({ a: "u-a" });
  const first = { files, pods: { a: saying("yes") }, run: failing("gate"), environment };
  const none = { files, pods: { a: saying("") }, environment: livePods({}) };
  const { after } = await twice(first, { kind: "failed" }, none);
  assert.deepEqual(endsOf(after.events), ["one ok", "gate ok", "= ok"]);
  assert.deepEqual(outputsOf(after.events), { said: "yes" });
});
