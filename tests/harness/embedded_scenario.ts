/** An embedded cluster for scenarios, with a namespace of their own. */
import { resources } from "../../packages/cluster/resources.ts";
import { startTestCluster } from "./embedded_cluster.ts";
import type { ScenarioCluster } from "./scenario_run.ts";

/** Starts it; disposing of it ends the cluster. */
export async function openEmbeddedCluster(
  world = "empty",
): Promise<ScenarioCluster & AsyncDisposable> {
  const test = await startTestCluster(world);
  const namespace = "kodama-scenario-embedded";
  test.cluster.store.create(resources.namespaces, {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name: namespace, labels: { "kubernetes.io/metadata.name": namespace } },
    spec: { finalizers: ["kubernetes"] },
    status: { phase: "Active" },
  });
  return {
    kubeconfig: test.cluster.kubeconfig,
    namespace,
    repeatsInProcess: true,
    [Symbol.asyncDispose]: () => test[Symbol.asyncDispose](),
  };
}
