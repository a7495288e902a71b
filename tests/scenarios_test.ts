/**
 * Every file of `tests/scenarios/`, on an embedded cluster of its own; with `KODAMA_TEST_KUBECONFIG` those
 * that say so on that real cluster instead. `KODAMA_UPDATE_SCENARIOS=1` writes what happened into the files.
 */
import { unless } from "../src/base/testing/unless.ts";
import { openEmbeddedCluster } from "./harness/embedded_scenario.ts";
import { kubectlMissing } from "./harness/kubectl.ts";
import { openRealCluster, realKubeconfig } from "./harness/real_scenario.ts";
import { assertSameText } from "./harness/same_text.ts";
import { formatScenario, parseScenario, type Scenario } from "./harness/scenario.ts";
import { runScenario } from "./harness/scenario_run.ts";
import { filePath } from "../src/files/file_path.ts";
import { findProgram } from "../src/kube/testing/image_shells.ts";

const folder = filePath(new URL("scenarios/", import.meta.url));
const real = realKubeconfig();
const update = Deno.env.get("KODAMA_UPDATE_SCENARIOS") === "1";
const missing = await kubectlMissing();
// Pods of the embedded cluster have this machine's programs.
const hasBusybox = real !== undefined || await findProgram("busybox") !== undefined;

function skipped(scenario: Scenario): string | undefined {
  if (real !== undefined && !scenario.runs.includes("real")) return scenario.whyNotReal;
  const needsBusybox = scenario.parts.some((part) =>
    part.kind === "apply" && part.text.includes("exec busybox")
  );
  if (needsBusybox && !hasBusybox) return "this machine has no busybox";
  const needsKubectl = scenario.parts.some((part) =>
    part.kind === "apply" ||
    part.kind === "console" && part.steps.some(({ command }) => command.includes("kubectl"))
  );
  return needsKubectl ? missing : undefined;
}

async function runEmbedded(scenario: Scenario): Promise<Scenario> {
  await using cluster = await openEmbeddedCluster(scenario.world);
  return await runScenario(scenario, cluster);
}

async function runReal(scenario: Scenario, path: string): Promise<Scenario> {
  await using cluster = await openRealCluster(path);
  return await runScenario(scenario, cluster);
}

const names: string[] = [];
for await (const { name } of Deno.readDir(folder)) if (name.endsWith(".md")) names.push(name);

for (const name of names.sort()) {
  const path = `${folder}${name}`;
  const text = await Deno.readTextFile(path);
  const scenario = parseScenario(text);
  const reason = skipped(scenario);
  Deno.test(unless(reason, `scenario ${name}`), async () => {
    const happened = formatScenario(
      real === undefined ? await runEmbedded(scenario) : await runReal(scenario, real),
    );
    if (update && real === undefined) {
      await Deno.remove(path);
      await Deno.writeTextFile(path, happened);
    } else assertSameText(happened, text, name);
  });
}
