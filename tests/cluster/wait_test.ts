/** What `kodama wait` knows of a real Kubernetes, and why: all situations at once, in one namespace. */
import assert from "node:assert/strict";
import { runSituations, situations } from "../harness/wait_situations.ts";
import { RealCluster, rigVariable } from "./test_namespace.ts";

const cluster = RealCluster.fromEnvironment();

Deno.test({
  name: `wait on a real cluster: ${situations.length} situations end right`,
  // Elsewhere the image has to be pulled first, and nodes may have what these lack.
  ignore: cluster === undefined || Deno.env.get(rigVariable) === undefined,
  fn: async () => {
    assert.ok(cluster);
    await using namespace = await cluster.namespace("wait");
    const { wrong } = await runSituations(situations, {
      namespace: namespace.name,
      kubeconfig: cluster.kubeconfig,
      kubectl: cluster.program,
    });
    assert.deepEqual(wrong, []);
  },
});
