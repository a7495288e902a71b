/** The terminal UI on a real cluster: the flows of a person, and every way out of them. */
import assert from "node:assert/strict";
import { hangTimeout } from "../harness/hang_limit.ts";
import { thisMachine } from "../harness/cluster_in_process.ts";
import { testEnvironment } from "../harness/embedded_cluster.ts";
import { terminalMissing } from "../harness/pseudo_terminal.ts";
import { SlowLink } from "../harness/slow_link.ts";
import { SourceKodama } from "../harness/source_kodama.ts";
import { TestFolder } from "../harness/test_folder.ts";
import { runUiFlows, uiWorld } from "../harness/ui_flows.ts";
import { run } from "./host_commands.ts";
import { RealCluster } from "./test_namespace.ts";

const cluster = RealCluster.fromEnvironment();
const missing = await terminalMissing();

Deno.test({
  name: "the UI on a real cluster, and every way out of it",
  ignore: cluster === undefined || missing !== undefined,
  fn: async (t) => {
    assert.ok(cluster);
    await using folder = await TestFolder.open("kodama-ui-");
    await Deno.mkdir(`${folder.path}/home`);
    await using namespace = await cluster.namespace("ui");
    await namespace.kubectl("apply", "-f", uiWorld.pathname);
    await namespace.kubectl("rollout", "status", "statefulset/web", hangTimeout);
    const whole = `${folder.path}/whole`;
    const [view, server] = await Promise.all(
      [["-o", "json", "--raw", "--minify"], [
        "-o",
        "jsonpath={.clusters[0].cluster.server}",
        "--minify",
      ]]
        .map((args) => run(cluster.words("config", "view", ...args))),
    );
    await Deno.writeTextFile(whole, view ?? "", { mode: 0o600 });
    await using link = SlowLink.open(server ?? "", { delayMs: 0 });
    const kubeconfig = `${folder.path}/through-the-link`;
    await link.kubeconfigFor(whole, kubeconfig);
    const env = testEnvironment(folder.path, kubeconfig);
    const kodama = await SourceKodama.on({ env, folder: folder.path });
    await using client = await thisMachine({ ...env, KUBECONFIG: whole }).kube();
    // Each flow leaves the program in another way than on the embedded cluster.
    await runUiFlows(t, { kodama, link, namespace: namespace.name, client }, { turn: 2 });
  },
});
