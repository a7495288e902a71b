import assert from "node:assert/strict";
import { templates, workflowOfRun } from "./new_workflow.ts";
import { loaded } from "./testing/stage_play.ts";

Deno.test("nothing is wrong with a new workflow, whatever the template", async () => {
  for (const [name, { text }] of Object.entries(templates)) {
    const { diagnostics } = await loaded({ "w.yaml": text });
    assert.deepEqual(diagnostics, [], name);
  }
});

Deno.test("a workflow of a run has the words of the run, however odd they are", async () => {
  const words = ["sh", "-c", "echo 'a: b' \"#c\" $(date)", "", "- x", "{y}"];
  const text = workflowOfRun({
    event: "record",
    version: 1,
    id: "20260101-000000-000abcd",
    at: "2026-01-01T00:00:00.000Z",
    command: words,
    redacted: false,
    shell: false,
    subst: false,
    workdir: null,
    env: [],
    stdin: false,
    tty: false,
    workflow: null,
    rerunOf: null,
    places: null,
    bounds: { fanout: 4, timeoutMs: 1500 },
  }, ["storage"]);
  const { workflow, diagnostics } = await loaded({ "w.yaml": text });
  assert.deepEqual(diagnostics, []);
  assert.deepEqual(workflow.steps[0]?.fields.exec, words);
  assert.equal(workflow.steps[0]?.fields.commandTimeout, "1500ms");
  assert.deepEqual(workflow.select.namespace, ["storage"]);
});
