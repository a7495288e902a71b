/** The workflows of `examples/workflows/` on an embedded cluster; `tests/cluster/workflows_test.ts` has a real one. */
import { noneOf, unless } from "../src/base/testing/unless.ts";
import assert from "node:assert/strict";
import { findProgram } from "../src/kube/testing/image_shells.ts";
import { startTestCluster } from "./harness/embedded_cluster.ts";
import { examplesWorld, wrongExamples } from "./harness/workflow_examples.ts";

// Pods of the embedded cluster have this machine's programs; one of the examples' is a web server.
const missing = noneOf({ busybox: await findProgram("busybox") });

Deno.test({
  ...unless(missing, "every example of a workflow runs, and its tests have the expected results"),
  fn: async () => {
    await using cluster = await startTestCluster(examplesWorld);
    const { workflows, cases, wrong } = await wrongExamples(cluster);
    assert.deepEqual(wrong, []);
    assert.ok(workflows >= 15 && cases >= 20, `${workflows} workflows, ${cases} cases`);
  },
});
