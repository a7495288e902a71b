/** The terminal UI in a real terminal on the embedded cluster: what a person does with it, and every way out of it. */
import { unless } from "../src/base/testing/unless.ts";
import { startTestCluster, writeDeadKubeconfig } from "./harness/embedded_cluster.ts";
import { podTerminalsMissing, terminalMissing } from "./harness/pseudo_terminal.ts";
import { SlowLink } from "./harness/slow_link.ts";
import { SourceKodama } from "./harness/source_kodama.ts";
import { assertRestored, openUi, runUiFlows, uiWorld } from "./harness/ui_flows.ts";
import { thisMachine } from "./harness/cluster_in_process.ts";

const missing = await terminalMissing();

Deno.test({
  ...unless(missing, "the UI on a terminal, and every way out of it"),
  async fn(t) {
    await using cluster = await startTestCluster(uiWorld.pathname);
    await using link = SlowLink.open(cluster.cluster.server, { delayMs: 0 });
    const kubeconfig = `${cluster.folder}/through-the-link`;
    await link.kubeconfigFor(cluster.kubeconfig, kubeconfig);
    const kodama = await SourceKodama.on({
      ...cluster,
      env: { ...cluster.env, KUBECONFIG: kubeconfig },
    });
    await using client = await thisMachine(cluster.env).kube();
    await runUiFlows(t, { kodama, link, namespace: "default", client }, { turn: 0 });

    await t.step("a layout is saved, and opened again", async () => {
      await using terminal = await openUi(kodama.args(["ui"]), kodama.env);
      await terminal.shows("the pods", /web-1 /);
      await terminal.press("M-v");
      await terminal.type(":");
      await terminal.enter("namespaces");
      await terminal.shows("both lists", /pods · .*│.*namespaces/);
      await terminal.press("C-w", "S");
      await terminal.shows("the question", /save the layout as: default/);
      await terminal.press("Enter");
      await terminal.shows("the file", /saved as /);
      await terminal.press("C-c");
      await assertRestored(terminal, 0);
      await using again = await openUi(kodama.args(["ui", "--layout", "default"]), kodama.env);
      await again.shows("both lists again", /pods · .*│.*namespaces/);
      await again.press("q", "q");
      await assertRestored(again, 0);
    });

    await t.step({
      ...unless(
        await podTerminalsMissing(),
        "a session's shell is in a pane, and remains when it is closed",
      ),
      fn: async () => {
        await kodama.succeed(["start", "flow", "--image", "busybox:1.36", "--no-sync"]);
        await using terminal = await openUi(kodama.args(["ui"]), kodama.env);
        await terminal.shows("the pods", /kodama-flow +1\/1/);
        await terminal.press("M-p");
        await terminal.shows("kinds of panes", /sessions +sessions in pods/);
        await terminal.enter("sessions");
        await terminal.shows("the session", /flow +Running/);
        await terminal.type("s");
        await terminal.shows("its prompt", /shell in the session flow[^]*\/workspace/);
        await terminal.type("mark=$((6 * 7)); echo set to $mark");
        await terminal.press("Enter");
        await terminal.shows("that it is set", /set to 42/);
        await terminal.press("M-x");
        await terminal.shows("its end", (screen) => !/shell in the session/.test(screen));
        await terminal.type("s");
        await terminal.shows("the prompt again", /shell in the session flow[^]*\/workspace/);
        await terminal.type('echo "mark is $mark"');
        await terminal.press("Enter");
        await terminal.shows("the same shell", /mark is 42/);
        await terminal.press("M-x");
        await terminal.shows("its end", (screen) => !/shell in the session/.test(screen));
        await terminal.press("Q");
        await assertRestored(terminal, 0);
        await kodama.succeed(["delete", "flow", "--yes"]);
      },
    });

    await t.step("a server that can't be reached is an error in the pane", async () => {
      const dead = await writeDeadKubeconfig(cluster.folder);
      await using terminal = await openUi(kodama.args(["ui"]), { ...kodama.env, KUBECONFIG: dead });
      await terminal.shows("the error", /━ failed ━/);
      await terminal.press("q");
      await assertRestored(terminal, 0);
    });
  },
});
