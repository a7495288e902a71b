/**
 * `deno task wire:record [NAME…]`: writes what a real cluster answers into the files of `recorded/`. The
 * cluster is that of `KODAMA_TEST_KUBECONFIG`, else the rig of this checkout.
 */
import { findLayout } from "../cluster/layout.ts";
import { openRealCluster, realKubeconfig } from "../harness/real_scenario.ts";
import { formatScenario } from "../harness/scenario.ts";
import { perform, readRecorded, recordedFolder, recordedNames } from "./recording.ts";

const kubeconfig = realKubeconfig() ?? (await findLayout()).kubeconfig;
const wanted = Deno.args.map((name) => `${name}.md`);
for (const name of await recordedNames()) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  await using stage = await openRealCluster(kubeconfig);
  const happened = await perform(await readRecorded(name), stage);
  await Deno.writeTextFile(`${recordedFolder}${name}`, formatScenario(happened));
}
