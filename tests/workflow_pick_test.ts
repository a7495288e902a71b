/** `kodama run --pick` of a workflow with steps, in a real terminal, over pods of the embedded cluster. */
import { unless } from "../src/base/testing/unless.ts";
import assert from "node:assert/strict";
import { startTestCluster } from "./harness/embedded_cluster.ts";
import { PseudoTerminal, terminalMissing } from "./harness/pseudo_terminal.ts";
import { runCommand } from "./harness/command.ts";
import { SourceKodama } from "./harness/source_kodama.ts";

const root = new URL("../", import.meta.url).pathname;
const missing = await terminalMissing();

const workflow = `params: { what: { default: drive } }
select: { namespace: weka-operator-system, match: "\${{ params.what }}" }
steps:
  - wait: ready
  - id: all
    exec: [echo, picked]
  - id: own
    exec: [echo, its own]
    select: { namespace: weka-operator-system, pods: [weka-drive-0] }
outputs: { all: "\${{ steps.all.ok }}", own: "\${{ steps.own.ok }}" }
`;

Deno.test({
  ...unless(
    missing,
    "the steps of a workflow run in the pods that a person picks, as does a rerun",
  ),
  fn: async (t) => {
    await using cluster = await startTestCluster("fleet:drives=6");
    const kodama = await SourceKodama.on(cluster);
    const { env } = kodama;
    const file = `${cluster.folder}/picked.yaml`;
    await Deno.writeTextFile(file, workflow);
    const words = (...more: string[]) => kodama.args(more);
    const open = async (...more: string[]) => {
      const line = words(...more).map((word) => `'${word}'`).join(" ");
      const shown = ["sh", "-c", `${line}; echo "code $?:"; cat`];
      return await PseudoTerminal.open(shown, { env, columns: 100, rows: 24, cwd: root });
    };

    await t.step("those that were picked, and no others", async () => {
      await using terminal = await open("run", file, "--pick", "--quiet");
      await terminal.shows("all pods", /6\/6/);
      await terminal.type("drive 3");
      await terminal.shows("the one that fits", /1\/6/);
      await terminal.press("Enter");
      const screen = await terminal.shows("the end", /code \d+:/);
      assert.match(screen, /^all: \["weka-drive-3"\]$/m);
      assert.match(screen, /^own: \["weka-drive-0"\]$/m, "a step's own selection stays its own");
      assert.match(screen, /^code 0:/m);
    });

    await t.step("a rerun uses the same pods, without a picker", async () => {
      const { code, stdout, stderr } = await runCommand(
        words("runs", "rerun", "--from", "all", "--quiet"),
        { env },
      );
      assert.equal(code, 0, stderr);
      assert.match(stdout, /^all: \["weka-drive-3"\]$/m);
    });

    await t.step("leaving without a choice runs nothing", async () => {
      await using terminal = await open("run", file, "--pick");
      await terminal.shows("all pods", /6\/6/);
      await terminal.press("Escape");
      const screen = await terminal.shows("the end", /code \d+:/);
      assert.match(screen, /^code 130:/m);
      assert.doesNotMatch(screen, /wait until/);
    });

    await t.step("trust is asked for before the pods", async () => {
      const changing = `${cluster.folder}/changing.yaml`;
      await Deno.writeTextFile(
        changing,
        workflow.replace("[echo, picked]", "[touch, /tmp/picked]"),
      );
      await using terminal = await open("run", changing, "--pick");
      const question = await terminal.shows("the question", /Trust it\?/);
      assert.doesNotMatch(question, /6\/6/);
      await terminal.type("n");
      await terminal.press("Enter");
      const screen = await terminal.shows("the end", /code \d+:/);
      assert.match(screen, /isn't trusted, and nothing was run/);
      assert.doesNotMatch(screen, /6\/6/);
    });

    await t.step("--plan lists the picked pods", async () => {
      await using terminal = await open("run", file, "--pick", "--plan");
      await terminal.shows("all pods", /6\/6/);
      await terminal.type("drive 4");
      await terminal.shows("the one that fits", /1\/6/);
      await terminal.press("Enter");
      const screen = await terminal.shows("the end", /code \d+:/);
      assert.match(screen, /in 1 pod: weka-drive-4/);
    });
  },
});
