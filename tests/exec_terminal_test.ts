/** A run on a real terminal: the status line never mixes with output, and Ctrl-\ asks how far it is. */
import { unless } from "../src/base/testing/unless.ts";
import assert from "node:assert/strict";
import { startTestCluster } from "./harness/embedded_cluster.ts";
import { KodamaInProcess } from "./harness/kodama_in_process.ts";
import { podPrompt, PseudoTerminal, terminalMissing } from "./harness/pseudo_terminal.ts";
import { SlowLink } from "./harness/slow_link.ts";
import { SourceKodama } from "./harness/source_kodama.ts";

const missing = await terminalMissing();
const drives = ["-n", "weka-operator-system", "-m", "/^weka-drive-[0-2]$/"];

Deno.test({
  ...unless(missing, "a run on a terminal: status line, Ctrl-\\, and what is left on the screen"),
  async fn(t) {
    await using cluster = await startTestCluster("weka:computes=0,clients=0");
    const kodama = await SourceKodama.on(cluster);
    // The note of the first run isn't the subject.
    const runs = `${kodama.env.KODAMA_CONFIG_DIR}/runs`;
    await Deno.mkdir(runs, { recursive: true });
    await Deno.writeTextFile(`${runs}/.noted`, "");
    // The terminal's own word of the end would move the screen: a shell stays behind to keep it.
    const shell = ["sh", "-c", 'trap : QUIT; "$@"; echo "exit code $?"; exec sleep 1000', "sh"];
    const open = (...words: string[]) =>
      PseudoTerminal.open([...shell, ...kodama.args(["exec", ...drives, ...words])], {
        env: kodama.env,
        cwd: new URL("../", import.meta.url).pathname,
        columns: 100,
      });
    // Goes on when the test says so: each pod has its own file.
    const line = "until test -e /tmp/$0; do sleep 0.1; done; echo out of $KODAMA_POD";
    const release = async (name: string, pods: string) => {
      const words = ["-n", "weka-operator-system", "-m", pods, "--", "touch", `/tmp/${name}`];
      await new KodamaInProcess(kodama.env).succeed(["exec", ...words]);
    };

    await t.step("the line stands below the output, and is gone in the end", async () => {
      await using terminal = await open("--shell", "--", line.replace("$0", "first"));
      await terminal.shows("the status line", /^0 of 3 done, 3 running, \d+s: weka-drive-0, /m);
      await release("first", "/^weka-drive-1$/");
      const screen = await terminal.shows("it below the output", /^1 of 3 done, 2 running, /m);
      const lines = screen.split("\n");
      assert.deepEqual(lines[0], "weka-drive-1: out of weka-drive-1");
      assert.match(lines[1] ?? "", /^1 of 3 done, 2 running, \d+s: weka-drive-0, weka-drive-2$/);
      assert.equal(lines.length, 2);
      await release("first", "/^weka-drive-[02]$/");
      const left = (await terminal.shows("the end", /^exit code 0$/m)).split("\n");
      assert.deepEqual(left.slice(0, 3).toSorted(), [
        "weka-drive-0: out of weka-drive-0",
        "weka-drive-1: out of weka-drive-1",
        "weka-drive-2: out of weka-drive-2",
      ]);
      assert.match(left[3] ?? "", /^3 ok in /);
      assert.ok(!left.some((one) => one.includes("of 3 done")), left.join("\n"));
    });

    await t.step("the line stays below output that never pauses", async () => {
      const chatter = "n=0; until test -e /tmp/quiet; do n=$((n+1)); echo line $n; sleep 0.05; " +
        "done; echo no more lines";
      await using terminal = await open("--shell", "--", chatter);
      await terminal.shows("the line below output", /^weka-drive-\d: line \d+\n0 of 3 done/m);
      for (let look = 0; look < 10; look++) {
        const lines = (await terminal.shows("it again", /\n0 of 3 done, .*$/)).split("\n");
        assert.ok(lines.slice(0, -1).every((text) => /^weka-drive-\d: line \d+$/.test(text)));
      }
      await release("quiet", "/^weka-drive-[0-2]$/");
      const left = (await terminal.shows("the end", /^exit code 0$/m)).split("\n");
      for (const drive of [0, 1, 2]) assert.ok(left.includes(`weka-drive-${drive}: no more lines`));
      assert.ok(!left.some((one) => one.includes("of 3 done")), left.join("\n"));
    });

    await t.step("Ctrl-\\ prints which pods still run, and leaves no broken line", async () => {
      await using terminal = await open("--shell", "--", line.replace("$0", "second"));
      await terminal.shows("the status line", /^0 of 3 done/m);
      await terminal.shows("two seconds of it", /running, (?![01]s)\d/);
      await terminal.press("C-\\");
      await terminal.shows(
        "the answer",
        /^3 running \(weka-drive-0, weka-drive-1, weka-drive-2\)$/m,
      );
      const screen = await terminal.shows("the line again", /^0 of 3 done.*$(?![\s\S]*of 3 done)/m);
      assert.equal(screen.match(/of 3 done/g)?.length, 1, screen);
      await release("second", "/^weka-drive-[0-2]$/");
      await terminal.shows("the end", /^exit code 0$/m);
    });

    await t.step(
      "what is said of a command that had the terminal has a line of its own",
      async () => {
        const line = "printf '\\033[?25lunfinished'; exit 3";
        const words = ["exec", "-n", "weka-operator-system", "-it", "weka-drive-0"];
        await using terminal = await PseudoTerminal.open(
          [...shell, ...kodama.args([...words, "--", "sh", "-c", line])],
          { env: kodama.env, cwd: new URL("../", import.meta.url).pathname, columns: 100 },
        );
        const screen = await terminal.shows("the end", /^exit code 3$/m);
        assert.match(screen, /^unfinished\ncommand terminated with exit code 3\nexit code 3$/);
      },
    );

    await t.step("a window that is resized while it connects", async () => {
      await using link = SlowLink.open(cluster.cluster.server, { delayMs: 0 });
      const kubeconfig = `${cluster.folder}/through-the-link`;
      await link.kubeconfigFor(cluster.kubeconfig, kubeconfig);
      const words = ["exec", "-n", "weka-operator-system", "-it", "weka-drive-0"];
      // The size comes by a channel of its own: the command waits for it.
      const sized = "until stty size | grep -qx '20 70'; do sleep 0.1; done; echo sized";
      const connected = link.nextConnection();
      const held = link.hold();
      await using terminal = await PseudoTerminal.open(
        [...shell, ...kodama.args([...words, "--", "sh", "-c", sized])],
        { env: { ...kodama.env, KUBECONFIG: kubeconfig }, columns: 100 },
      );
      await connected;
      await terminal.resize(70, 20);
      held[Symbol.dispose]();
      await terminal.shows("the new size", /^sized\nexit code 0$/m);
    });

    await t.step("a window that is closed ends the run, and its record too", async () => {
      {
        const words = ["exec", "-n", "weka-operator-system", "-it", "weka-drive-0", "--", "sh"];
        await using terminal = await PseudoTerminal.open(kodama.args(words), {
          env: kodama.env,
          cwd: new URL("../", import.meta.url).pathname,
        });
        await terminal.shows("the shell", /^[#$]/m);
      }
      // The programs of a terminal have ended when it is gone; only the record shows how.
      const shown = await new KodamaInProcess(kodama.env).succeed(["runs", "show", "-o", "json"]);
      const { exitCode } = JSON.parse(shown) as { exitCode: number | null };
      assert.equal(exitCode, 130);
    });

    await t.step("a narrower window folds the line, and leaves nothing of it", async () => {
      await using terminal = await open("--shell", "--", line.replace("$0", "third"));
      await terminal.shows("a line of some width", /^0 of 3 done, .*weka-drive-2$/m);
      for (const columns of [50, 20, 90]) {
        await terminal.resize(columns, 24);
        const cut = columns === 90 ? "weka-drive-2" : "…";
        const screen = await terminal.shows(
          `the line at ${columns} columns`,
          (seen) => seen.endsWith(cut) && seen.split("\n").every(({ length }) => length < columns),
        );
        assert.equal(screen.split("\n").length, 1, screen);
      }
      await release("third", "/^weka-drive-[0-2]$/");
      const left = await terminal.shows("the end", /^exit code 0$/m);
      assert.ok(!left.includes("of 3 done"), left);
    });

    await t.step(
      "a shell as the command is opened in one pod; several are asked about",
      async () => {
        const kpod = (match: string, ...command: string[]) => {
          const args = ["-n", "weka-operator-system", "-m", match, "--", ...command];
          return PseudoTerminal.open([...shell, `${kodama.bin}/kpod`, ...args], {
            env: kodama.env,
            cwd: new URL("../", import.meta.url).pathname,
            columns: 100,
          });
        };
        {
          await using terminal = await kpod("drive-0", "bash");
          await terminal.shows("the prompt", podPrompt("weka-drive-0"));
          await terminal.type("echo shell of $KODAMA_POD; exit 3\n");
          await terminal.shows("its output", /^shell of weka-drive-0$/m);
          assert.doesNotMatch(await terminal.shows("the end", /^exit code 3$/m), /1 ok/);
        }
        await using terminal = await kpod("drive", "/bin/sh", "-l");
        await terminal.shows("all of them", /3\/3|4\/4/);
        await terminal.type("drive-2");
        // Each row has 1/1: the count of the prompt is meant.
        await terminal.shows("one of them", /^ {2}1\/[34] /m);
        await terminal.press("Enter");
        await terminal.shows("the prompt", /[#$] ?$/);
        await terminal.type("echo shell of $KODAMA_POD; exit\n");
        await terminal.shows("its output", /^shell of weka-drive-2$/m);
        await terminal.shows("the end", /^exit code 0$/m);
      },
    );

    await t.step("--progress none: no line", async () => {
      await using terminal = await open("--progress", "none", "--", "sleep", "1.5");
      assert.ok(!(await terminal.shows("the end", /^exit code 0$/m)).includes("done"));
    });
  },
});
