/** Folders of pods, and states of syncs, that are put back to an earlier time, on the embedded cluster. */
import assert from "node:assert/strict";
import { runCommand } from "../harness/command.ts";
import { startTestCluster } from "../harness/embedded_cluster.ts";
import { SourceKodama } from "../harness/source_kodama.ts";
import { restoreCase, restoreCases } from "../harness/sync_restores.ts";

Deno.test("a folder or a state of an earlier time takes no version of a file away", async (t) => {
  await using cluster = await startTestCluster();
  const kodama = await SourceKodama.on(cluster);
  const kubectl = async (...args: string[]) => {
    const { code, stdout, stderr } = await runCommand(["kubectl", ...args], { env: cluster.env });
    assert.equal(code, 0, stderr);
    return stdout;
  };
  await kubectl("run", "dev", "--image=busybox:1.36", "--", "sleep", "2147483647");
  await kubectl("wait", "--for=condition=Ready", "pod/dev", "--timeout=60s");
  const inPod = (line: string) => kubectl("exec", "dev", "--", "sh", "-ec", line);
  const folder = `${cluster.folder}/sites`;
  await Deno.mkdir(folder);
  for (const one of restoreCases) {
    await t.step(`${one.mode}, ${one.what}, ${one.how}`, async () => {
      await restoreCase({ kodama, folder, pod: "dev", inPod }, one);
    });
  }
});
