/** What `kodama wait` knows of the embedded cluster: the situations of `tests/cluster/wait_test.ts` that it has too. */
import { unless } from "../src/base/testing/unless.ts";
import assert from "node:assert/strict";
import { startTestCluster } from "./harness/embedded_cluster.ts";
import { runSituations, situations } from "./harness/wait_situations.ts";
import { kubectlMissing } from "./harness/kubectl.ts";

const missing = await kubectlMissing();
const own = situations.filter(({ embedded }) => embedded === true);

Deno.test({
  ...unless(missing, `wait: ${own.length} situations on the embedded cluster end right`),
  fn: async () => {
    await using cluster = await startTestCluster("empty");
    const { wrong } = await runSituations(own, {
      namespace: "default",
      kubeconfig: cluster.kubeconfig,
      kubectl: "kubectl",
    });
    assert.deepEqual(wrong, []);
  },
});
