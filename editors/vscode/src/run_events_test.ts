/** What the run pane shows of the program's events, and which files are workflow files. */
import assert from "node:assert/strict";
import { applyEvent, newRun, progressOf, resultOf, type RunEvent } from "./run_events.ts";
import { stepLines } from "./workflow_file.ts";
import { isWorkflowPath } from "./workflow_path.ts";

Deno.test("a command: lines of pods, bad outcomes, counts", () => {
  const run = newRun();
  const shown = ([
    { event: "podSkipped", pod: "c", reason: "is Pending" },
    { event: "runStarted", targets: [{ name: "a" }, { name: "b" }] },
    { event: "line", name: "a", text: "4.4.2" },
    { event: "targetEnded", name: "a", outcome: "ok", exitCode: 0 },
    { event: "targetEnded", name: "b", outcome: "failed", exitCode: 3, error: null },
    { event: "of a later version" },
  ] as RunEvent[]).map((event) => applyEvent(run, event));
  assert.deepEqual(shown, [
    "not ready: c is Pending",
    undefined,
    "a: 4.4.2",
    undefined,
    "b: failed with exit code 3",
    undefined,
  ]);
  assert.equal(progressOf(run), "2 of 2 pods, 1 not ok");
  assert.equal(resultOf(run.pods.values()), "1 ok, 1 failed");
});

Deno.test("a workflow: steps, the pods of each, and what a step said", () => {
  const run = newRun();
  const end = { name: "a", outcome: { kind: "ok" }, stdout: "1\n2\n", stderr: "", durationMs: 5 };
  const shown = ([
    { kind: "stepStarted", step: "look", title: "exec hostname" },
    { kind: "stepTargets", step: "look", names: ["a", "b"] },
    { kind: "stepTargetEnded", step: "look", end },
    { kind: "stepEnded", step: "look", outcome: { kind: "failed", message: "b is gone" } },
    { kind: "workflowEnded", exitCode: 5 },
  ] as RunEvent[]).map((event) => applyEvent(run, event));
  assert.deepEqual(shown, [
    "== look: exec hostname",
    undefined,
    "a: 1\na: 2",
    "look: failed: b is gone",
    undefined,
  ]);
  assert.equal(progressOf(run), "look: 1 of 2 pods");
  assert.equal(run.exitCode, 5);
});

Deno.test("workflow files are in workflows/ of any folder but .github", () => {
  const are = ["/x/workflows/a.yaml", "/x/.kodama/workflows/a.yml", "C:\\x\\workflows\\a.yaml"];
  const others = ["/x/.github/workflows/a.yaml", "/x/workflows/b/a.yaml", "/x/workflows/a.json"];
  assert.deepEqual(are.map(isWorkflowPath), [true, true, true]);
  assert.deepEqual(others.map(isWorkflowPath), [false, false, false]);
});

Deno.test("the lenses are over the steps that a run can begin at", () => {
  const text =
    "steps:\n  - id: one\n    exec: [a]\n  - exec: [b]\n  # c\n  - exec: [c]\n    id: two\n";
  assert.deepEqual(stepLines(text), [{ id: "one", line: 1 }, { id: "two", line: 5 }]);
  for (const broken of ["", "steps: 1", "steps:\n  - x\n  - id: [", ":"]) {
    assert.deepEqual(stepLines(broken), []);
  }
});
