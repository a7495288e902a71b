/**
 * What people do with the terminal UI, in a real terminal on any cluster with the objects of `fixtures/ui_world.yaml`.
 * Each flow ends in another state, and each run of it leaves the program in another way; all ways restore the terminal.
 */
import assert from "node:assert/strict";
import type { KubeClient } from "../../src/kube/client.ts";
import { PODS } from "../../src/kube/resources.ts";
import { smoke } from "../../src/plugin/testing/modules.ts";
import { PseudoTerminal } from "./pseudo_terminal.ts";
import type { SlowLink } from "./slow_link.ts";
import { waitingPod } from "./waiting_pod.ts";
import { fromSource, type SourceKodama } from "./source_kodama.ts";

/** The objects of the flows. */
export const uiWorld = new URL("../fixtures/ui_world.yaml", import.meta.url);

/** Where the flows run. */
export interface UiCluster {
  /** Its configuration folder is the flows' own; its kubeconfig leads through {@link link}. */
  kodama: SourceKodama;
  link: SlowLink;
  namespace: string;
  /** Its own client, not through the link. */
  client: KubeClient;
}

/** Ways in which the program ends. */
const ways = ["quit", "SIGTERM", "SIGHUP", "crash", "cut off"] as const;
type Way = typeof ways[number];

/** What a flow uses. */
interface Flow extends UiCluster {
  terminal: PseudoTerminal;
}

interface Steps {
  /** Uses the program, in a terminal that shows the pods of the namespace. */
  use: (flow: Flow) => Promise<void>;
  /** Quits by keys. */
  quit?: (flow: Flow) => Promise<void>;
}

const quit = ({ terminal }: Flow) => terminal.press("Q");

const marked = async ({ terminal }: Flow): Promise<void> => {
  await terminal.type("/^web-");
  await terminal.shows("the filter", / 2 of \d+ ━/);
  await terminal.press("Enter");
  await terminal.shows("the list again", (screen) => !/filter: /.test(screen));
  await terminal.type("a");
  await terminal.shows("marks", /2 marked/);
};

/** By what they do. */
const flows: Readonly<Record<string, Steps>> = {
  "marks pods, runs a command in them, and shows each outcome": {
    async use(flow) {
      const { terminal } = flow;
      await marked(flow);
      await terminal.type("x");
      await terminal.enter("hostname; test $(hostname) = web-0");
      await terminal.shows(
        "the outcomes",
        (screen) => /web-0 +ok /.test(screen) && /web-1 +failed +1 /.test(screen),
      );
    },
  },
  "tiles panes of several kinds, and resizes them": {
    async use({ terminal }) {
      await terminal.press("M-v");
      await terminal.type(":");
      await terminal.enter("namespaces");
      await terminal.shows("both lists", /pods · .*│.*namespaces/);
      for (const [columns, rows] of [[40, 10], [300, 100], [61, 17], [110, 40]] as const) {
        await terminal.resize(columns, rows);
        await terminal.shows(
          `${columns} columns`,
          (screen) => screen.split("\n").length === rows && /│.*━/.test(screen),
        );
      }
      await terminal.press("M-z");
      await terminal.shows("one pane", (screen) => !screen.includes("│"));
    },
  },
  "merges logs of marked pods, and finds a text in them": {
    async use(flow) {
      const { terminal } = flow;
      await marked(flow);
      await terminal.type("l");
      await terminal.shows(
        "the logs of both",
        (screen) => /hello from web-0/.test(screen) && /hello from web-1/.test(screen),
      );
      await terminal.type("/");
      await terminal.enter("from web-1");
    },
  },
  "shows an object as YAML, and what is created and deleted meanwhile": {
    async use({ terminal, client, namespace }) {
      await terminal.type("/^web-1");
      await terminal.shows("the filter", / 1 of \d+ ━/);
      await terminal.press("Enter");
      await terminal.shows("the list again", (screen) => !/filter: /.test(screen));
      await terminal.type("y");
      await terminal.shows("the object", /kind: Pod/);
      await terminal.press("q", "D");
      await terminal.shows("the question", /deletes +pod\/web-1/);
      await terminal.press("n");
      await terminal.shows("the list alone", /━ pods[^]*web-1 /);
      await terminal.press("Escape");
      await terminal.shows("no filter", /other /);
      await client.create(PODS, waitingPod("short-lived"), { namespace });
      await terminal.shows("the new pod", /short-lived +1\/1 +Running/);
      await client.delete(PODS, "short-lived", { namespace });
      await terminal.shows("its end", (screen) => !/short-lived/.test(screen));
    },
  },
  "runs a workflow on marked pods": {
    async use(flow) {
      await marked(flow);
      const { terminal } = flow;
      await terminal.type("W");
      await terminal.shows("the workflows", /workflow on 2 pods[^]*where/);
      await terminal.enter("where");
      await terminal.shows(
        "its end",
        (screen) => /web-0 +ok/.test(screen) && /web-1 +ok/.test(screen),
      );
    },
  },
  "types in a shell of a pod": {
    async use({ terminal }) {
      await terminal.type("/");
      await terminal.enter("^web-0");
      // What is typed while the filter is edited, or with its Enter, is part of it.
      await terminal.shows(
        "the filter",
        (screen) => / 1 of \d+ ━/.test(screen) && !/^filter: /m.test(screen),
      );
      await terminal.type("s");
      await terminal.shows("the prompt", /━ shell in web-0[^]*[$#](?: |$)/m);
      await terminal.type('echo "in $(hostname): $((40 + 2))"');
      await terminal.press("Enter");
      await terminal.shows("its answer", /^in web-0: 42/m);
    },
    async quit({ terminal }) {
      await terminal.press("M-x");
      await terminal.shows("the question", /Close the pane\?/);
      await terminal.press("y");
      await terminal.shows("the list alone", (screen) => !/shell in web-0/.test(screen));
      await terminal.press("Q");
    },
  },
  "waits for the marked objects": {
    async use(flow) {
      const { terminal } = flow;
      await marked(flow);
      await terminal.type("t");
      await terminal.shows("the question", /until: .*ready/);
      await terminal.press("Enter");
      await terminal.shows("the end of the wait", /2 pods: met/);
    },
  },
  "changes namespaces and kinds in tabs, and says why a key is disabled": {
    async use({ terminal }) {
      await terminal.press("M-t");
      await terminal.shows("a second tab", / 2 pods/);
      await terminal.type("n");
      await terminal.shows("the namespaces", /namespace .*[^]*kube-system/);
      await terminal.enter("all");
      await terminal.shows("all of them", /all namespaces/);
      await terminal.type(":");
      await terminal.enter("nodes");
      await terminal.shows("the nodes", /━ nodes[^]*Ready/);
      await terminal.type("l");
      await terminal.shows("the reason", /pods can't be found by nodes/);
      await terminal.type("?");
      await terminal.shows("help", /show the logs of the marked pods/);
    },
    async quit({ terminal }) {
      await terminal.press("Escape");
      await terminal.shows("the list again", /━ nodes/);
      await terminal.press("Q");
    },
  },
  "opens a plugin by its key": {
    async use({ terminal }) {
      await terminal.press("C-g");
      await terminal.shows("its pane", /smoke-ok/);
      await terminal.press("C-g");
      await terminal.shows("the list alone", (screen) => !screen.includes("smoke-ok"));
      await terminal.press("C-g");
      await terminal.shows("its pane again", /smoke-ok/);
    },
  },
  "shows that the server can't be reached, and the current state afterwards": {
    async use({ terminal, link, client, namespace }) {
      {
        using _cut = link.cut();
        await terminal.shows("a problem", /out of sync/);
        await client.create(PODS, waitingPod("meanwhile"), { namespace });
        await terminal.press("j");
      }
      await terminal.shows(
        "what has changed meanwhile",
        (screen) => !/out of sync/.test(screen) && /meanwhile +1\/1 +Running/.test(screen),
      );
      await client.delete(PODS, "meanwhile", { namespace });
      await terminal.shows("its end", (screen) => !/meanwhile/.test(screen));
    },
  },
};

/** Runs all flows, as steps of a test. With `turn` they leave the program in other ways. */
export async function runUiFlows(
  t: Deno.TestContext,
  cluster: UiCluster,
  { turn }: { turn: number },
): Promise<void> {
  const { kodama, namespace } = cluster;
  await Deno.mkdir(`${kodama.configFolder}/workflows`, { recursive: true });
  await Deno.writeTextFile(
    `${kodama.configFolder}/workflows/where.yaml`,
    "description: Print where each pod is\nsteps:\n  - exec: [hostname]\n",
  );
  await Deno.writeFile(`${kodama.configFolder}/smoke.wasm`, smoke);
  await Deno.writeTextFile(
    `${kodama.configFolder}/config.yaml`,
    `plugins: [{ key: smoke-test, path: ${kodama.configFolder}/smoke.wasm, keybinding: ctrl+g }]\n`,
  );
  for (const [index, [name, steps]] of Object.entries(flows).entries()) {
    const way = ways[(index + turn) % ways.length] ?? "quit";
    await t.step(`${name}; ${way}`, async () => {
      const { words, env } = await commandLine(kodama, way, namespace);
      await using terminal = await openUi(words, env);
      await terminal.shows("the pods", /web-1 +1\/1 +Running/);
      const flow = { ...cluster, terminal };
      await steps.use(flow);
      await leave(flow, way, steps.quit ?? quit);
    });
  }
}

/** Opens a terminal in which a shell stays behind, and reports how the program has left it. */
export async function openUi(
  words: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<PseudoTerminal> {
  const script = 'trap : INT; "$@"; echo "exit code $?"; ' +
    'stty -a | grep -ow -- "-\\?\\(echo\\|icanon\\)"; echo "all is shown"; exec sleep 1000';
  return await PseudoTerminal.open(["sh", "-c", script, "sh", ...words], {
    env,
    columns: 110,
    rows: 40,
  });
}

/** Checks that the program has ended with this exit code, and that nothing of it remains in the terminal. */
export async function assertRestored(terminal: PseudoTerminal, code: number): Promise<void> {
  const screen = await terminal.shows("the end", /^exit code \d+\n[^]*^all is shown$/m);
  assert.match(screen, new RegExp(`^exit code ${code}$`, "m"));
  assert.match(screen, /^echo$/m);
  assert.match(screen, /^icanon$/m);
  assert.doesNotMatch(screen, /━/, "nothing of the UI is left on the screen");
}

/** Only from source can a module be loaded that makes it crash. */
async function commandLine(kodama: SourceKodama, way: Way, namespace: string) {
  const args = ["ui", "-n", namespace];
  if (way !== "crash") return { words: kodama.args(args), env: kodama.env };
  const source = await fromSource([kodama.env["HOME"] ?? ""]);
  const [deno = "", run = "", ...others] = source.args;
  const crash = new URL("../fixtures/crash_on_signal.ts", import.meta.url).pathname;
  return {
    words: [deno, run, "--preload", crash, ...others, ...args],
    env: { ...kodama.env, ...source.env },
  };
}

async function leave(flow: Flow, way: Way, quits: (flow: Flow) => Promise<void>): Promise<void> {
  const { terminal, link } = flow;
  switch (way) {
    case "quit":
      await quits(flow);
      return await assertRestored(terminal, 0);
    case "SIGTERM":
    case "SIGHUP":
      await terminal.kill(/main\.js ui/, way);
      return await assertRestored(terminal, 130);
    case "crash":
      await terminal.kill(/main\.ts ui/, "SIGUSR2");
      await assertRestored(terminal, 1);
      assert.match(await terminal.screen(), /a bug/);
      return;
    case "cut off": {
      using _cut = link.cut();
      await quits(flow);
      return await assertRestored(terminal, 0);
    }
  }
}
