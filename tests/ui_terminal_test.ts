/** The terminal UI in a real terminal: what a person does with it, and that every way out restores the terminal. */
import assert from "node:assert/strict";
import { startTestCluster, writeDeadKubeconfig } from "./harness/embedded_cluster.ts";
import { PseudoTerminal, terminalMissing } from "./harness/pseudo_terminal.ts";
import { SourceKodama } from "./harness/source_kodama.ts";

const missing = await terminalMissing();

Deno.test({
  name: missing === undefined
    ? "the UI on a terminal, and every way out of it"
    : `the UI on a terminal (not run: ${missing})`,
  ignore: missing !== undefined,
  async fn(t) {
    await using cluster = await startTestCluster("weka");
    const kodama = await SourceKodama.on(cluster);
    // A shell stays behind, and reports how the program has left the terminal.
    const shell = [
      "sh",
      "-c",
      'trap : INT; "$@"; echo "exit code $?"; stty -a | grep -ow -- "-\\?\\(echo\\|icanon\\)"; exec sleep 1000',
      "sh",
    ];
    const open = (env: Readonly<Record<string, string>>, ...args: string[]) =>
      PseudoTerminal.open([...shell, ...kodama.args(["ui", ...args])], {
        env: { ...kodama.env, ...env },
        cwd: new URL("../", import.meta.url).pathname,
        columns: 100,
        rows: 24,
      });
    const left = async (terminal: PseudoTerminal, code: number) => {
      const screen = await terminal.until("the end", /^exit code \d+\n[^]*icanon/m);
      assert.match(screen, new RegExp(`^exit code ${code}$`, "m"));
      assert.match(screen, /^echo$/m);
      assert.match(screen, /^icanon$/m);
      assert.doesNotMatch(screen, /━/, "nothing of the UI is left on the screen");
    };
    const drives = ["-n", "weka-operator-system"];

    await t.step("filter, mark, run a command, see each outcome; quit", async () => {
      await using terminal = await open({}, ...drives);
      await terminal.until("the pods", /weka-drive-1 /);
      await terminal.type("/^weka-drive-[01] ");
      await terminal.until("the filter", / 2 of \d+ ━/);
      await terminal.press("Enter", "a");
      await terminal.until("marks", /2 marked/);
      await terminal.type("xhostname; test $(hostname) = weka-drive-0");
      await terminal.press("Enter");
      const screen = await terminal.until("the outcomes", /failed {4,}1 /);
      assert.match(screen, /weka-drive-0 +ok /);
      assert.match(screen, /weka-drive-1 +failed +1 /);
      await terminal.press("Q");
      await left(terminal, 0);
    });

    await t.step("panes of several kinds, resized; a layout is saved and opened", async () => {
      await using terminal = await open({}, ...drives);
      await terminal.until("the pods", /weka-drive-1 /);
      await terminal.press("M-v");
      await terminal.type(":namespaces");
      await terminal.press("Enter");
      await terminal.until("both lists", /pods · .*│.*namespaces/);
      for (const [columns, rows] of [[40, 10], [300, 100], [61, 17], [100, 24]] as const) {
        await terminal.resize(columns, rows);
        await terminal.until(
          `${columns} columns`,
          (screen) => screen.split("\n").length === rows && /│.*━/.test(screen),
        );
      }
      await terminal.press("C-w", "S");
      await terminal.until("the question", /save the layout as: default/);
      await terminal.press("Enter");
      await terminal.until("the file", /saved as /);
      await terminal.press("C-c");
      await left(terminal, 0);
      await using again = await open({}, "--layout", "default");
      await again.until("both lists again", /pods · .*│.*namespaces/);
      await again.press("q", "q");
      await left(again, 0);
    });

    await t.step("logs and YAML; a deletion that is declined", async () => {
      await using terminal = await open({}, ...drives);
      await terminal.until("the pods", /weka-drive-1 /);
      await terminal.type("/^weka-drive-0 ");
      await terminal.press("Enter");
      await terminal.type("l");
      await terminal.until("the logs", /━ logs weka-drive-0/);
      await terminal.press("q", "y");
      await terminal.until("the object", /kind: Pod/);
      await terminal.press("q", "D");
      await terminal.until("the question", /deletes +pod\/weka-drive-0/);
      await terminal.press("n");
      await terminal.until("the list alone", /━ pods/);
      await terminal.type("?");
      await terminal.until("help", /run a command in the marked pods/);
      await terminal.press("q");
      await terminal.until("the list again", /━ pods/);
      await terminal.press("q");
      await left(terminal, 0);
    });

    for (const signal of ["SIGTERM", "SIGHUP"] as const) {
      await t.step(`${signal} restores the terminal`, async () => {
        await using terminal = await open({}, ...drives);
        await terminal.until("the pods", /weka-drive-1 /);
        await terminal.kill(/main\.js ui/, signal);
        await left(terminal, 130);
      });
    }

    await t.step("a server that can't be reached is an error in the pane", async () => {
      const kubeconfig = await writeDeadKubeconfig(cluster.folder);
      await using terminal = await open({ KUBECONFIG: kubeconfig });
      await terminal.until("the error", /━ failed ━/);
      await terminal.press("q");
      await left(terminal, 0);
    });
  },
});
