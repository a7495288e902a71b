/**
 * What `kodama wait` knows of a real Kubernetes, and why: all situations at once, in one namespace; and beside kubectl.
 */
import assert from "node:assert/strict";
import { testEnvironment } from "../harness/embedded_cluster.ts";
import { TestFolder } from "../harness/test_folder.ts";
import { runWaitLines, waitLines } from "../harness/wait_lines.ts";
import { runSituations, situations } from "../harness/wait_situations.ts";
import { RealCluster, rigVariable } from "./test_namespace.ts";

const cluster = RealCluster.fromEnvironment();
// Elsewhere the image has to be pulled first, and nodes may have what these lack.
const ignore = cluster === undefined || Deno.env.get(rigVariable) === undefined;

Deno.test({
  name: `wait on a real cluster: ${situations.length} situations end right`,
  ignore,
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

Deno.test({
  name: `wait on a real cluster: ${waitLines.length} command lines end as with kubectl`,
  ignore,
  fn: async () => {
    assert.ok(cluster);
    await using folder = await TestFolder.open("kodama-wait-");
    await using namespace = await cluster.namespace("wait");
    const wrong = await runWaitLines({
      kubectl: cluster.program,
      env: testEnvironment(folder.path, cluster.kubeconfig),
      namespace: namespace.name,
      folder: `${folder.path}/manifests`,
    });
    assert.deepEqual(wrong, []);
  },
});
