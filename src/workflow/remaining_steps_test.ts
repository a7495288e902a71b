import assert from "node:assert/strict";
import { staticSteps } from "./engine/step_identity.ts";
import { planWithChanges } from "./full_plan.ts";
import { readWorkflowRecord } from "./record.ts";
import { pastParts, remainingSteps } from "./remaining_steps.ts";
import { retainedOf } from "./resume.ts";
import { recordLines } from "./testing/record_header.ts";
import { loaded, type Play, play, saying } from "./testing/step_fixture.ts";

const files = {
  "w.yaml": `select: { match: p }
steps:
  - { id: prepare, exec: [do, prepare] }
  - { id: migrate, exec: [do, migrate], serial: 1 }
  - { id: cleanup, exec: [do, cleanup] }
`,
};

function finding(uids: Readonly<Record<string, string>>): Play["environment"] & object {
  const targets = Object.entries(uids).map(([pod, uid]) => ({
    ...{ context: "lab", namespace: "n", container: "a", node: "", ip: "" },
    pod,
    uid,
  }));
  return { find: () => Promise.resolve({ targets, skipped: [], dead: [] }) };
}

/** Returns the plan of a rerun of a run that was killed while `migrate` ran in its second pod. */
async function plannedRerun(uids: Readonly<Record<string, string>>) {
  const before = finding({ p0: "u0", p1: "u1", p2: "u2" });
  const pods = { p0: saying(""), p1: saying(""), p2: saying("") };
  const { events } = await play({ files, pods, environment: before });
  const killed = events.findIndex((event) =>
    event.event === "targetStarted" && event.step === "migrate" && event.name === "p2"
  );
  const run = readWorkflowRecord("r", recordLines(events.slice(0, killed)).join(""));
  const { workflow, uses } = await loaded(files);
  const steps = await staticSteps({
    ...{ workflow, uses, values: { params: {} } },
    readText: () => Promise.resolve(undefined),
  });
  const retained = retainedOf(run, { kind: "rest" });
  const { find = () => Promise.reject(new Error("no pods")) } = finding(uids);
  const { signal } = new AbortController();
  const scope = { omitted: new Map(), retained, parts: pastParts(steps, retained, run) };
  const { remaining, before: earlier, done } = await remainingSteps(workflow, scope, {
    ...{ find, run, signal },
  });
  const { plan, changes } = await planWithChanges(remaining, {
    ...{ params: {}, overrides: {}, uses, before: earlier },
    find: (where) => find(where, signal),
  });
  return {
    steps: plan.steps.map(({ id, targets, before }) => ({ id, targets, ...before })),
    changes: changes.map(({ id, targets }) => [id, targets?.map(({ pod }) => pod).join(" ")]),
    mayChange: plan.changes,
    done,
  };
}

Deno.test("the plan and the question of a rerun name what runs, and what was in flight", async () => {
  const { steps, changes, mayChange, done } = await plannedRerun({ p0: "u0", p1: "u1", p2: "u2" });
  assert.deepEqual(steps, [
    { id: "migrate", targets: ["p1", "p2"], done: ["p0"], inFlight: ["p1"], replaced: [] },
    { id: "cleanup", targets: ["p0", "p1", "p2"] },
  ]);
  assert.deepEqual(changes, [["migrate", "p1 p2"], ["cleanup", "p0 p1 p2"]]);
  assert.deepEqual(mayChange, ["migrate", "cleanup"]);
  assert.deepEqual(done, [{ step: "prepare", outcome: "ok" }, { step: "migrate", pods: 1 }]);
});

Deno.test("the plan of a rerun has steps that run again in replaced pods", async () => {
  const { steps, changes } = await plannedRerun({ p0: "u0-new", p1: "u1", p2: "u2" });
  assert.deepEqual(steps, [
    { id: "prepare", targets: ["p0"], done: ["p1", "p2"], inFlight: [], replaced: ["p0"] },
    {
      ...{ id: "migrate", targets: ["p0", "p1", "p2"] },
      ...{ done: [], inFlight: ["p1"], replaced: ["p0"] },
    },
    { id: "cleanup", targets: ["p0", "p1", "p2"] },
  ]);
  assert.deepEqual(changes[0], ["prepare", "p0"]);
});
