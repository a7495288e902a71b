import assert from "node:assert/strict";
import type { SessionStore } from "../../session/store.ts";
import { simulatedHost } from "../testing/simulated_host.ts";
import { WatchedCluster } from "../testing/watched_cluster.ts";
import { untilReady } from "./wait_ready.ts";

Deno.test("a claim that holds up a pod is named with a warning about this claim, by its uid", async () => {
  const cluster = new WatchedCluster("lab");
  const message = "0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims.";
  const conditions = [{ type: "PodScheduled", status: "False", reason: "Unschedulable", message }];
  const pod = {
    metadata: { name: "kodama-a", namespace: "n", uid: "u1" },
    status: { phase: "Pending", conditions },
  };
  cluster.lists.set("n/pods", [[pod]]);
  const claim = "kodama-workspace-a";
  cluster.objects.set(`persistentvolumeclaims/${claim}`, {
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: { name: claim, namespace: "n", uid: "claim-2" },
  });
  const client = {
    ...cluster.client,
    list: (...args: Parameters<typeof cluster.client.list>) => {
      const isOwn = args[1].fieldSelector === "involvedObject.uid=claim-2,type=Warning";
      cluster.lists.set("n/events", [isOwn ? [{ message: "no storage class" }] : []]);
      return cluster.client.list(...args);
    },
  };
  const { host } = simulatedHost({});
  const store = { client, namespace: "n" } as unknown as SessionStore;
  const stop = new AbortController();
  const waiting = untilReady(host, store, { name: "a", limitMs: 60_000, signal: stop.signal });
  const { value } = await waiting.next();
  assert.match(
    String(value),
    /PersistentVolumeClaims\.; persistentvolumeclaim "kodama-workspace-a": no storage class$/,
  );
  stop.abort();
  await waiting.return(pod);
});
