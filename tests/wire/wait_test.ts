/** Command lines of `kubectl wait`, which `kodama wait` takes too, on the embedded cluster. */
import assert from "node:assert/strict";
import { unless } from "../../src/base/testing/unless.ts";
import { startTestCluster } from "../harness/embedded_cluster.ts";
import { kubectlMissing } from "../harness/kubectl.ts";
import { runWaitLines, waitLines } from "../harness/wait_lines.ts";

Deno.test({
  ...unless(
    await kubectlMissing(),
    `wait: ${waitLines.length} command lines end as with kubectl on the embedded cluster`,
  ),
  fn: async () => {
    await using cluster = await startTestCluster("empty");
    const wrong = await runWaitLines({
      kubectl: "kubectl",
      env: { ...cluster.env, KUBECONFIG: cluster.kubeconfig },
      namespace: "default",
      folder: `${cluster.folder}/manifests`,
    });
    assert.deepEqual(wrong, []);
  },
});
