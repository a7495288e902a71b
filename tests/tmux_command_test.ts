/** `kodama tmux` in a real tmux: within one, beside one, and without a terminal. */
import { unless } from "../src/base/testing/unless.ts";
import assert from "node:assert/strict";
import { runCommand } from "./harness/command.ts";
import { startTestCluster } from "./harness/embedded_cluster.ts";
import { endTmux, podPrompt, PseudoTerminal, terminalMissing } from "./harness/pseudo_terminal.ts";
import { SourceKodama } from "./harness/source_kodama.ts";
import { TmuxControl } from "./harness/tmux_control.ts";
import { writeProgram } from "../src/base/testing/program_file.ts";

const missing = await terminalMissing();
const cwd = new URL("../", import.meta.url).pathname;
const drives = ["-n", "weka-operator-system", "-m", "/^weka-drive-[0-2]$/"];

/** A tmux server of the test's own, which no user's configuration reaches: `HOME` is the test's too. */
class PrivateTmux implements AsyncDisposable {
  private constructor(readonly env: Readonly<Record<string, string>>, readonly folder: string) {}

  static async open(env: Readonly<Record<string, string>>): Promise<PrivateTmux> {
    const folder = await Deno.makeTempDir({ prefix: "kodama-tmux-" });
    return new PrivateTmux({ ...env, TMUX_TMPDIR: folder }, folder);
  }

  async run(...words: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
    return await runCommand(["tmux", ...words], { env: this.env });
  }

  /** Returns what a command of tmux prints about a session once it is as expected. */
  async shows(
    session: string,
    name: string,
    { args, holds }: { args: readonly string[]; holds: (printed: string) => boolean },
  ): Promise<string> {
    await using watch = new TmuxControl(["attach", "-f", "ignore-size", "-t", session], this.env);
    // An end of a program isn't output.
    await watch.run("refresh-client", "-B", "ends:%*:#{pane_dead_status}");
    const at = () => watch.run(...args);
    return await watch.until({ what: name, at, holds, everything: at });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await endTmux(async (...args) => (await this.run(...args)).stdout);
    await Deno.remove(this.folder, { recursive: true });
  }
}

/** A tmux that says on the terminal when it is to make a session, and waits for a file before it does. */
const slowTmux = `#!/bin/sh
if [ "$1" = new-session ]; then
  echo begun >"$SCREEN"
  until [ -e "\${0%/*}/go" ]; do sleep 0.05; done
fi
PATH=\${PATH#*:} exec tmux "$@"
`;

/** A line for each pane: its target, whether keys go to all, whether it has ended, and its program's words. */
const paneFormat = "#{window_name}|#{@kodama_target}|#{pane_synchronized}|#{pane_dead}";

async function panesOf(tmux: PrivateTmux, session: string): Promise<string[]> {
  const { stdout } = await tmux.run("list-panes", "-s", "-t", session, "-F", paneFormat);
  return stdout.trim().split("\n");
}

Deno.test({
  ...unless(missing, "kodama tmux"),
  fn: async (t) => {
    await using cluster = await startTestCluster("weka");
    const kodama = await SourceKodama.on(cluster);

    await t.step(
      "--detach makes a session; each pane has its pod, and keys go to all",
      async () => {
        await using tmux = await PrivateTmux.open(kodama.env);
        const words = kodama.args(["tmux", ...drives, "--detach"]);
        const { code, stderr } = await runCommand(words, { env: tmux.env, cwd });
        assert.deepEqual({ code, stderr }, {
          code: 0,
          stderr: "3 panes in tmux session kodama: tmux attach -t kodama\n",
        });
        assert.deepEqual(await panesOf(tmux, "kodama"), [
          "kodama|weka-drive-0|1|0",
          "kodama|weka-drive-1|1|0",
          "kodama|weka-drive-2|1|0",
        ]);
        for (const pane of [0, 1, 2]) {
          await tmux.shows("kodama", "a prompt", {
            args: ["capture-pane", "-p", "-t", `kodama:0.${pane}`],
            holds: (said) => podPrompt(`weka-drive-${pane}`).test(said),
          });
        }
        await tmux.run("send-keys", "-t", "kodama", "echo of $KODAMA_POD", "Enter");
        for (const pane of [0, 1, 2]) {
          await tmux.shows("kodama", "its answer", {
            args: ["capture-pane", "-p", "-t", `kodama:0.${pane}`],
            holds: (said) => said.includes(`\nof weka-drive-${pane}\n`),
          });
        }
      },
    );

    await t.step(
      "no variable of a launcher is handed to what else runs on the server",
      async () => {
        await using tmux = await PrivateTmux.open(kodama.env);
        const env = { ...tmux.env, KODAMA_ARGV0: "kodama", DENO_NO_UPDATE_CHECK: "1" };
        const words = kodama.args(["tmux", ...drives, "--detach", "--", "sleep", "1000"]);
        assert.equal((await runCommand(words, { env, cwd })).code, 0);
        const { stdout } = await tmux.run("show-environment", "-g");
        assert.doesNotMatch(stdout, /KODAMA_ARGV0|DENO_NO_UPDATE_CHECK/);
      },
    );

    await t.step(
      "a command's panes stay, and say how they ended; transcripts are kept",
      async () => {
        await using tmux = await PrivateTmux.open(kodama.env);
        const folder = `${cluster.folder}/log`;
        const line = "echo from $KODAMA_POD; test $KODAMA_POD != weka-drive-1;";
        const words = kodama.args(
          ["tmux", ...drives, "-d", "--log", folder, "--", "sh", "-c", line],
        );
        const { code, stderr } = await runCommand(words, { env: tmux.env, cwd });
        assert.equal(code, 0, stderr);
        const ends = ["ended with exit code 0", "command terminated with exit code 1"];
        for (const pane of [0, 1, 2]) {
          const said = await tmux.shows("kodama", "its end", {
            args: ["capture-pane", "-p", "-t", `kodama:0.${pane}`],
            holds: (text) => /exit code \d/.test(text),
          });
          assert.ok(said.startsWith(`from weka-drive-${pane}\n${ends[pane === 1 ? 1 : 0]}`), said);
        }
        await tmux.shows("kodama", "every exit code", {
          args: ["list-panes", "-t", "kodama", "-F", "#{pane_dead} #{pane_dead_status}"],
          holds: (said) => said === "1 0\n1 1\n1 0",
        });
        const files = (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name);
        const pods = files.map((name) => name.replace(/\..*/, "")).toSorted();
        assert.deepEqual(pods, ["weka-drive-0", "weka-drive-1", "weka-drive-2"]);
      },
    );

    await t.step("panes that don't fit come in further windows", async () => {
      await using tmux = await PrivateTmux.open(kodama.env);
      await tmux.run("new-session", "-d", "-s", "mine", "-x", "60", "-y", "13", "cat");
      const { stdout: pane } = await tmux.run("display-message", "-p", "-t", "mine", "#{pane_id}");
      const { stdout: socket } = await tmux.run("display-message", "-p", "#{socket_path},1,0");
      const env = { ...tmux.env, TMUX: socket.trim(), TMUX_PANE: pane.trim() };
      const words = kodama.args(["tmux", ...drives, "--detach", "--no-sync"]);
      const { code, stderr } = await runCommand(words, { env, cwd });
      assert.equal(code, 0, stderr);
      assert.deepEqual((await panesOf(tmux, "mine")).slice(1), [
        "kodama 1/2|weka-drive-0|0|0",
        "kodama 2/2|weka-drive-1|0|0",
        "kodama 2/2|weka-drive-2|0|0",
      ]);
    });

    await t.step("inside tmux it is a window of the session, and shown", async () => {
      const shell = ["sh", "-c", '"$@"; exec cat', "sh"];
      const words = kodama.args(["tmux", ...drives]);
      await using terminal = await PseudoTerminal.open([...shell, ...words], {
        env: kodama.env,
        cwd,
        columns: 120,
        rows: 30,
      });
      await terminal.shows("a prompt", podPrompt("weka-drive-0"));
      await terminal.press("C-d");
    });

    await t.step("outside it is shown until it is left, and what goes on is said", async () => {
      await using tmux = await PrivateTmux.open(kodama.env);
      const shell = ["sh", "-c", 'unset TMUX TMUX_PANE; "$@"; echo "code $?"; exec cat', "sh"];
      const words = kodama.args(["tmux", ...drives, "--session", "night"]);
      await using terminal = await PseudoTerminal.open([...shell, ...words], {
        env: tmux.env,
        cwd,
        columns: 120,
        rows: 30,
      });
      const wall = await terminal.shows(
        "three prompts",
        (screen) => (screen.match(/@[^\s:]+:\//g)?.length ?? 0) >= 3,
      );
      assert.match(wall, /── weka-drive-0 \[sync\] ─/);
      await tmux.run("detach-client", "-s", "night");
      await terminal.shows(
        "what goes on",
        /^session night is still running: tmux attach -t night$/m,
      );
      await terminal.shows("the end", /^code 0$/m);
    });

    await t.step("Ctrl-C while panes are made takes them away, and is said to", async () => {
      await using tmux = await PrivateTmux.open(kodama.env);
      await writeProgram(`${tmux.folder}/tmux`, slowTmux);
      const line = 'unset TMUX TMUX_PANE; trap : INT; SCREEN=$(tty) PATH="$0:$PATH" "$@"; ' +
        'echo "code $?"; exec cat';
      const words = kodama.args(["tmux", ...drives, "--detach", "--", "sleep", "1000"]);
      await using terminal = await PseudoTerminal.open(["sh", "-c", line, tmux.folder, ...words], {
        env: tmux.env,
        cwd,
      });
      await terminal.shows("the first window being made", /^begun$/m);
      await terminal.press("C-c");
      await terminal.shows("the key", /\^C/);
      await Deno.writeTextFile(`${tmux.folder}/go`, "");
      const screen = await terminal.shows("the end", /^code \d+$/m);
      assert.match(screen, /error: stopped by SIGINT\ncode 130$/);
      assert.equal((await tmux.run("list-panes", "-a")).stdout, "");
    });

    await t.step(
      "a session of that name, no terminal, no tmux: said, and nothing is left",
      async () => {
        await using tmux = await PrivateTmux.open(kodama.env);
        const run = (words: string[], env: Readonly<Record<string, string>> = tmux.env) =>
          runCommand(kodama.args(["tmux", ...drives, ...words]), { env, cwd });
        const alone = await run([]);
        assert.equal(alone.code, 2);
        assert.match(alone.stderr, /^error: showing panes needs a terminal\nhint: --detach/);
        await tmux.run("new-session", "-d", "-s", "night", "cat");
        const unasked = await run(["-d", "--confirm-above", "2", "--", "reboot"]);
        assert.equal(unasked.code, 2);
        assert.match(unasked.stderr, /^hint: pass --yes to confirm, or `kodama pods` to see/m);
        const taken = await run(["--session", "night", "-d"]);
        assert.equal(taken.code, 2);
        assert.match(taken.stderr, /^error: tmux has a session "night" already\n/);
        const without = await run(["-d"], { ...tmux.env, PATH: "/nonexistent" });
        assert.equal(without.code, 1);
        assert.match(without.stderr, /^error: tmux isn't installed/);
        assert.equal((await tmux.run("list-sessions", "-F", "#{session_name}")).stdout, "night\n");
      },
    );
  },
});
