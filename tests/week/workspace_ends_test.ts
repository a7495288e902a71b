/** Verbs that end a session's workspace, in situations in which the pod has something alone, on the embedded cluster. */
import { sessionEnvironment, startTestCluster } from "../harness/embedded_cluster.ts";
import { SlowLink } from "../harness/slow_link.ts";
import { SourceKodama } from "../harness/source_kodama.ts";
import { endCase, endCases } from "../harness/workspace_ends.ts";
import { parse } from "yaml";

Deno.test("no verb loses what only a session's pod has", async (t) => {
  await using cluster = await startTestCluster();
  const { clusters } = parse(await Deno.readTextFile(cluster.kubeconfig));
  await using link = SlowLink.open(clusters[0].cluster.server, { delayMs: 0 });
  const folder = `${cluster.folder}/ends`;
  await Deno.mkdir(folder);
  await link.kubeconfigFor(cluster.kubeconfig, `${folder}/kubeconfig`);
  const kodama = await SourceKodama.on({
    env: sessionEnvironment(folder, `${folder}/kubeconfig`),
    folder,
  });
  for (const one of endCases) {
    await t.step(`${one.situation}, ${one.verb}`, async () => {
      await endCase({ kodama, link, folder, start: [] }, one);
    });
  }
});
