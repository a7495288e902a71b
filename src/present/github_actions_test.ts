import assert from "node:assert/strict";
import type { AutomatedWorkflow } from "../actions/workflow/automation.ts";
import { parse } from "yaml";
import { actionsFile } from "./github_actions.ts";
import { objectName } from "./workflow_rights.ts";

const at = { file: "w.yaml", path: [] };
const common = { type: "text", required: false, secret: false, at } as const;

/** A workflow with three parameters; `token` is secret. */
function drift(token: { env?: string } = { env: "DRIFT_TOKEN" }): AutomatedWorkflow {
  return {
    name: "w",
    params: [
      { ...common, name: "match", required: true, description: "Which pods" },
      { ...common, name: "level", enum: ["low", "high"], default: "low" },
      { ...common, name: "token", secret: true, ...token },
    ],
  };
}

// deno-lint-ignore no-explicit-any -- manifests of others' schemas
type Manifest = any;

Deno.test("`actionsFile()` passes inputs as variables, never in the text of a shell", async () => {
  const text = await actionsFile(drift(), { workflow: "workflows/w.yaml", schedule: "0 6 * * *" });
  const { on, jobs, name, concurrency } = parse(text) as Manifest;
  assert.deepEqual([name, concurrency.group], ["kodama w", "kodama-w"]);
  assert.deepEqual(on.schedule, [{ cron: "0 6 * * *" }]);
  assert.deepEqual(on.workflow_dispatch.inputs, {
    match: { description: "Which pods", type: "string", required: true },
    level: { type: "choice", options: ["low", "high"], required: false, default: "low" },
  });
  const steps: Manifest[] = jobs.run.steps;
  for (const { run = "" } of steps) assert.ok(!run.includes("${{"), run);
  const run = steps.find(({ name }) => name === "Run the workflow");
  assert.equal(run.env.PARAM_MATCH, "${{ inputs.match }}");
  assert.equal(run.env.DRIFT_TOKEN, "${{ secrets.DRIFT_TOKEN }}");
  assert.ok(!run.run.includes("token"));
  assert.match(
    run.run,
    /^kodama run workflows\/w\.yaml --yes --trust \\\n {2}\$\{PARAM_MATCH:\+--param\}/,
  );
});

Deno.test("a secret parameter without a variable is an error", async () => {
  const bare = drift({});
  await assert.rejects(actionsFile(bare, { workflow: "w" }), /token is secret/);
});

Deno.test("`objectName()` returns a name that Kubernetes allows", () => {
  for (const name of ["drift", "Log Bundle", "--", "x".repeat(100), "a_b.c"]) {
    assert.match(objectName(name), /^[a-z0-9]([-a-z0-9]{0,50}[a-z0-9])?$/);
  }
  assert.equal(objectName("Log Bundle"), "kodama-log-bundle");
});
