/** The metrics API: its objects, and what it refuses. */
import assert from "node:assert/strict";
import { resources } from "../resources.ts";
import { groups } from "./discovery.ts";
import { podNamed, testApi } from "./testing/api.ts";

const root = "/apis/metrics.k8s.io/v1beta1";

async function measuredApi() {
  const api = testApi();
  for (const name of ["a", "b", "idle"]) {
    await api.json("POST", "/api/v1/namespaces/default/pods", {
      body: podNamed(name, { app: name }),
    });
  }
  const uidOf = (name: string) =>
    api.store.get(resources.pods, "default", name)?.metadata.uid ?? "";
  const usage = { cores: 0.25, memoryBytes: 3 * 1024 * 1024 };
  api.node.usage = () =>
    Promise.resolve({
      timestamp: api.clock.now(),
      windowMs: 1500,
      machine: { cores: 1.5, memoryBytes: 1024 },
      pods: new Map(["a", "b"].map((name) => [uidOf(name), new Map([["main", usage]])])),
    });
  return api;
}

Deno.test("metrics API: a pod's containers, in the units of metrics-server", async () => {
  const api = await measuredApi();
  const pod = await api.json("GET", `${root}/namespaces/default/pods/a`);
  assert.deepEqual(pod, {
    kind: "PodMetrics",
    apiVersion: "metrics.k8s.io/v1beta1",
    metadata: {
      name: "a",
      namespace: "default",
      creationTimestamp: "2026-01-02T03:04:05Z",
      labels: { app: "a" },
    },
    timestamp: "2026-01-02T03:04:05Z",
    window: "1.500s",
    containers: [{ name: "main", usage: { cpu: "250000000n", memory: "3072Ki" } }],
  });
});

Deno.test("metrics API: lists by labels and namespace, without pods of which nothing runs", async () => {
  const api = await measuredApi();
  const names = async (path: string) =>
    (await api.json("GET", `${root}${path}`)).items?.map(({ metadata }) => metadata?.name);
  assert.deepEqual(await names("/pods"), ["a", "b"]);
  assert.deepEqual(await names("/namespaces/default/pods?labelSelector=app%3Db"), ["b"]);
  assert.deepEqual(await names("/namespaces/other/pods"), []);
});

Deno.test("metrics API: discovered in its version; refuses what metrics-server refuses", async () => {
  const api = await measuredApi();
  assert.equal(groups.find(({ group }) => group === "metrics.k8s.io")?.version, "v1beta1");
  const refusal = async (method: string, path: string) => {
    const { code, message } = await api.json(method, `${root}${path}`);
    return [code, message];
  };
  assert.deepEqual(await refusal("GET", "/namespaces/default/pods/idle"), [
    404,
    'podmetrics "default/idle" not found',
  ]);
  assert.equal((await refusal("DELETE", "/namespaces/default/pods/a"))[0], 405);
  assert.equal((await refusal("GET", "/services"))[0], 404);
  api.node.usage = () => Promise.resolve(undefined);
  assert.equal((await refusal("GET", "/pods"))[0], 503);
});
