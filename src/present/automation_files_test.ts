import assert from "node:assert/strict";
import type { AutomatedWorkflow } from "../actions/workflow/automation.ts";
import { actionsData, cronJobObjects } from "./automation_files.ts";
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

Deno.test("`actionsData()` passes inputs as variables, never in the text of a shell", () => {
  const file = actionsData(drift(), { workflow: "workflows/w.yaml", schedule: "0 6 * * *" });
  const { on, jobs } = file as Manifest;
  assert.deepEqual(on.schedule, [{ cron: "0 6 * * *" }]);
  assert.deepEqual(on.workflow_dispatch.inputs, {
    match: { description: "Which pods", type: "string", required: true },
    level: { type: "choice", options: ["low", "high"], required: false, default: "low" },
  });
  const steps: Manifest[] = jobs.run.steps;
  for (const { run = "" } of steps) assert.ok(!run.includes("${{"), run);
  const run = steps.find(({ name }) => name === "Run w");
  assert.equal(run.env.PARAM_MATCH, "${{ inputs.match }}");
  assert.equal(run.env.DRIFT_TOKEN, "${{ secrets.DRIFT_TOKEN }}");
  assert.ok(!run.run.includes("token"));
  assert.match(
    run.run,
    /^kodama run workflows\/w\.yaml --yes --trust \\\n {2}\$\{PARAM_MATCH:\+--param\}/,
  );
});

const role = {
  scope: { kind: "namespace", name: "shop" } as const,
  rules: [{ group: "", resources: ["pods"], verbs: ["get", "list"], steps: ["a"] }],
};

const options = {
  ...{ namespace: "jobs", schedule: "@daily", image: "i", roles: [role] },
  params: [["match", "a b; rm -rf /"]] as const,
  files: [{ path: "w.yaml", text: "steps: []" }, { path: "lib/s.ts", text: "x" }],
};

Deno.test("`cronJobObjects()` binds the roles in their namespaces to the ServiceAccount of the job", () => {
  const objects: Manifest[] = cronJobObjects(drift(), options);
  assert.deepEqual(
    objects.map(({ kind, metadata }) => `${kind} ${metadata.namespace}/${metadata.name}`),
    [
      "ServiceAccount jobs/kodama-w",
      "Role shop/kodama-w",
      "RoleBinding shop/kodama-w",
      "ConfigMap jobs/kodama-w",
      "CronJob jobs/kodama-w",
    ],
  );
  assert.deepEqual(objects[2].subjects, [
    { kind: "ServiceAccount", name: "kodama-w", namespace: "jobs" },
  ]);
  const pod = objects[4].spec.jobTemplate.spec.template.spec;
  const { command, args } = pod.containers[0];
  assert.deepEqual([...command, args[0]], ["kodama", "run"]);
  assert.deepEqual(args.slice(-2), ["--param", "match=a b; rm -rf /"]);
  assert.deepEqual(pod.containers[0].env.at(-1), {
    name: "DRIFT_TOKEN",
    valueFrom: { secretKeyRef: { name: "kodama-w", key: "DRIFT_TOKEN" } },
  });
  assert.deepEqual(pod.volumes[0].configMap.items, [
    { key: "file-0", path: "w.yaml" },
    { key: "file-1", path: "lib/s.ts" },
  ]);
});

Deno.test("a secret parameter without a variable, and a missing one, are errors", () => {
  const bare = drift({});
  assert.throws(() => actionsData(bare, { workflow: "w" }), /token is secret/);
  assert.throws(() => cronJobObjects(bare, options), /token is secret/);
  const without = { ...options, params: [] };
  const whole = drift();
  assert.throws(() => cronJobObjects(whole, without), /match must be given/);
});

Deno.test("`objectName()` returns a name that Kubernetes allows", () => {
  for (const name of ["drift", "Log Bundle", "--", "x".repeat(100), "a_b.c"]) {
    assert.match(objectName(name), /^[a-z0-9]([-a-z0-9]{0,50}[a-z0-9])?$/);
  }
  assert.equal(objectName("Log Bundle"), "kodama-log-bundle");
});
