/** `kodama shell` in a real terminal, over pods of the embedded cluster, which have this machine's tmux. */
import { unless } from "../src/base/testing/unless.ts";
import assert from "node:assert/strict";
import { CuttingLink } from "./cluster/faults/cutting_link.ts";
import { startTestCluster, type TestCluster } from "./harness/embedded_cluster.ts";
import { KodamaInProcess } from "./harness/kodama_in_process.ts";
import {
  podPrompt,
  podTerminalsMissing,
  PseudoTerminal,
  terminalMissing,
} from "./harness/pseudo_terminal.ts";
import { SlowLink } from "./harness/slow_link.ts";
import { SourceKodama } from "./harness/source_kodama.ts";

const missing = await terminalMissing() ?? await podTerminalsMissing();
const inNamespace = ["-n", "weka-operator-system"];
const cwd = new URL("../", import.meta.url).pathname;

/** A shell that stays behind: it shows the exit code, and what is left of the terminal. */
const shown = [
  "sh",
  "-c",
  'trap : INT; "$@"; echo "code $?"; stty -a | grep -o -- "-*icanon"; cat',
  "sh",
];

/** Where kept shells of a pod are; nothing where there is none. */
async function keptIn(kodama: SourceKodama, pod: string): Promise<string> {
  const look = ["sh", "-c", "ls -d /tmp/kodama-shell-*/* 2>/dev/null; true"];
  return (await new KodamaInProcess(kodama.env).run(["exec", ...inNamespace, pod, "--", ...look]))
    .stdout
    .trim();
}

/** Waits in a pod until a condition of its shell holds: nothing reports that a process there has ended. */
async function untilInPod(kodama: SourceKodama, pod: string, condition: string): Promise<void> {
  const line = `until ${condition}; do sleep 0.5; done`;
  await new KodamaInProcess(kodama.env).succeed([
    ...["exec", ...inNamespace, pod, "--timeout", "60s"],
    ...["--", "sh", "-c", line],
  ]);
}

/** kodama through a link that a test cuts. */
async function throughLink(cluster: TestCluster, kodama: SourceKodama) {
  const { clusters } = JSON.parse(await Deno.readTextFile(cluster.kubeconfig));
  let isUp = true;
  const link = new CuttingLink(clusters[0].cluster.server, () => isUp ? Infinity : 0);
  const kubeconfig = `${cluster.folder}/link.kubeconfig`;
  await link.writeKubeconfig(cluster.kubeconfig, kubeconfig);
  return {
    env: { ...kodama.env, KUBECONFIG: kubeconfig },
    up: () => void (isUp = true),
    down: () => {
      isUp = false;
      link.cut();
    },
    [Symbol.asyncDispose]: () => link[Symbol.asyncDispose](),
  };
}

Deno.test({
  ...unless(missing, "kodama shell in a terminal"),
  fn: async (t) => {
    await using cluster = await startTestCluster("weka:computes=0,clients=0");
    const kodama = await SourceKodama.on(cluster);
    const open = (words: readonly string[], env = kodama.env) =>
      PseudoTerminal.open([...shown, ...kodama.args(["shell", ...inNamespace, ...words])], {
        env,
        cwd,
        columns: 90,
        rows: 20,
      });

    await t.step("bash first; sizes follow; its exit code; the terminal as it was", async () => {
      await using terminal = await open(["weka-drive-0", "--keep-for", "0"]);
      await terminal.shows("the prompt", podPrompt("weka-drive-0"));
      // Sizes and keys are separate channels: the shell waits for the size.
      const sized = (size: string) => `until stty size | grep -qx "${size}"; do sleep 0.1; done`;
      await terminal.type(`${sized("20 90")}; echo $0 $TERM $(stty size) $KODAMA_POD\n`);
      await terminal.shows("the answer", /^bash \S+ 20 90 weka-drive-0$/m);
      await terminal.resize(70, 15);
      await terminal.type(`${sized("15 70")}; stty size\n`);
      await terminal.shows("the new size", /^15 70$/m);
      await terminal.type("exit 7\n");
      assert.match(await terminal.shows("the end", /^-?icanon$/m), /^code 7\nicanon$/m);
    });

    await t.step("a window that is resized while it reconnects", async () => {
      await using link = SlowLink.open(cluster.cluster.server, { delayMs: 0 });
      const kubeconfig = `${cluster.folder}/through-the-link`;
      await link.kubeconfigFor(cluster.kubeconfig, kubeconfig);
      await using terminal = await open(["weka-drive-0"], {
        ...kodama.env,
        KUBECONFIG: kubeconfig,
      });
      await terminal.shows("the prompt", podPrompt("weka-drive-0"));
      const sized = "stty size | grep -qx '15 70'";
      await terminal.type(`echo loops; until ${sized}; do sleep 0.1; done; exit\n`);
      await terminal.shows("the loop", /^loops$/m);
      const connected = link.nextConnection();
      const held = link.hold();
      link.drop();
      await connected;
      await terminal.resize(70, 15);
      held[Symbol.dispose]();
      await terminal.shows("the end", /^code 0$/m);
    });

    await t.step("several matches: the picker asks which", async () => {
      await using terminal = await open(["-m", "/^weka-drive-[0-2]$/"]);
      await terminal.shows("all of them", /3\/3/);
      await terminal.type("drive-2");
      await terminal.shows("the one", /1\/3/);
      await terminal.press("Enter");
      await terminal.shows("its prompt", podPrompt("weka-drive-2"));
      await terminal.type("exit\n");
      await terminal.shows("the end", /^code 0$/m);
    });

    await t.step("a shell whose kodama is killed waits, and is found again", async () => {
      const begun = ["sh", "-c", '"$@"; cat', "sh"];
      const words = kodama.args(["shell", ...inNamespace, "weka-drive-1"]);
      await using terminal = await PseudoTerminal.open([...begun, ...words], {
        env: kodama.env,
        cwd,
      });
      await terminal.shows("the prompt", podPrompt("weka-drive-1"));
      await terminal.type("remembered=$((6 * 7))\n");
      await untilInPod(kodama, "weka-drive-1", 'ps -eo args | grep -q "[k]odama-watch"');
      await terminal.kill(/main\.js shell/);
      const clients = "clients=$(tmux -S /tmp/kodama-shell-*/*/tmux list-clients)";
      await untilInPod(kodama, "weka-drive-1", `${clients} && [ -z "$clients" ]`);
      await using again = await open(["weka-drive-1"]);
      await again.shows("the prompt", podPrompt("weka-drive-1"));
      await again.type("echo it is $remembered\n");
      await again.shows("what it was set to before", /^it is 42$/m);
      await again.type("exit 5\n");
      await again.shows("the end", /^code 5$/m);
      assert.equal(await keptIn(kodama, "weka-drive-1"), "", "nothing of it is left");
    });

    await t.step(
      "a shell without a returning client is hung up, and leaves nothing",
      async () => {
        const words = ["shell", ...inNamespace, "weka-drive-1", "--keep-for", "1s"];
        await using terminal = await PseudoTerminal.open(
          ["sh", "-c", '"$@"; cat', "sh", ...kodama.args(words)],
          { env: kodama.env, cwd },
        );
        await terminal.shows("the prompt", podPrompt("weka-drive-1"));
        await terminal.type("sleep 86399 &\n");
        const runs = (word: string) => `ps -eo args | grep -q "${word}"`;
        const begun = `${runs("[s]leep 86399")} && ${runs("[k]odama-watch")}`;
        await untilInPod(kodama, "weka-drive-1", begun);
        await terminal.kill(/main\.js shell/);
        const gone = `! ${runs("[8]6399")} && ! ${runs("[k]odama-shell")}`;
        await untilInPod(kodama, "weka-drive-1", gone);
        assert.equal(await keptIn(kodama, "weka-drive-1"), "");
      },
    );

    await t.step("a shell whose link breaks is found again by the same kodama", async () => {
      await using link = await throughLink(cluster, kodama);
      await using terminal = await open(["weka-drive-2"], link.env);
      await terminal.shows("the prompt", podPrompt("weka-drive-2"));
      await terminal.type("remembered=still\n");
      link.down();
      await terminal.shows("what happened", /^lost the connection to weka-drive-2: /m);
      await terminal.shows("what will be", /waits there for 15m; reconnecting/);
      await terminal.type("exit 9\n");
      link.up();
      await terminal.shows(
        "the prompt again",
        (screen) => podPrompt("weka-drive-2").test(screen) && !screen.includes("the connection to"),
      );
      await terminal.type("echo $remembered here; exit 4\n");
      assert.match(await terminal.shows("the end", /^-?icanon$/m), /^code 4\nicanon$/m);
    });

    await t.step("a shell that isn't kept ends with its link, and that is said", async () => {
      await using link = await throughLink(cluster, kodama);
      await using terminal = await open(["weka-drive-2", "--keep-for", "0"], link.env);
      await terminal.shows("the prompt", podPrompt("weka-drive-2"));
      // A program that has the screen leaves it in its own state.
      await terminal.type("printf '\\033[?1049h\\033[?25lhalf a %s' line; sleep 1000\n");
      await terminal.shows("it", /half a line/);
      link.down();
      const screen = await terminal.shows("the end", /^-?icanon$/m);
      assert.match(
        screen,
        /^lost the connection to weka-drive-2, and how the shell ended isn't known: /m,
      );
      assert.match(screen, /^code 4\nicanon$/m);
      assert.doesNotMatch(screen, /half a line/, "the other screen was left");
    });

    await t.step("Ctrl-C while the link is broken leaves the shell in the pod", async () => {
      await using link = await throughLink(cluster, kodama);
      await using terminal = await open(["weka-drive-0"], link.env);
      await terminal.shows("the prompt", podPrompt("weka-drive-0"));
      link.down();
      await terminal.shows("what happened", /Ctrl-C leaves it there/);
      await terminal.press("C-c");
      const screen = await terminal.shows("the end", /^-?icanon$/m);
      assert.match(screen, /the shell waits in weka-drive-0 for 1[45]m/);
      assert.match(screen, /^code 130\nicanon$/m);
    });

    await t.step("a transcript has the output and its times, and no keys", async () => {
      const folder = `${cluster.folder}/transcripts`;
      const words = ["shell", ...inNamespace, "weka-drive-0", "--new", "--log", folder];
      await using terminal = await PseudoTerminal.open(
        [...shown, ...kodama.args(words)],
        { env: kodama.env, cwd, columns: 60, rows: 10 },
      );
      await terminal.shows("the prompt", podPrompt("weka-drive-0"));
      await terminal.type("stty -echo; echo rea''dy; read word; echo got ${#word}\n");
      await terminal.shows("that it listens", /^ready$/m);
      await terminal.type("hidden\n");
      await terminal.shows("the answer", /^got 6$/m);
      await terminal.type("exit\n");
      await terminal.shows("the end", /^code 0$/m);
      const [file] = await Array.fromAsync(Deno.readDir(folder));
      assert.match(file?.name ?? "", /^weka-drive-0\.\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ\.cast$/);
      const [header = "", ...lines] = (await Deno.readTextFile(`${folder}/${file?.name}`)).trim()
        .split("\n");
      const { version, width, height, title } = JSON.parse(header);
      assert.deepEqual([version, width, height, title], [2, 60, 10, "weka-drive-0"]);
      const events = lines.map((line): [number, string, string] => JSON.parse(line));
      const times = events.map(([time]) => time);
      assert.deepEqual(times, times.toSorted((a, b) => a - b));
      assert.ok(events.every(([, kind]) => kind === "o"), "what was typed isn't kept");
      assert.match(events.map(([, , text]) => text).join(""), /got 6/);
      assert.doesNotMatch(events.map(([, , text]) => text).join(""), /hidden/);
    });
  },
});
