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
  pods: { nodeSelector: {}, tolerations: [] },
  limits: { cpu: "1", memory: "1Gi" },
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

Deno.test("a run of one shard has no limit for each index; a schedule's history is decided by its time to live", () => {
  const jobOf = (shards: number) =>
    jobObject("j", "n", { ...spec, shards }).spec as Record<string, unknown>;
  // Kubernetes 1.34 never ends a namespace with an unfinished Job that has the limit.
  assert.deepEqual([jobOf(1).backoffLimitPerIndex, jobOf(1).backoffLimit], [undefined, 6]);
  assert.deepEqual([jobOf(2).backoffLimitPerIndex, jobOf(2).backoffLimit], [6, undefined]);
  const cronJob = cronJobObject("c", "n", {
    ...spec,
    schedule: "s",
    cron: "* * * * *",
    limitSeconds: 3600,
  });
  const { successfulJobsHistoryLimit, failedJobsHistoryLimit, jobTemplate } = cronJob.spec as {
    successfulJobsHistoryLimit: number;
    failedJobsHistoryLimit: number;
    jobTemplate: { spec: { ttlSecondsAfterFinished: number; activeDeadlineSeconds: number } };
  };
  // A minute apart, for years.
  assert.ok(Math.min(successfulJobsHistoryLimit, failedJobsHistoryLimit) > 10_000_000);
  assert.equal(jobTemplate.spec.ttlSecondsAfterFinished, 60);
  // A run that can't start doesn't keep the next ones from starting for ever.
  assert.equal(jobTemplate.spec.activeDeadlineSeconds, 3600);
});
