import assert from "node:assert/strict";
import { readWorkflowRecord } from "./record.ts";
import type { WorkflowEvent } from "./step_events.ts";
import { retainedOf } from "./resume.ts";
import { RecordedValues } from "./recorded_values.ts";
import { recordLines } from "./testing/record_header.ts";
import { endsOf, loaded, play, saying } from "./testing/step_fixture.ts";

/** Returns a run, and its record as text. */
async function recorded(files: Readonly<Record<string, string>>) {
  const { workflow, uses } = await loaded(files);
  const pods = { p: saying("SECRET_of_p\n"), q: saying("no\n", 3) };
  const { events } = await play({ files, pods, run: () => 0 });
  const values = new RecordedValues(workflow, uses);
  return recordLines(events.map((one) => values.recorded(one) as WorkflowEvent)).join("");
}

Deno.test("a record has the outputs that expressions of the same workflow read", async () => {
  const step = (id: string) => `{ ${id}exec: [cat], maxFail: 1 }`;
  const o = `steps: [${step("id: a, ")}]\noutputs: { n: "\${{ size(steps.a.failed) }}" }\n`;
  const holds = async (steps: string, more = "") =>
    (await recorded({ "w.yaml": `steps: [${steps}]\n${more}`, "o.yaml": o })).includes(
      "SECRET_of_p",
    );
  const reading = (field: string) => `{ name: "\${{ ${field} }}", wait: 1ms }`;
  assert.equal(await holds(step("")), false);
  assert.equal(await holds(step("id: a, ")), false);
  assert.equal(await holds(`${step("id: a, ")}, ${reading("steps.a.ok")}`), false);
  assert.equal(await holds(`${step("id: a, ")}, ${reading("size(steps.a.distinct)")}`), true);
  assert.equal(await holds(`${step("id: a, ")}, ${reading("steps['a'].stdout")}`), true);
  assert.equal(await holds(`${step("id: a, ")}, ${reading("size(steps)")}`), true);
  assert.equal(
    await holds(`${step("id: b, ")}, ${step("id: a, ")}, ${reading("steps.b.failed")}`),
    false,
  );
  // The step with the same id in the other file is a different one.
  assert.equal(await holds(`{ id: u, workflow: ./o.yaml }, ${reading("steps.u.outcome")}`), false);
  const last = `finally: [${step("id: z, ")}, ${reading("steps.z.stdout")}]\n`;
  assert.equal(await holds("{ check: true }", last), true);
  const rounds = `{ foreach: [1], steps: [${step("id: r, ")}, ${reading("steps.r.stdout")}] }`;
  assert.equal(await holds(rounds), true);
});

Deno.test("a resumed run reports outputs that the record lacks", async () => {
  const text = (expression: string) =>
    `steps:
  - { id: a, exec: [cat], maxFail: 1 }
  - { id: c, check: "\${{ ${expression} }}" }
`;
  const run = readWorkflowRecord(
    "r",
    await recorded({ "w.yaml": text("size(steps.a.failed) == 0") }),
  );
  const again = async (expression: string, from: "rest" | "failed") => {
    const files = { "w.yaml": text(expression) };
    const pods = { p: saying("x\n"), q: saying("x\n") };
    const { events } = await play({
      files,
      pods,
      input: { retained: retainedOf(run, { kind: from }) },
    });
    return endsOf(events);
  };
  assert.deepEqual(await again("size(steps.a.failed) == 1", "rest"), ["a kept", "c ok", "= ok"]);
  assert.match(
    (await again("steps.a.stdout == 'x'", "rest"))[1] ?? "",
    /stdout of step a isn't in the record/,
  );
  // p was ok, and isn't run again: its output isn't known.
  assert.match(
    (await again("size(steps.a.distinct) == 1", "failed"))[1] ?? "",
    /output of p isn't in the record/,
  );
  assert.deepEqual((await again("size(steps.a.ok) == 2", "failed")).slice(1), ["c ok", "= ok"]);
});
