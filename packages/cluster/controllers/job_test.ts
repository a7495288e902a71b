import assert from "node:assert/strict";
import type { Job } from "kubernetes-types/batch/v1.d.ts";
import { TestCluster } from "./testing/fixture.ts";
import { job, namespace } from "./testing/workloads.ts";

const jobEnds: {
  name: string;
  spec: Partial<NonNullable<Job["spec"]>>;
  behaviour: "succeeded" | "failed";
  pods: number;
  reason: string;
}[] = [
  { name: "one", spec: {}, behaviour: "succeeded", pods: 1, reason: "CompletionsReached" },
  {
    name: "five, two at a time",
    spec: { completions: 5, parallelism: 2 },
    behaviour: "succeeded",
    pods: 5,
    reason: "CompletionsReached",
  },
  {
    name: "indexed",
    spec: { completions: 3, parallelism: 3, completionMode: "Indexed" },
    behaviour: "succeeded",
    pods: 3,
    reason: "CompletionsReached",
  },
  {
    name: "fails twice and once more",
    spec: { backoffLimit: 2 },
    behaviour: "failed",
    pods: 3,
    reason: "BackoffLimitExceeded",
  },
];

for (const { name, spec, behaviour, pods, reason } of jobEnds) {
  Deno.test(`a Job comes to its end: ${name}`, () => {
    const cluster = new TestCluster().addNode();
    cluster.behaviour = () => behaviour;
    cluster.put("jobs", job(spec));
    // Each attempt waits longer than the last.
    for (let attempt = 0; attempt < 8; attempt++) {
      cluster.settle();
      cluster.now = new Date(cluster.now.getTime() + 400_000);
    }
    assert.equal(cluster.list("pods").length, pods);
    const { conditions } = cluster.get("jobs", namespace, "once").status ?? {};
    assert.equal(conditions?.find(({ type }) => /^(Complete|Failed)$/.test(type))?.reason, reason);
  });
}

Deno.test("a failed attempt of a Job is not repeated before its back-off", () => {
  const cluster = new TestCluster().addNode();
  cluster.behaviour = () => "failed";
  cluster.put("jobs", job());
  cluster.settle();
  assert.equal(cluster.list("pods").length, 1);
  cluster.now = new Date(cluster.now.getTime() + 9_000);
  cluster.settle();
  assert.equal(cluster.list("pods").length, 1);
  cluster.now = new Date(cluster.now.getTime() + 1_000);
  cluster.settle();
  assert.equal(cluster.list("pods").length, 2);
});

Deno.test("a Job that ended goes with its pods after its time to live", () => {
  const cluster = new TestCluster().addNode();
  cluster.behaviour = () => "succeeded";
  cluster.put("jobs", job({ ttlSecondsAfterFinished: 30 }));
  cluster.settle();
  assert.equal(cluster.list("jobs").length, 1);
  cluster.now = new Date(cluster.now.getTime() + 30_000);
  cluster.settle();
  assert.deepEqual([cluster.list("jobs").length, cluster.list("pods").length], [0, 0]);
});

Deno.test("a Job reports once which of its fields have no effect here", () => {
  for (const suspend of [false, true]) {
    const cluster = new TestCluster().addNode();
    cluster.put("jobs", job({ suspend, podFailurePolicy: { rules: [] }, completions: 2 }));
    cluster.settle();
    assert.deepEqual(
      cluster.list("events").filter(({ reason }) => reason === "NotSupported")
        .map(({ count, message }) => `${count} ${message}`),
      ["1 the embedded cluster ignores podFailurePolicy"],
    );
  }
});
