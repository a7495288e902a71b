/** A user's shell when its link breaks: with a multiplexer in the pod, and without one. */
import assert from "node:assert/strict";
import { PseudoTerminal, terminalMissing } from "../../harness/pseudo_terminal.ts";
import { until } from "../processes.ts";
import type { TestNamespace } from "../test_namespace.ts";
import { CuttingLink } from "./cutting_link.ts";
import { kodamaStart } from "./kodama.ts";
import { onFault, programsIn } from "./fixture.ts";

const missing = await terminalMissing();

/** Opens a shell in the pod `one`, on a terminal of its own, over a link that can be cut. */
async function shellOverLink({ cluster: { kubeconfig }, name }: TestNamespace) {
  await using stack = new AsyncDisposableStack();
  const folder = await Deno.makeTempDir({ prefix: "kodama-shell-" });
  stack.defer(() => Deno.remove(folder, { recursive: true }));
  const config = JSON.parse(await Deno.readTextFile(kubeconfig));
  let isUp = true;
  const limitOf = () => isUp ? Infinity : 0;
  const link = stack.use(new CuttingLink(config.clusters[0].cluster.server, limitOf));
  await link.writeKubeconfig(kubeconfig, `${folder}/kubeconfig`);
  const { words, cwd, env } = kodamaStart(
    `${folder}/kubeconfig`,
    ["shell", "-n", name, "one"],
    [folder],
  );
  // The terminal stays when kodama has ended, and shows how it ended.
  const shown = ["sh", "-c", '"$@"; echo "code $?"; exec sleep 1000', "sh"];
  const terminal = stack.use(
    await PseudoTerminal.open([...shown, ...words], {
      env: { ...env, KODAMA_CONFIG_DIR: folder, TERM: "xterm" },
      cwd,
    }),
  );
  const owned = stack.move();
  const up = () => void (isUp = true);
  const down = () => {
    isUp = false;
    link.cut();
  };
  return { up, down, terminal, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

onFault("a shell whose pod has tmux comes back with its state", async ({ namespace }) => {
  assert.equal(missing, undefined);
  await namespace.startPod("one", { image: "debian:12" });
  await using shell = await shellOverLink(namespace);
  const { up, down, terminal } = shell;
  await terminal.shows("the prompt", /# ?$/);
  await terminal.type("remembered=still; sleep 86398 &\n");
  // This image's ps shows those of its own terminal unless all are requested.
  const programs = async () => {
    const list = await namespace.kubectl("exec", "one", "--", "ps", "-eo", "args");
    // The container's first process reaps none that have ended.
    return list.split("\n").filter((line) => !line.includes("<defunct>")).join("\n");
  };
  await until(
    "what it began",
    async () => /^sleep 86398$/m.test(await programs()),
  );
  down();
  await terminal.shows("what happened", /^lost the connection to one: /m);
  up();
  await terminal.shows(
    "the prompt again",
    (screen) => /# ?$/.test(screen) && !screen.includes("the connection to"),
  );
  await terminal.type('jobs; echo "$remembered here"; kill %1; exit 4\n');
  await terminal.shows("the end", /^code 4$/m);
  const screen = await terminal.screen();
  assert.match(screen, /^\[1\]\+? +Running +sleep 86398 &$/m);
  assert.match(screen, /^still here$/m);
  await until("nothing of it", async () => {
    const left = await namespace.kubectl("exec", "one", "--", "sh", "-c", "ls -A /tmp");
    return left === "" && !/tmux|86398|kodama/.test(await programs());
  });
});

onFault(
  "a shell that nothing keeps ends with its link, and that is said",
  async ({ namespace }) => {
    assert.equal(missing, undefined);
    await namespace.startPod("one", { image: "busybox:1.36" });
    await using shell = await shellOverLink(namespace);
    const { down, terminal } = shell;
    await terminal.shows("the prompt", /# ?$/);
    await until("who watches over it", async () => {
      return (await programsIn(namespace, "one")).join("\n").includes("kodama-watch");
    });
    down();
    await terminal.shows("the end", /^code 4$/m);
    assert.match(
      await terminal.screen(),
      /^lost the connection to one, and how the shell ended isn't known: /m,
    );
    await until(
      "nothing of it",
      async () => (await programsIn(namespace, "one")).length === 0,
    );
  },
);
