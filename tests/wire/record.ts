/**
 * `deno task wire:record [NAME…]`: writes what a real cluster answers into the files of `recorded/`. The
 * cluster is that of `KODAMA_TEST_KUBECONFIG`, else the rig of this checkout. `dry_run` is what it makes of the
 * manifests in the folder of that name.
 */
import { findLayout } from "../cluster/layout.ts";
import { Kubectl } from "../harness/kubectl.ts";
import { dryRun, expectedFile } from "./dry_run/dry_run.ts";
import { openRealCluster, realKubeconfig } from "../harness/real_scenario.ts";
import { formatScenario } from "../harness/scenario.ts";
import { perform, readRecorded, recordedFolder, recordedNames } from "./recording.ts";

const kubeconfig = realKubeconfig() ?? (await findLayout()).kubeconfig;
const wanted = Deno.args.map((name) => `${name}.md`);
if (wanted.length === 0 || wanted.includes("dry_run.md")) {
  const env = { PATH: Deno.env.get("PATH") ?? "", HOME: "/nonexistent", KUBECONFIG: kubeconfig };
  const objects = await dryRun(new Kubectl(env));
  await Deno.writeTextFile(expectedFile, `${JSON.stringify(objects, null, 2)}\n`);
}
for (const name of await recordedNames()) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  await using stage = await openRealCluster(kubeconfig);
  const happened = await perform(await readRecorded(name), stage);
  await Deno.writeTextFile(`${recordedFolder}${name}`, formatScenario(happened));
}
