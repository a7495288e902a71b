/** Verbs that end a session's workspace, and folders put back to an earlier time, on a real cluster. */
import assert from "node:assert/strict";
import { parse } from "yaml";
import { SlowLink } from "../harness/slow_link.ts";
import { SourceKodama } from "../harness/source_kodama.ts";
import { restoreCase, restoreCases } from "../harness/sync_restores.ts";
import { TestFolder } from "../harness/test_folder.ts";
import { endCase, endCases } from "../harness/workspace_ends.ts";
import { machine, sessionNamespace } from "./session_machine.ts";
import { RealCluster, rigVariable } from "./test_namespace.ts";

const cluster = RealCluster.fromEnvironment();
// Its images are the rig's.
const onRig = cluster !== undefined && Deno.env.get(rigVariable) !== undefined;

Deno.test({
  name: "no verb loses what only a session's pod has, on a real cluster",
  ignore: !onRig,
  fn: async (t) => {
    assert.ok(cluster);
    await using namespace = await sessionNamespace(cluster, "ends");
    await using own = await TestFolder.open("kodama-ends-");
    const { env } = await machine(namespace, `${own.path}/machine`);
    const folder = `${own.path}/ends`;
    await Deno.mkdir(folder);
    const direct = env["KUBECONFIG"] ?? "";
    const { clusters } = parse(await Deno.readTextFile(direct));
    await using link = SlowLink.open(clusters[0].cluster.server, { delayMs: 0 });
    await link.kubeconfigFor(direct, `${folder}/kubeconfig`);
    const kodama = await SourceKodama.on({
      env: { ...env, KUBECONFIG: `${folder}/kubeconfig` },
      folder: `${own.path}/machine`,
    });
    for (const one of endCases) {
      await t.step(`${one.situation}, ${one.verb}`, async () => {
        await endCase({ kodama, link, folder, start: ["--image", "debian:12"] }, one);
      });
    }
  },
});

Deno.test({
  name: "a folder or a state of an earlier time takes no version away, on a real cluster",
  ignore: !onRig,
  fn: async (t) => {
    assert.ok(cluster);
    await using namespace = await sessionNamespace(cluster, "restores", { standard: "privileged" });
    await using own = await TestFolder.open("kodama-restores-");
    const kodama = await machine(namespace, `${own.path}/machine`);
    await namespace.startPod("dev", {});
    const inPod = (line: string) => namespace.kubectl("exec", "dev", "--", "sh", "-ec", line);
    const folder = `${own.path}/sites`;
    await Deno.mkdir(folder);
    for (const one of restoreCases) {
      await t.step(`${one.mode}, ${one.what}, ${one.how}`, async () => {
        await restoreCase({ kodama, folder, pod: "dev", inPod }, one);
      });
    }
  },
});
