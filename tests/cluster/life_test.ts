/**
 * A session from its first command to its last, on a real cluster, with the real Claude Code: three machines, two users
 * at once, a clone, a snapshot; at the end nothing of it remains, and no secret leaks at any time.
 */
import assert from "node:assert/strict";
import { Gates } from "../harness/agent_story.ts";
import { claudeCode } from "../harness/claude_code.ts";
import type { Block, ModelTurn } from "../harness/model_stand_in.ts";
import { processList } from "../harness/process_lists.ts";
import { terminalMissing } from "../harness/pseudo_terminal.ts";
import { LifeStage, type Machine, planted } from "./life_fixture.ts";
import { until } from "./processes.ts";
import { RealCluster, rigVariable } from "./test_namespace.ts";

const cluster = RealCluster.fromEnvironment();
// Its image is built on the rig, and its pods reach this machine through the rig's node.
const onRig = cluster !== undefined && Deno.env.get(rigVariable) !== undefined;
const claude = onRig ? await claudeCode() : undefined;
const missing = claude?.kind === "missing" ? claude.reason : await terminalMissing();

/** How long a saved file may take from one side to the other; it takes a fifth of a second. */
const carryMs = 20_000;

/** Reads a file and edits it, thinks until it is released, or records the request. */
async function answer(gates: Gates, { marker, toolsUsed }: ModelTurn): Promise<Block[]> {
  const file_path = "/workspace/README.md";
  if (marker === "think") await gates.pass(marker);
  if (marker !== "edit" || toolsUsed > 1) return [{ type: "text", text: `Answered ${marker}.` }];
  return toolsUsed === 0 ? [{ type: "tool_use", name: "Read", input: { file_path } }] : [{
    type: "tool_use",
    name: "Edit",
    input: { file_path, old_string: "# a test", new_string: "# edited by the agent" },
  }];
}

/** Types a line whose output differs from the text as typed. */
const question = "echo seen-$((40 + 2))";
const answered = /^seen-42$/m;
const prompt = /\$\s*$/;

async function attachTwice(stage: LifeStage, first: Machine, second: Machine): Promise<void> {
  await using own = await stage.terminal(first, ["attach", "life"]);
  await own.shows("a shell", prompt);
  await using theirs = await stage.terminal(second, ["attach", "life", "--shared"]);
  await theirs.shows("a shared shell", /1 here/);
  await using joined = await stage.terminal(first, ["attach", "life", "--shared"]);
  await theirs.shows("two at once", /2 here/);
  await joined.shows("the same shell", /2 here/);
  await joined.type(question);
  await joined.press("Enter");
  stage.hunt.look("the second person's screen", await theirs.shows("what was typed", answered));
  assert.doesNotMatch(await own.screen(), answered);
  await own.type(question);
  await own.press("Enter");
  stage.hunt.look("the first person's screen", await own.shows("an answer", answered));
  await theirs.press("C-b", "d");
  assert.equal(await theirs.exitCode(), 0);
  await joined.shows("one who is left", /1 here/);
  await joined.press("C-b", "d");
  assert.equal(await joined.exitCode(), 0);
  await own.type("exit");
  await own.press("Enter");
  assert.equal(await own.exitCode(), 0);
}

Deno.test({
  name: missing === undefined
    ? "a session's whole life on a real cluster, with nothing left of it in the end"
    : `a session's whole life on a real cluster (not run: ${missing})`,
  ignore: claude?.kind !== "there" || missing !== undefined,
  fn: async (t) => {
    assert.ok(cluster !== undefined && claude?.kind === "there");
    const gates = new Gates();
    const model = (turn: ModelTurn) => answer(gates, turn);
    await using stage = await LifeStage.open(cluster, claude.path, model);
    const { namespace: { name: namespace }, hunt } = stage;
    const before = await stage.objects();
    const first = await stage.machine("first");
    const second = await stage.machine("second");
    const third = await stage.machine("third");
    let failed = false;
    // Each step builds on the one before: after a failure the others prove nothing.
    const step = async (name: string, play: () => Promise<void>) => {
      failed ||= !await t.step({ name, ignore: failed, fn: play });
    };
    const reported = async (machine: Machine, ...words: string[]) =>
      JSON.parse(await stage.run(machine, [...words, "-o", "json"]));
    // Its exit code reports that the sync doesn't run.
    const syncOn = async (machine: Machine) =>
      JSON.parse((await stage.try(machine, ["sync", "status", "life", "-o", "json"])).stdout);

    await step("start: a repository, a folder and a prompt; the agent's edit arrives", async () => {
      await Deno.writeTextFile(`${first.site}/notes.txt`, "from here\n");
      const words = stage.startWords("life", "[edit] the title");
      await stage.run(first, words, stage.startEnvironment);
      const log = await stage.run(first, ["logs", "--agent", "life", "-f"]);
      assert.match(log, /> Edit [^]*task 1 done/);
      assert.match(await stage.inPod("life", "README.md"), /^# edited by the agent\n/);
      const here = () => Deno.readTextFile(`${first.site}/README.md`).catch(() => "");
      await until("the agent's edit", async () => /edited/.test(await here()), carryMs);
      assert.deepEqual([...stage.model.keys], [planted["the API key"]]);
      assert.deepEqual(hunt.namesIn(await stage.secret("life")), Object.keys(planted));
    });

    await step("an edit here arrives in the pod", async () => {
      assert.equal(await stage.inPod("life", "notes.txt"), "from here\n");
      await Deno.writeTextFile(`${first.site}/notes.txt`, "changed here\n");
      const there = () => stage.inPod("life", "notes.txt");
      await until("the edit", async () => await there() === "changed here\n", carryMs);
      assert.match(await stage.run(first, ["list"]), /^life +Running +\S+ +Active /m);
    });

    await step("two people attach at once, each alone and both in one shell", async () => {
      await attachTwice(stage, first, second);
      assert.ok(await hunt.lookInFolder(first.kodama.configFolder) > 3);
      await stage.lookAround();
    });

    await step("stopped at work; another machine sees it, and continues", async () => {
      await stage.run(first, ["prompt", "life", "[think] about it"]);
      await gates.requested("think");
      await stage.run(first, ["prompt", "life", "[queued] and then this"]);
      await stage.run(first, ["stop", "life", "--yes"]);
      assert.equal((await syncOn(first)).phase, "stopped");
      await assert.rejects(Deno.stat(third.kodama.configFolder), Deno.errors.NotFound);
      assert.match(await stage.run(third, ["list"]), /^life +Stopped +\S+ +Inactive /m);
      const stopped = await reported(third, "get", "life");
      assert.deepEqual([stopped.status, stopped.sync.status], ["Stopped", "Inactive"]);
      await stage.run(third, ["resume", "life"]);
      assert.match(await stage.run(third, ["logs", "--agent", "life", "-f"]), /Answered queued\./);
      const resumed = await reported(third, "get", "life");
      assert.equal(resumed.status, "Running");
      assert.match(resumed.branch, /^kodama\/life-\d{14}$/);
      assert.deepEqual(
        resumed.tasks.map((task: { state: string; prompt: string }) => [task.state, task.prompt]),
        [
          ["done", "[edit] the title"],
          ["failed", "[think] about it"],
          ["done", "[queued] and then this"],
        ],
      );
      assert.equal(await stage.inPod("life", "notes.txt"), "changed here\n");
    });

    await step("a prompt from there goes on with the conversation", async () => {
      const log = await stage.run(third, ["prompt", "life", "[again] what was it?", "-f"]);
      assert.match(log, /Answered again\./);
      assert.deepEqual(stage.model.turns.at(-1)?.markers, ["edit", "think", "queued", "again"]);
      const place = ["site", "kodama-life:/workspace", "--name", "life"];
      await stage.run(third, ["sync", "start", ...place]);
      assert.match(await Deno.readTextFile(`${third.site}/README.md`), /^# edited by the agent\n/);
    });

    await step("a clone, a snapshot, and what is restored of it", async () => {
      await stage.run(third, ["clone", "life", "twin"]);
      await Deno.mkdir(`${first.folder}/kept`);
      await stage.run(first, ["snapshot", "life", "--output", "kept/life.tar.gz"]);
      await stage.run(first, ["restore", "again", "kept/life.tar.gz"]);
      for (const name of ["twin", "again"]) {
        assert.match(await stage.inPod(name, "README.md"), /^# edited by the agent\n/);
        assert.equal((await reported(second, "agent", "list", name)).length, 4);
      }
      await stage.lookAround();
    });

    await step("deleted: nothing is left of it in the cluster, or running here", async () => {
      for (const name of ["life", "twin", "again"]) {
        await stage.run(first, ["delete", name, "--force", "--purge", "--discard"]);
      }
      assert.deepEqual(await stage.objects(), before);
      assert.equal(await stage.run(second, ["list"]), "");
      // The third machine had a synchronised folder, and was not notified of the end.
      const running = async () =>
        (await processList()).filter((line) => line.includes(`__serve-sync ${namespace}.`));
      await until("the end of every sync", async () => (await running()).length === 0);
      const { phase, reason } = await syncOn(third);
      assert.deepEqual([phase, reason], ["stopped", `session "life" was deleted`]);
      assert.match(await Deno.readTextFile(`${third.site}/notes.txt`), /^changed here\n/);
    });

    await step("no secret was ever anywhere but in the Secret", async () => {
      await stage.lookAround();
      assert.ok(await hunt.lookInFolder(`${stage.folder}/git`) > 0);
      assert.equal(await hunt.lookInFolder(`${first.folder}/kept`), 1);
      hunt.look("process lists", [...stage.processes.seen].join("\n"));
      for (const line of [/^claude -p /, /git-remote-http /, /__serve-sync /]) {
        assert.ok([...stage.processes.seen].some((seen) => line.test(seen)), `not seen: ${line}`);
      }
      assert.deepEqual(hunt.finds, []);
    });
  },
});
