/** The terminal UI on a real cluster: what is listed follows the cluster, and what is done in marked pods is done there. */
import assert from "node:assert/strict";
import { testEnvironment } from "../harness/embedded_cluster.ts";
import { PseudoTerminal, terminalMissing } from "../harness/pseudo_terminal.ts";
import { SourceKodama } from "../harness/source_kodama.ts";
import { TestFolder } from "../harness/test_folder.ts";
import { RealCluster } from "./test_namespace.ts";

const cluster = RealCluster.fromEnvironment();
const missing = await terminalMissing();

Deno.test({
  name: "the UI on a real cluster: list, marks, a command in the marked pods, logs, describe",
  ignore: cluster === undefined || missing !== undefined,
  fn: async () => {
    assert.ok(cluster);
    await using folder = await TestFolder.open("kodama-ui-");
    await Deno.mkdir(`${folder.path}/home`);
    await using namespace = await cluster.namespace("ui");
    const command = ["sh", "-c", 'echo "hello from $HOSTNAME"; exec sleep 2147483647'];
    await Promise.all(
      ["web-0", "web-1", "other"].map((name) => namespace.startPod(name, { command })),
    );
    // Only --kubeconfig names the cluster, to the user's kubectl too.
    const env = testEnvironment(folder.path, `${folder.path}/none`);
    const kodama = await SourceKodama.on({ env, folder: folder.path });
    await using terminal = await PseudoTerminal.open(
      kodama.args(["ui", "--kubeconfig", cluster.kubeconfig, "-n", namespace.name]),
      { env: kodama.env, columns: 110, rows: 40 },
    );
    await terminal.until(
      "the pods",
      (screen) => (screen.match(/1\/1 +Running/g) ?? []).length === 3,
    );
    await terminal.type("/^web-");
    await terminal.until("the filter", / 2 of 3 ━/);
    await terminal.press("Enter", "a");
    await terminal.until("marks", /2 marked/);

    await terminal.type("xtouch /tmp/by-ui; test $(hostname) = web-0");
    await terminal.press("Enter");
    const outcomes = await terminal.until("the outcomes", /failed {4,}1 /);
    assert.match(outcomes, /web-0 +ok /);
    assert.match(outcomes, /web-1 +failed +1 /);
    await terminal.press("q");

    await terminal.type("l");
    await terminal.until(
      "the logs of both",
      (screen) => /hello from web-0/.test(screen) && /hello from web-1/.test(screen),
    );
    await terminal.press("q", "d");
    await terminal.until("kubectl's description", /^.*│ ?Name: +web-/m);
    await terminal.press("q", "Escape");
    await terminal.until("all pods", /other /);
    await namespace.kubectl("delete", "pod", "other", "--wait=false");
    await terminal.until("the deletion", (screen) => !/other /.test(screen));
    await terminal.press("Q");
    assert.equal(await terminal.exitCode(), 0);

    const has = async (pod: string) =>
      (await namespace.tryKubectl("exec", pod, "--", "test", "-e", "/tmp/by-ui")).code === 0;
    assert.deepEqual(await Promise.all(["web-0", "web-1"].map(has)), [true, true]);
  },
});
