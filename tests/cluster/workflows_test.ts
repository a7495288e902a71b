/** Workflows on a real Kubernetes: the examples with their tests. */
import assert from "node:assert/strict";
import { testEnvironment } from "../harness/embedded_cluster.ts";
import { TestFolder } from "../harness/test_folder.ts";
import { examplesWorld, wrongExamples } from "../harness/workflow_examples.ts";
import { RealCluster, rigVariable, type TestNamespace } from "./test_namespace.ts";

const cluster = RealCluster.fromEnvironment();
// One of them drains a node, which isn't for a cluster that others use.
const onRig = Deno.env.get(rigVariable) !== undefined;

/** Returns an environment whose current context is the test's namespace, and its folder. */
async function environmentIn(namespace: TestNamespace, folder: string) {
  const kubeconfig = `${folder}/kubeconfig`;
  const own = await namespace.kubectl("config", "view", "--raw", "--minify", "--flatten");
  await Deno.writeTextFile(kubeconfig, own, { mode: 0o600 });
  await new RealCluster(kubeconfig, namespace.cluster.program)
    .kubectl(["config", "set-context", "--current", "--namespace", namespace.name]);
  await Deno.mkdir(`${folder}/home`);
  return { env: testEnvironment(folder, kubeconfig), folder };
}

Deno.test({
  name: "workflows on a real cluster: every example has the results that its test expects",
  ignore: cluster === undefined || !onRig,
  fn: async () => {
    assert.ok(cluster);
    await using namespace = await cluster.namespace("workflows");
    await using folder = await TestFolder.open("kodama-workflows-");
    await namespace.kubectl("apply", "-f", examplesWorld);
    await namespace.kubectl("wait", "--for=condition=Ready", "pod/page", "--timeout=60s");
    for (const name of ["web", "db"]) {
      await namespace.kubectl("rollout", "status", `sts/${name}`, "--timeout=60s");
    }
    const { workflows, cases, wrong } = await wrongExamples(
      await environmentIn(namespace, folder.path),
    );
    assert.deepEqual(wrong, []);
    assert.ok(workflows >= 15 && cases >= 20, `${workflows} workflows, ${cases} cases`);
  },
});
