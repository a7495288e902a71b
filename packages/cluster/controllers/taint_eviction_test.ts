import assert from "node:assert/strict";
import type { Toleration } from "kubernetes-types/core/v1.d.ts";
import { TestCluster } from "./testing/fixture.ts";
import { namespace } from "./testing/workloads.ts";

const taints = [
  { key: "disk", value: "broken", effect: "NoExecute" },
  { key: "zone", value: "a", effect: "NoExecute" },
];
const zone: Toleration = { key: "zone", operator: "Exists" };
const disk = (more: Partial<Toleration> = {}): Toleration => ({
  key: "disk",
  value: "broken",
  ...more,
});

const cases: [string, Toleration[], "at once" | number | "never"][] = [
  ["without a toleration", [], "at once"],
  ["with a toleration of one taint of two", [zone], "at once"],
  ["with a toleration of another value", [zone, disk({ value: "slow" })], "at once"],
  ["with a toleration of NoSchedule", [zone, disk({ effect: "NoSchedule" })], "at once"],
  ["with tolerations of both", [zone, disk()], "never"],
  ["with a toleration of everything", [{ operator: "Exists" }], "never"],
  ["for 0 seconds", [zone, disk({ tolerationSeconds: 0 })], "at once"],
  ["for the shorter of two times", [
    { ...zone, tolerationSeconds: 60 },
    disk({ tolerationSeconds: 30 }),
    disk({ tolerationSeconds: 40 }),
  ], 30],
];

for (const [name, tolerations, expected] of cases) {
  Deno.test(`a pod ${name} is evicted by NoExecute ${expected}`, () => {
    const cluster = new TestCluster().addNode();
    cluster.put("pods", {
      metadata: { name: "p", namespace },
      spec: { containers: [{ name: "main", image: "busybox" }], tolerations },
    });
    cluster.settle();
    cluster.edit("nodes", ["", "node-1"], (node) => node.spec!.taints = taints);
    cluster.settle();
    const runs = () => cluster.list("pods").length === 1;
    assert.equal(runs(), expected !== "at once");
    if (typeof expected === "number") {
      cluster.now = new Date(cluster.now.getTime() + expected * 1000 - 1);
      cluster.settle();
      assert.ok(runs());
      cluster.now = new Date(cluster.now.getTime() + 1);
    } else cluster.now = new Date(cluster.now.getTime() + 600_000);
    cluster.settle();
    assert.equal(runs(), expected === "never");
    if (expected !== "never") {
      assert.deepEqual(
        cluster.list("events").filter(({ reason }) => reason === "TaintManagerEviction")
          .map(({ message, count }) => `${count} ${message}`),
        ["1 Marking for deletion Pod default/p"],
      );
    }
  });
}
