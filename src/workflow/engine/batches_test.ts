import assert from "node:assert/strict";
import fc from "fast-check";
import { batchSizes } from "../../exec/schedule.ts";
import { planOf } from "../full_plan.ts";
import { readWorkflowRecord } from "../record.ts";
import { retainedOf } from "../resume.ts";
import type { WorkflowEvent } from "../step_events.ts";
import { recordLines } from "../testing/record_header.ts";
import { endsOf, loaded, outputsOf, type Play, play, saying } from "../testing/step_fixture.ts";

const pods = (...names: string[]) => Object.fromEntries(names.map((name) => [name, saying("")]));
const four = pods("p0", "p1", "p2", "p3");

/** A canary: a change, its gate, and what undoes it. */
const canary = (bounds: string) =>
  `permissions: { run: [do] }
steps:
  - id: all
    batches:
      ${bounds}
      steps:
        - id: change
          group:
            steps:
              - { id: apply, exec: [restart] }
              - { id: gate, shell: [do, gate, "\${{ batch.map(one, one.name).join('+') }}", "\${{ index }}"] }
            rescue:
              - { exec: [undo] }
outputs:
  ok: \${{ steps.all.ok }}
  batches: \${{ steps.all.batches.map(one, one.targets.join('+') + ' ' + one.outcome) }}
`;

const failingGate = (...batches: string[]): Play["run"] & object => ([, , batch]) =>
  batches.includes(batch ?? "") ? 1 : 0;

/** Returns what ran in each pod: the commands in order. */
function commandsIn(played: Awaited<ReturnType<typeof play>>): Record<string, string> {
  return Object.fromEntries(
    [...played.pods].map(([name, { requests }]) => [
      name,
      requests.map(({ command }) => ["restart", "undo"].find((one) => command.includes(one)))
        .filter(Boolean).join(" "),
    ]),
  );
}

function podEnds(events: readonly WorkflowEvent[]): string[] {
  return events.flatMap((event) => {
    if (event.event !== "targetEnded" || event.step !== "all") return [];
    const { name, outcome } = event.record;
    return [`${name} ${outcome.kind}${"reason" in outcome ? `: ${outcome.reason}` : ""}`];
  });
}

Deno.test("all steps of a batch run in its pods before the next batch starts", async () => {
  const played = await play({ files: { "w.yaml": canary("serial: [1, 50%]") }, pods: four });
  assert.deepEqual(played.ran.map(([, , ...words]) => words.join(" ")), [
    "p0 0",
    "p1+p2 1",
    "p3 2",
  ]);
  assert.deepEqual(outputsOf(played.events), {
    ok: ["p0", "p1", "p2", "p3"],
    batches: ["p0 ok", "p1+p2 ok", "p3 ok"],
  });
  const order = played.events.flatMap((event) =>
    event.event === "batchStarted"
      ? [`${event.index + 1} of ${event.count}: ${event.names.join("+")}`]
      : event.event === "targetEnded" && event.step.endsWith("apply")
      ? [event.name]
      : []
  );
  assert.deepEqual(order, ["1 of 3: p0", "p0", "2 of 3: p1+p2", "p1", "p2", "3 of 3: p3", "p3"]);
});

Deno.test("a batch that fails is rescued in its own pods, counts as failed, and stops the others", async () => {
  const played = await play({
    files: { "w.yaml": canary("serial: [1, 2]") },
    pods: four,
    run: failingGate("p1+p2"),
  });
  assert.deepEqual(commandsIn(played), {
    p0: "restart",
    p1: "restart undo",
    p2: "restart undo",
    p3: "",
  });
  const why = "gate: do ended with exit code 1; rescued";
  assert.deepEqual(podEnds(played.events), [
    "p0 ok",
    `p1 failed: ${why}`,
    `p2 failed: ${why}`,
    "p3 skipped: too many pods have failed",
  ]);
  assert.equal(
    endsOf(played.events).at(-1),
    `= failed: 2 of 4 pods failed: p[1-2] (${why}); 1 was not started`,
  );
});

Deno.test("batches continue within `maxFail`; the run is rescued then, not ok", async () => {
  const played = await play({
    files: { "w.yaml": canary("serial: 1\n      maxFail: 25%") },
    pods: four,
    run: failingGate("p1"),
  });
  assert.deepEqual(outputsOf(played.events), {
    ok: ["p0", "p2", "p3"],
    batches: ["p0 ok", "p1 rescued", "p2 ok", "p3 ok"],
  });
  assert.equal(endsOf(played.events).at(-1), "= rescued: gate: do ended with exit code 1");
});

Deno.test("pods in which a tolerated step failed count, and no batch starts if a context is missing", async () => {
  const text = `steps:
  - id: all
    batches: { serial: 2, maxFail: 1, steps: [{ exec: [restart], maxFail: 1 }] }
`;
  const some = {
    p0: saying("", 1),
    p1: saying(""),
    p2: saying("", 1),
    p3: saying(""),
    p4: saying(""),
  };
  const played = await play({ files: { "w.yaml": text }, pods: some });
  assert.deepEqual(podEnds(played.events).map((end) => end.split(":")[0]), [
    "p0 failed",
    "p1 ok",
    "p2 failed",
    "p3 ok",
    "p4 skipped",
  ]);
  const target = { context: "a", namespace: "n", pod: "p0", container: "c", node: "", ip: "" };
  const cut = await play({
    files: { "w.yaml": text },
    pods: some,
    environment: {
      find: () =>
        Promise.resolve({
          targets: [target],
          skipped: [],
          dead: [{ context: "b", reason: "no route" }],
        }),
    },
  });
  assert.equal(endsOf(cut.events).at(-1), "= failed: context b: no route");
  assert.deepEqual(commandsIn(cut).p0, "");
});

Deno.test("a pod of the batch that is gone fails the batch", async () => {
  let isGone = false;
  const targets = ["p0", "p1"].map((pod) => (
    { context: "lab", namespace: "n", pod, container: "c", node: "", ip: "", uid: pod }
  ));
  const text = `permissions: { run: [do] }
steps:
  - batches: { serial: 1, steps: [{ shell: [do] }, { exec: [restart] }] }
`;
  const { events } = await play({
    files: { "w.yaml": text },
    pods: pods("p0", "p1"),
    run: () => Number(isGone = true) - 1,
    environment: {
      find: ({ only }) =>
        Promise.resolve({
          targets: targets.filter(({ pod }) =>
            !(isGone && pod === "p0") && (only === undefined || only.some((one) => one.pod === pod))
          ),
          skipped: [],
          dead: [],
          none: "no pod matches",
        }),
    },
  });
  assert.match(endsOf(events).at(-1) ?? "", /= failed: 1 of 2 pods failed: p0 \(exec-2: /);
});

Deno.test("a rerun resumes at the batch, and repeats a pod that was replaced", async () => {
  const files = { "w.yaml": canary("serial: 1") };
  const before = await play({ files, pods: four, run: failingGate("p2") });
  const text = recordLines(before.events).join("");
  const retained = retainedOf(readWorkflowRecord("r", text), { kind: "failed" });
  const after = await play({ files, pods: four, input: { retained } });
  assert.deepEqual(commandsIn(after), { p0: "", p1: "", p2: "restart", p3: "restart" });
  assert.deepEqual(outputsOf(after.events), {
    ok: ["p0", "p1", "p2", "p3"],
    batches: ["p2 ok", "p3 ok"],
  });
  const replaced = await play({
    files,
    pods: four,
    input: { retained },
    environment: {
      find: ({ only }) =>
        Promise.resolve({
          targets: Object.keys(four).map((pod) => ({
            ...{ context: "lab", namespace: "n", pod, container: "a", node: "", ip: "" },
            uid: pod === "p1" ? "new" : `u-${pod}`,
          })).filter(({ pod }) => only === undefined || only.some((one) => one.pod === pod)),
          skipped: [],
          dead: [],
        }),
    },
  });
  assert.deepEqual(commandsIn(replaced), { p0: "", p1: "restart", p2: "restart", p3: "restart" });
});

Deno.test("a plan has the batches, and the pods of their steps", async () => {
  const { workflow, uses } = await loaded({ "w.yaml": canary("serial: [1, 50%]") });
  const targets = Object.keys(four).map((pod) => (
    { context: "lab", namespace: "n", pod, container: "a", node: "", ip: "" }
  ));
  const plan = await planOf(workflow, {
    params: {},
    overrides: {},
    uses,
    find: () => Promise.resolve({ targets, skipped: [], dead: [] }),
  });
  const [step] = plan.steps;
  assert.deepEqual(step?.batches, [["p0"], ["p1", "p2"], ["p3"]]);
  const ids = step?.steps[0]?.steps.map(({ id, targets }) => `${id} ${targets?.length}`);
  assert.deepEqual(ids, ["apply 4", "gate undefined", "rescue/exec-1 4"]);
});

Deno.test("`batchSizes()` covers all pods, each batch with one at least", () => {
  const amount = fc.oneof(
    fc.record({ kind: fc.constant("count" as const), count: fc.integer({ min: 1, max: 9 }) }),
    fc.record({ kind: fc.constant("percent" as const), percent: fc.integer({ min: 1, max: 100 }) }),
  );
  fc.assert(
    fc.property(fc.array(amount, { minLength: 1, maxLength: 4 }), fc.nat(50), (serial, total) => {
      const sizes = batchSizes(serial, total);
      assert.equal(sizes.reduce((sum, size) => sum + size, 0), total);
      assert.ok(sizes.every((size) => size > 0));
    }),
  );
});
