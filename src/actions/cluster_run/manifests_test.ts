import assert from "node:assert/strict";
import type { Pod } from "../../kube/types.ts";
import { noAllowances, podProblems } from "../../session/manifests/pod_standard.ts";
import { cronJobObject, jobObject } from "./manifests.ts";

const spec = {
  workflow: "check",
  image: "kodama",
  shards: 2,
  serviceAccount: "runner",
  items: [],
  configMap: "request",
  secret: "request",
  retainSeconds: 60,
};

Deno.test("the pods of runs in a cluster comply with the restricted standard, but for their account's token", () => {
  const job = jobObject("j", "n", spec) as unknown as { spec: { template: Pod } };
  const cronJob = cronJobObject("c", "n", { ...spec, schedule: "s", cron: "* * * * *" });
  const { spec: { jobTemplate } } = cronJob as unknown as {
    spec: { jobTemplate: { spec: { template: Pod } } };
  };
  const allowances = { ...noAllowances, secrets: new Set(["request"]) };
  for (const pod of [job.spec.template, jobTemplate.spec.template]) {
    assert.deepEqual(podProblems(pod, allowances), ["it mounts its account's token"]);
  }
});
