/** The page of `kodama web` on a real cluster: the flows of a person, in Chromium. */
import assert from "node:assert/strict";
import { parse } from "yaml";
import { hangTimeout } from "../harness/hang_limit.ts";
import { filePath } from "../../src/files/file_path.ts";
import { chromiumMissing } from "../harness/chromium.ts";
import { testEnvironment } from "../harness/embedded_cluster.ts";
import { SourceKodama } from "../harness/source_kodama.ts";
import { TestFolder } from "../harness/test_folder.ts";
import { runWebFlows, webWorld } from "../harness/web_flows.ts";
import { startGitPod } from "./git_pod.ts";
import { run } from "./host_commands.ts";
import { debianImage } from "./images.ts";
import { RealCluster, rigVariable } from "./test_namespace.ts";

const cluster = RealCluster.fromEnvironment();
// Its images are the rig's.
const onRig = cluster !== undefined && Deno.env.get(rigVariable) !== undefined;
const missing = await chromiumMissing();

/** The embedded cluster's stand-in for Claude Code. */
const agent = new URL(
  "../../packages/cluster/images/session/rootfs/usr/local/bin/claude",
  import.meta.url,
);

Deno.test({
  name: missing === undefined
    ? "the page on a real cluster, as a person uses it"
    : `the page on a real cluster (not run: ${missing})`,
  ignore: !onRig || missing !== undefined,
  fn: async (t) => {
    assert.ok(cluster);
    await using folder = await TestFolder.open("kodama-web-");
    await Deno.mkdir(`${folder.path}/home`);
    await using namespace = await cluster.namespace("web");
    await namespace.kubectl("apply", "-f", filePath(webWorld));
    const repository = await startGitPod(namespace);
    await namespace.kubectl("rollout", "status", "statefulset/web", hangTimeout);
    const config = parse(await cluster.kubectl(["config", "view", "--raw", "--minify"]));
    config.contexts[0].context.namespace = namespace.name;
    const kubeconfig = `${folder.path}/kubeconfig`;
    await Deno.writeTextFile(kubeconfig, JSON.stringify(config), { mode: 0o600 });
    const env = testEnvironment(folder.path, kubeconfig);
    const image = debianImage.names[0] ?? "";
    await runWebFlows(t, {
      kodama: await SourceKodama.on({ env, folder: folder.path }),
      folder: folder.path,
      context: config["current-context"],
      namespace: namespace.name,
      sessionArgs: ["--repo", repository, "--image", image],
      image,
      async installAgent(session) {
        const install = "umask 022; mkdir -p ~/.local/bin && cat >~/.local/bin/claude && " +
          "chmod +x ~/.local/bin/claude";
        const pod = ["exec", "-i", `kodama-${session}`, "-c", "workspace", "--"];
        const stdin = await Deno.readTextFile(agent);
        await run(namespace.words(...pod, "sh", "-c", install), { stdin });
      },
      // What axe examines doesn't depend on the cluster: on the embedded one, it is each theme on each width.
    }, { looks: [["light", 1200], ["dark", 390]] });
  },
});
