/** A week of work in a session on the embedded cluster. */
import assert from "node:assert/strict";
import { runCommand } from "../harness/command.ts";
import { sessionEnvironment, startTestCluster } from "../harness/embedded_cluster.ts";
import { SourceKodama } from "../harness/source_kodama.ts";
import { comparisons, syncWeek } from "../harness/sync_week.ts";

Deno.test("a week of work in a synced session loses nothing, and ends equal each time", async () => {
  await using cluster = await startTestCluster();
  const env = sessionEnvironment(cluster.folder, cluster.kubeconfig);
  const kodama = await SourceKodama.on({ env, folder: cluster.folder });
  const folder = `${cluster.folder}/site`;
  await Deno.mkdir(folder);
  await kodama.succeed(["start", "week", "--sync", "."], { cwd: folder });
  const removePod = async () => {
    const args = ["kubectl", "delete", "pod", "kodama-week", "--force", "--grace-period=0"];
    const { code, stderr } = await runCommand(args, { env });
    assert.equal(code, 0, stderr);
  };
  assert.equal(
    (await syncWeek({ kodama, folder, session: "week", removePod })).length,
    comparisons,
  );
  await kodama.succeed(["delete", "week", "--purge", "--discard", "--force"], { cwd: folder });
});
