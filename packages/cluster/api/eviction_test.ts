import assert from "node:assert/strict";
import { resources } from "../resources.ts";
import { podNamed, type TestApi, testApi } from "./testing/api.ts";

/** Returns an API with a ready pod and budgets that cover it. */
function withBudgets(...allowed: number[]): TestApi {
  const api = testApi();
  const { metadata, ...pod } = podNamed("a", { app: "a" });
  const status = { phase: "Running", conditions: [{ type: "Ready", status: "True" }] };
  api.store.create(resources.pods, {
    ...pod,
    metadata: { ...metadata, namespace: "default" },
    status,
  });
  for (const [index, disruptionsAllowed] of allowed.entries()) {
    api.store.create(resources.podDisruptionBudgets, {
      apiVersion: "policy/v1",
      kind: "PodDisruptionBudget",
      metadata: { name: `b${index}`, namespace: "default" },
      spec: { selector: { matchLabels: { app: "a" } } },
      status: { disruptionsAllowed, desiredHealthy: 1, currentHealthy: 1 + disruptionsAllowed },
    });
  }
  return api;
}

const evict = (api: TestApi) =>
  api.json("POST", "/api/v1/namespaces/default/pods/a/eviction", {
    body: { apiVersion: "policy/v1", kind: "Eviction", metadata: { name: "a" } },
  });

Deno.test("an eviction takes from the budget of its pod", async () => {
  const api = withBudgets(1);
  assert.equal((await evict(api)).code, 201);
  const budget = api.store.get(resources.podDisruptionBudgets, "default", "b0");
  assert.equal((budget?.["status"] as { disruptionsAllowed: number }).disruptionsAllowed, 0);
  assert.equal(api.store.get(resources.pods, "default", "a"), undefined);
});

Deno.test("an eviction that a budget doesn't allow is refused, and the pod stays", async () => {
  const api = withBudgets(0);
  const { code, message, details } = await evict(api) as {
    code?: number;
    message?: string;
    details?: { causes?: unknown[] };
  };
  assert.equal(code, 429);
  assert.equal(message, "Cannot evict pod as it would violate the pod's disruption budget.");
  assert.deepEqual(details?.causes, [{
    reason: "DisruptionBudget",
    message: "The disruption budget b0 needs 1 healthy pods and has 1 currently",
  }]);
  assert.ok(api.store.get(resources.pods, "default", "a"));
});

Deno.test("a pod of two budgets can't be evicted", async () => {
  assert.equal((await evict(withBudgets(1, 1))).code, 500);
});
