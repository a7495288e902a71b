/** The recorded output of a pod, and which files are workflow files. */
import assert from "node:assert/strict";
import { recordedOutput } from "./run_events.ts";
import { stepLines } from "./workflow_file.ts";
import { isWorkflowPath } from "./workflow_path.ts";

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

Deno.test("a recorded output says what of it isn't recorded", () => {
  assert.equal(recordedOutput({ stdout: "a\n", stderr: "", omittedBytes: 0 }), "a\n");
  assert.equal(recordedOutput({ stdout: null }), "The output isn't recorded.\n");
  assert.equal(
    recordedOutput({ stdout: "a", stderr: "b", omittedBytes: 7 }),
    "a\n--- standard error ---\nb\n--- 7 more bytes aren't recorded ---\n",
  );
});
