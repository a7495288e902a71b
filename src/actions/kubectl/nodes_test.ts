import assert from "node:assert/strict";
import { parseKubectl } from "../../gate/kubectl.ts";
import type { Pod } from "../../kube/types.ts";
import { previewOf } from "./nodes.ts";

Deno.test("previewOf() separates the pods that a drain evicts, leaves, can't replace and is kept from", () => {
  const pod = (name: string, owner: string | undefined, fields: Partial<Pod> = {}): Pod => ({
    spec: { containers: [] },
    ...fields,
    metadata: {
      name,
      namespace: "n",
      labels: { app: name },
      ...(owner === undefined ? {} : {
        ownerReferences: [{ apiVersion: "v1", kind: owner, name: "o", uid: "u", controller: true }],
      }),
      ...fields.metadata,
    },
  });
  const mirror = { annotations: { "kubernetes.io/config.mirror": "x" } };
  const pods = [
    pod("web", "ReplicaSet"),
    pod("cache", "ReplicaSet", {
      spec: { containers: [], volumes: [{ name: "v", emptyDir: {} }] },
    }),
    pod("agent", "DaemonSet"),
    pod("alone", undefined),
    pod("done", undefined, { status: { phase: "Succeeded" } }),
    pod("static", undefined, { metadata: mirror }),
  ];
  const budget = (app: string, disruptionsAllowed: number) => ({
    apiVersion: "policy/v1",
    kind: "PodDisruptionBudget",
    metadata: { name: app, namespace: "n" },
    spec: { selector: { matchExpressions: [{ key: "app", operator: "In", values: [app] }] } },
    status: { disruptionsAllowed },
  });
  const budgets = [budget("web", 0), budget("cache", 1), budget("agent", 0), budget("other", 0)];
  const drained = (line: string, some = pods) =>
    previewOf("n1", some, { budgets, line: parseKubectl(line.split(" ")) });
  assert.deepEqual(drained("drain n1 --force"), {
    name: "n1",
    evicted: ["n/web", "n/cache", "n/alone"],
    daemons: ["n/agent"],
    unmanaged: ["n/alone"],
    localData: ["n/cache"],
    blockedBy: ["n/web"],
    missing: ["--ignore-daemonsets", "--delete-emptydir-data"],
  });
  const all = "drain n1 --force --ignore-daemonsets --delete-emptydir-data=true";
  assert.deepEqual(drained(all).missing, []);
  assert.deepEqual(drained("drain n1", pods.slice(0, 1)).missing, []);
});
