import assert from "node:assert/strict";
import fc from "fast-check";
import { checkReads, omittedSteps, remainingOutputs, withoutSteps } from "./choose_steps.ts";
import { planOf } from "./full_plan.ts";
import { endsOf, loaded, outputsOf, play } from "./testing/step_fixture.ts";

const text = `permissions: { run: [echo] }
steps:
  - { id: read, shell: [echo, a] }
  - id: both
    parallel:
      - { id: left, shell: [echo, b] }
      - { id: right, shell: [echo, c] }
  - { id: use, shell: [echo, "\${{ steps.read.stdout }}"] }
  - { id: last, shell: [echo, d] }
finally:
  - { id: clean, shell: [echo, e] }
outputs: { got: "\${{ steps.read.stdout }}", end: done }
`;

async function chosen(
  choice: { only?: readonly string[]; skip?: readonly string[]; startAt?: string },
) {
  const { workflow, uses } = await loaded({ "w.yaml": text });
  const omitted = await omittedSteps(workflow, { only: [], skip: [], ...choice });
  return { workflow, uses, omitted };
}

async function ends(choice: Parameters<typeof chosen>[0]): Promise<string[]> {
  const { workflow, omitted } = await chosen(choice);
  checkReads(workflow, omitted, new Set());
  const { events } = await play({ files: { "w.yaml": text }, input: { omitted } });
  return endsOf(events).filter((line) => / ok$/.test(line)).map((line) => line.slice(0, -3));
}

Deno.test("`--only`, `--skip` and `--start-at` leave out steps; `finally` runs", async () => {
  assert.deepEqual(await ends({ only: ["last"] }), ["last", "finally/clean", "="]);
  assert.deepEqual(await ends({ only: ["both/left"] }), [
    "both/left",
    "both",
    "finally/clean",
    "=",
  ]);
  assert.deepEqual(await ends({ startAt: "last" }), ["last", "finally/clean", "="]);
  assert.deepEqual(
    await ends({ startAt: "both/right", skip: ["use", "finally/clean"] }),
    ["both/right", "both", "last", "="],
  );
});

Deno.test("a step that doesn't exist is an error with the nearest one", async () => {
  await assert.rejects(chosen({ only: ["lst"] }), {
    kind: "notFound",
    message: 'w has no step "lst"',
    hint: "did you mean last?",
  });
});

Deno.test("a step that reads one that doesn't run is an error, unless an earlier run provides it", async () => {
  const { workflow, omitted } = await chosen({ startAt: "use" });
  assert.throws(() => checkReads(workflow, omitted, new Set()), {
    kind: "conflict",
    message: "step use reads steps.read.stdout, and read doesn't run: it comes before use",
  });
  checkReads(workflow, omitted, new Set(["read"]));
});

Deno.test("an output that reads a step that doesn't run is left out", async () => {
  const { workflow, uses, omitted } = await chosen({ skip: ["read", "use"] });
  assert.deepEqual(remainingOutputs(workflow, omitted).map(({ name }) => name), ["end"]);
  const whole = await play({ files: { "w.yaml": text } });
  assert.deepEqual(outputsOf(whole.events), { got: "a", end: "done" });
  const plan = await planOf(withoutSteps(workflow, omitted), {
    ...{ params: {}, overrides: {}, uses },
    find: () => Promise.resolve({ targets: [], skipped: [], dead: [] }),
  });
  assert.deepEqual(plan.steps.map(({ id }) => id), ["both", "last"]);
});

Deno.test("any choice runs exactly the steps of its plan", async () => {
  const keys = ["read", "both", "both/left", "both/right", "use", "last"];
  const some = fc.subarray(keys);
  await fc.assert(
    fc.asyncProperty(some, some, fc.option(fc.constantFrom(...keys)), async (only, skip, start) => {
      const startAt = start === null || only.length > 0 ? {} : { startAt: start };
      const { workflow, omitted } = await chosen({ only, skip, ...startAt });
      const { steps } = withoutSteps(workflow, omitted);
      const planned = steps.flatMap(({ id, inner }) => [
        ...Object.values(inner).flat().map((step) => `${id}/${step.id}`),
        id,
      ]);
      try {
        checkReads(workflow, omitted, new Set());
      } catch {
        assert.ok(planned.includes("use") && !planned.includes("read"));
        return;
      }
      const { events } = await play({ files: { "w.yaml": text }, input: { omitted } });
      const ran = endsOf(events).filter((line) => / ok$/.test(line) && !/^(=|finally)/.test(line));
      assert.deepEqual(ran.map((line) => line.slice(0, -3)).toSorted(), planned.toSorted());
    }),
    { numRuns: 60 },
  );
});
