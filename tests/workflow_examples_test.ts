/** The workflows of `examples/workflows/` on an embedded cluster; `tests/cluster/workflows_test.ts` has a real one. */
import assert from "node:assert/strict";
import { startTestCluster } from "./harness/embedded_cluster.ts";
import { examplesWorld, wrongExamples } from "./harness/workflow_examples.ts";

Deno.test("every example of a workflow runs, and its tests have the expected results", async () => {
  await using cluster = await startTestCluster(examplesWorld);
  const { workflows, cases, wrong } = await wrongExamples(cluster);
  assert.deepEqual(wrong, []);
  assert.ok(workflows >= 15 && cases >= 20, `${workflows} workflows, ${cases} cases`);
});
