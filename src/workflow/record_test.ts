import assert from "node:assert/strict";
import { KodamaError } from "../base/errors.ts";
import { overridesData, overridesOf, type PastWorkflow, readWorkflowRecord } from "./record.ts";
import { type ResumeFrom, retainedOf } from "./resume.ts";
import { recordHeader, recordLines } from "./testing/record_header.ts";
import { endsOf, play, saying } from "./testing/step_fixture.ts";

const header = recordHeader("run-1");

const files = {
  "w.yaml": `steps:
  - { id: a, exec: [one] }
  - { id: b, exec: [two] }
`,
};
const pods = { good: saying("fine\n"), bad: saying("no\n", 3) };

/** Returns the record of a run, cut after the given number of lines. */
async function recorded(lines = Infinity): Promise<PastWorkflow> {
  const { events } = await play({ files, pods });
  return readWorkflowRecord("r", recordLines(events).slice(0, lines).join(""));
}

Deno.test("`readWorkflowRecord()` returns steps and the ends of their pods", async () => {
  const { steps, end } = await recorded();
  const [first] = steps;
  assert.equal(first?.key, "a");
  assert.deepEqual([...first?.targets.keys() ?? []].toSorted(), ["bad", "good"]);
  assert.equal(end?.outcome.kind, "failed");
});

Deno.test("`readWorkflowRecord()` skips an incomplete last line", async () => {
  const { steps, end } = await recorded(5);
  assert.equal(end, undefined);
  assert.equal(steps.length, 1);
  const text = `${JSON.stringify(header)}\n{"event":"stepSta`;
  assert.deepEqual(readWorkflowRecord("r", text).steps, []);
  assert.throws(() => readWorkflowRecord("r", `${JSON.stringify(header)}\nnothing\n`), KodamaError);
});

Deno.test("`retainedOf()` depends on where the run resumes", async () => {
  const run = await recorded();
  const keys = (from: ResumeFrom) => {
    const { steps, targets } = retainedOf(run, from);
    const parts = [...targets].map(([key, { ends }]) => `${key}/${[...ends.keys()].toSorted()}`);
    return [[...steps.keys()], parts];
  };
  const failedAt = run.steps.find(({ end }) => end?.outcome.kind === "failed")?.key ?? "";
  assert.equal(failedAt, "a");
  assert.deepEqual(keys({ kind: "rest" }), [[], ["a/bad,good"]]);
  assert.deepEqual(keys({ kind: "failed" }), [[], ["a/good"]]);
  assert.deepEqual(keys({ kind: "from", step: "a" }), [[], []]);
  assert.throws(() => retainedOf(run, { kind: "from", step: "z" }), { kind: "notFound" });
});

Deno.test("a resumed run runs only in the remaining pods", async () => {
  const run = await recorded();
  const mended = { good: saying("fine\n"), bad: saying("fine now\n") };
  const { events, pods: then } = await play({
    files,
    pods: mended,
    input: { retained: retainedOf(run, { kind: "failed" }) },
  });
  assert.deepEqual(endsOf(events), ["a ok", "b ok", "= ok"]);
  const words = (pod: string) =>
    then.get(pod)?.requests.filter(({ command }) => command.includes("one")).length;
  assert.deepEqual([words("good"), words("bad")], [0, 1]);
});

Deno.test("`overridesOf()` reads what `overridesData()` writes", () => {
  const overrides = {
    contexts: ["lab"],
    only: [{ context: "lab", namespace: "n", pod: "web-0" }],
    selection: {
      match: [{ kind: "substring" as const, text: "web" }],
      exclude: [{ kind: "regExp" as const, regExp: /^a.$/u }],
    },
  };
  const back = overridesOf(JSON.parse(JSON.stringify(overridesData(overrides))));
  assert.deepEqual(back, overrides);
});
