/** `kodama pick` in a real terminal, over pods of the embedded cluster. */
import { unless } from "../src/base/testing/unless.ts";
import assert from "node:assert/strict";
import { systemHost } from "../src/kube/host.ts";
import { openKubeClient } from "../src/kube/open_client.ts";
import { PODS } from "../src/kube/resources.ts";
import { builtKodama } from "./harness/built_kodama.ts";
import { startTestCluster, type TestCluster } from "./harness/embedded_cluster.ts";
import { runCommand } from "./harness/command.ts";
import { PseudoTerminal, terminalMissing } from "./harness/pseudo_terminal.ts";

const root = new URL("../", import.meta.url).pathname;
const missing = await terminalMissing();
const prefix = await builtKodama();

const kodama = (...words: string[]) => [`${prefix}/bin/kodama`, ...words];

const inNamespace = ["-n", "weka-operator-system"];

/** A shell that shows what kodama printed, and what it left of the terminal; it stays, and its screen with it. */
function shown(words: readonly string[]): string[] {
  const line = words.map((word) => `'${word}'`).join(" ");
  return [
    "sh",
    "-c",
    `picked=$(${line}); echo "code $?:" $picked; stty -a | grep -o -- '-*icanon'; cat`,
  ];
}

async function deletePod({ kubeconfig }: TestCluster, name: string): Promise<void> {
  await using client = await openKubeClient({ kubeconfig }, systemHost(() => {}));
  await client.delete(PODS, name, { namespace: "weka-operator-system" });
}

Deno.test({
  ...unless(missing, "kodama pick in a terminal"),
  fn: async (t) => {
    await using cluster = await startTestCluster("fleet:drives=6");
    const { env } = cluster;
    const open = async (words: readonly string[]) =>
      await PseudoTerminal.open(shown(words), { env, columns: 100, rows: 24, cwd: root });

    await t.step(
      "two of several, chosen with Tab, are printed in the order of choosing",
      async () => {
        await using terminal = await open(kodama("pick", ...inNamespace));
        await terminal.shows("all pods", /6\/6/);
        await terminal.type("drive 3");
        await terminal.shows("the one that fits", /1\/6/);
        await terminal.press("Tab");
        await terminal.press("C-u");
        await terminal.type("'drive-1");
        await terminal.shows("the other one", /1\/6 \(1\)/);
        await terminal.press("Tab");
        await terminal.shows("both chosen", /1\/6 \(2\)/);
        await terminal.press("Enter");
        const screen = await terminal.shows("the end", /icanon/);
        assert.match(screen, /^code 0: weka-drive-3 weka-drive-1$/m);
        assert.match(screen, /^icanon$/m, "the terminal is as it was");
        assert.doesNotMatch(screen, /6\/6|│/, "nothing is left of the picker");
      },
    );

    await t.step("Esc leaves with 130, and the terminal as it was", async () => {
      await using terminal = await open(kodama("pick", ...inNamespace));
      await terminal.shows("all pods", /6\/6/);
      await terminal.press("Escape");
      const screen = await terminal.shows("the end", /icanon/);
      assert.match(screen, /^code 130:$/m);
      assert.match(screen, /^icanon$/m);
    });

    await t.step(
      "the picker reports a chosen pod that vanishes, and the cursor stays on its row",
      async () => {
        await using terminal = await open(kodama("pick", ...inNamespace, "--no-preview"));
        await terminal.shows("all pods", /6\/6/);
        await terminal.press("Tab", "Up", "Up");
        await terminal.shows("the cursor on the third", /^> weka-drive-2/m);
        await deletePod(cluster, "weka-drive-0");
        await terminal.shows("what has happened", /weka-drive-0 is gone, and no longer chosen/);
        await terminal.shows("the cursor where it was", /^> weka-drive-2/m);
        await terminal.press("Enter");
        assert.match(await terminal.shows("the end", /icanon/), /^code 0: weka-drive-2$/m);
      },
    );

    for (const signal of ["SIGTERM", "SIGHUP", "SIGINT"] as const) {
      await t.step(`${signal} gives the terminal back, and leaves with 130`, async () => {
        const file = await Deno.makeTempFile({ prefix: "kodama-pid-" });
        const words = ["sh", "-c", `echo $$ >${file}; exec "$@"`, "sh"];
        await using terminal = await open([...words, ...kodama("pick", ...inNamespace)]);
        await terminal.shows("all pods", /6\/6/);
        Deno.kill(Number(await Deno.readTextFile(file)), signal);
        await Deno.remove(file);
        const screen = await terminal.shows("the end", /icanon/);
        assert.match(screen, new RegExp(`stopped by ${signal}\n[^]*^code 130:$`, "m"));
        assert.match(screen, /^icanon$/m);
        assert.doesNotMatch(screen, /6\/6/, "nothing is left of the picker");
      });
    }

    await t.step("SIGTERM gives the whole screen back, with what was on it", async () => {
      const file = await Deno.makeTempFile({ prefix: "kodama-pid-" });
      const words = ["sh", "-c", `echo before >&2; echo $$ >${file}; exec "$@"`, "sh"];
      const full = kodama("pick", ...inNamespace, "--height", "100%");
      await using terminal = await open([...words, ...full]);
      const picker = await terminal.shows("all pods", /6\/6/);
      assert.doesNotMatch(picker, /before/);
      Deno.kill(Number(await Deno.readTextFile(file)), "SIGTERM");
      await Deno.remove(file);
      const screen = await terminal.shows("the end", /icanon/);
      assert.match(screen, /^before\n[^]*stopped by SIGTERM\n[^]*^code 130:\nicanon$/m);
      assert.doesNotMatch(screen, /6\/6/, "nothing is left of the picker");
    });

    await t.step("? shows the keys, and the list is as it was after it", async () => {
      await using terminal = await open(kodama("pick", ...inNamespace, "--no-preview"));
      await terminal.shows("all pods", /6\/6 {2}.*\?: help/);
      await terminal.press("Up");
      await terminal.shows("the cursor on the second", /^> weka-drive-1/m);
      await terminal.type("?");
      await terminal.shows("the help", /^Select\n {2}enter /m);
      await terminal.press("Escape");
      await terminal.shows("the list again", /^> weka-drive-1/m);
      await terminal.press("Enter");
      assert.match(await terminal.shows("the end", /icanon/), /^code 0: weka-drive-1$/m);
    });

    await t.step("a window of 20 columns, and a click in it", async () => {
      await using terminal = await open(kodama("pick", ...inNamespace, "--height", "100%"));
      await terminal.shows("all pods", /6\/6/);
      await terminal.resize(20, 12);
      const screen = await terminal.shows(
        "the list in its new width",
        // tmux first cuts the old screen, whose rows are elsewhere: it still has the column READY and no prompt.
        /^ {2}POD\n {2}6\/6 {2}\?: help\n>$/m,
      );
      const row = screen.split("\n").findIndex((line) => line.includes("weka-drive-2"));
      await terminal.type(`\x1b[<0;5;${row + 1}M`);
      await terminal.shows("the cursor where was clicked", /^> weka-drive-2/m);
      await terminal.press("Enter");
      assert.match(await terminal.shows("the end", /icanon/), /^code 0: weka-drive-2$/m);
    });

    await t.step("exec -it with several matches asks which", async () => {
      const words = kodama("exec", ...inNamespace, "-it", "-m", "drive", "--", "hostname");
      const line = words.map((word) => `'${word}'`).join(" ");
      const shell = ["sh", "-c", `${line}; echo "code $?"; cat`];
      const size = { columns: 100, rows: 24 };
      await using terminal = await PseudoTerminal.open(shell, { env, cwd: root, ...size });
      await terminal.shows("all pods", /6\/6/);
      await terminal.type("drive-4");
      await terminal.shows("the one that fits", /1\/6/);
      await terminal.press("Enter");
      await terminal.shows("its name", /^weka-drive-4$/m);
      await terminal.shows("its exit code", /^code 0$/m);
    });

    await t.step("a paste runs nothing, with its marks or without them", async () => {
      const words = kodama("exec", ...inNamespace, "-m", "drive", "--pick", "--", "hostname");
      await using terminal = await open(words);
      await terminal.shows("all pods", /6\/6/);
      await terminal.paste("c\n".repeat(50_000), { marked: true });
      await terminal.shows("why it isn't inserted", /6\/6[^]*several lines were pasted/);
      await terminal.paste("weka\ndrive-4\n", { marked: false });
      await terminal.shows("its text", /wekadrive-4/);
      await terminal.press("C-c");
      await terminal.shows("its exit code", /^code 130:$/m);
    });

    await t.step("without a terminal the matches are named", async () => {
      const { code, stderr } = await runCommand(kodama("pick", ...inNamespace), { env });
      assert.equal(code, 2);
      assert.match(stderr, /the picker needs a terminal; 6 match: weka-drive-0, weka-drive-1/);
    });

    await t.step("a single match is taken without a terminal", async () => {
      const words = kodama("pick", ...inNamespace, "-q", "drive-5", "--select-1", "--print0");
      const { code, stdout } = await runCommand(words, { env });
      assert.deepEqual({ code, stdout }, { code: 0, stdout: "weka-drive-5\0" });
    });

    await t.step("--exit-0 reports at once that nothing matches", async () => {
      const words = kodama("pick", ...inNamespace, "-q", "none-such", "--exit-0");
      const { code, stderr } = await runCommand(words, { env });
      assert.deepEqual([code, stderr], [2, 'error: no pod matches "none-such"\n']);
    });

    await t.step(
      "where nothing fits what was typed, a command that needs one pod says that",
      async () => {
        await using terminal = await open(kodama("shell", ...inNamespace));
        await terminal.shows("all pods", /6\/6/);
        await terminal.type("none-such");
        await terminal.shows("none that fits", /0\/6/);
        await terminal.press("Enter");
        await terminal.shows(
          "why there is no shell",
          /^error: no pod matches "none-such"$/m,
        );
      },
    );
  },
});
