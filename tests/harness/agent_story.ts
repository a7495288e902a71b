/**
 * What the real Claude Code does for a user who disconnects. The model is a stand-in; the executable, its conversation
 * and its tools are the real ones.
 */
import assert from "node:assert/strict";
import { hangLimitMs } from "./hang_limit.ts";
import type { CommandResult, RunningCommand } from "./command.ts";
import type { Block, ModelTurn } from "./model_stand_in.ts";
import { usagePerAnswer } from "./model_stand_in.ts";

/** The environment of the story. */
export interface AgentEnvironment {
  /** The operand of every command: the agent. */
  operand: string;
  /** More args of every command: `-n`, `--context`. */
  scope: readonly string[];
  run(words: readonly string[]): Promise<CommandResult>;
  start(words: readonly string[]): RunningCommand;
  /** Runs a line of shell in the pod, in its workspace. */
  inPod(line: string): Promise<string>;
  /** Deletes the pod, and creates one with the same volumes. */
  restart(): Promise<void>;
  /** The requests to the model. */
  turns: readonly ModelTurn[];
}

/** Held answers of the model, by marker: the model sends them when the test opens the gate. */
export class Gates {
  readonly #gates = new Map<string, PromiseWithResolvers<void>>();
  readonly #requested = new Map<string, PromiseWithResolvers<void>>();

  /** Resolves when the model got the request for a marker's answer; rejects if that takes too long. */
  async requested(marker: string): Promise<void> {
    const { promise: late, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(
      () => reject(new Error(`the model got no request for [${marker}]`)),
      hangLimitMs,
    );
    try {
      await Promise.race([this.#of(this.#requested, marker).promise, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  open(marker: string): void {
    this.#of(this.#gates, marker).resolve();
  }

  /** For the model: records the request, and waits. */
  async pass(marker: string): Promise<void> {
    this.#of(this.#requested, marker).resolve();
    await this.#of(this.#gates, marker).promise;
  }

  #of(
    kept: Map<string, PromiseWithResolvers<void>>,
    marker: string,
  ): PromiseWithResolvers<void> {
    const known = kept.get(marker) ?? Promise.withResolvers<void>();
    kept.set(marker, known);
    return known;
  }
}

const textBlocks = (text: string): Block[] => [{ type: "text", text }];
const bash = (command: string): Block => ({
  type: "tool_use",
  name: "Bash",
  input: { command, description: "as the story has it" },
});

/** Returns the model of the story. */
export function storyModel(gates: Gates) {
  return async ({ marker, toolsUsed }: ModelTurn): Promise<Block[]> => {
    switch (marker) {
      case "write":
        if (toolsUsed === 0) {
          return [...textBlocks("I'll write it."), bash("echo hello >hello.txt")];
        }
        return toolsUsed === 1
          ? [bash("cat hello.txt >copied.txt; cat copied.txt")]
          : textBlocks("Written.");
      case "gated":
      case "cut":
        await gates.pass(marker);
        return textBlocks(`Answered ${marker}.`);
      case "hang":
        return [bash("echo $$ >hanging; tail -f /dev/null")];
      default:
        return textBlocks(`Answered ${marker}.`);
    }
  };
}

interface ListedTask {
  number: number;
  state: string;
  reason: string | null;
  turns: number;
  tools: number;
  tokens: Record<string, number>;
  costUsd: number | null;
  continues: number | null;
  lastMessage: string;
  approvals: { request: string; tool: string; summary: string }[];
}

/** Returns the tasks of an agent as `agent list` prints them. */
async function tasksOf(agent: AgentEnvironment): Promise<ListedTask[]> {
  const { code, stdout, stderr } = await agent.run(
    ["agent", "list", agent.operand, ...agent.scope, "-o", "json"],
  );
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout);
}

async function taskOf(agent: AgentEnvironment, number: number): Promise<ListedTask> {
  const task = (await tasksOf(agent)).find((one) => one.number === number);
  assert.ok(task, `task ${number} isn't listed`);
  return task;
}

/** Runs the story, step by step. */
export async function runAgentStory(
  t: Deno.TestContext,
  agent: AgentEnvironment,
  gates: Gates,
): Promise<void> {
  const { operand, scope } = agent;
  let failed = false;
  // Each step builds on the one before: after a failure the others prove nothing.
  const step = async (name: string, play: () => Promise<void>) => {
    failed ||= !await t.step({ name, ignore: failed, fn: play });
  };
  const prompt = (
    text: string,
    ...flags: string[]
  ) => ["prompt", operand, text, ...scope, ...flags];

  await step("a task writes a file, runs a command, and reports what it took", async () => {
    const { code, stdout, stderr } = await agent.run(prompt("[write] a file", "-f"));
    assert.equal(code, 0, stdout + stderr);
    assert.match(
      stdout,
      /^task 1 \(claude\): \[write\] a file\nI'll write it\.\n> Bash echo hello/,
    );
    assert.match(stdout, /\nWritten\.\ntask 1 done · 3 turns, 2 tools, 510 tokens · \$0\.\d+\n$/);
    assert.equal(await agent.inPod("cat copied.txt"), "hello\n");
    const task = await taskOf(agent, 1);
    const { input, output, cacheRead, cacheWrite } = usagePerAnswer;
    assert.deepEqual(task.tokens, {
      input: 3 * input,
      output: 3 * output,
      cacheRead: 3 * cacheRead,
      cacheWrite: 3 * cacheWrite,
    });
    assert.deepEqual([task.state, task.turns, task.tools, task.lastMessage], [
      "done",
      3,
      2,
      "Written.",
    ]);
  });

  await t.step(
    "the next prompt goes on with the conversation, and its cost is its own",
    async () => {
      assert.equal((await agent.run(prompt("[again]", "-f"))).code, 0);
      assert.deepEqual(agent.turns.at(-1)?.markers, ["write", "again"]);
      const [first, second] = await tasksOf(agent);
      assert.equal(second?.continues, 1);
      assert.equal(second?.turns, 1);
      assert.ok((second?.costUsd ?? 0) > 0 && (second?.costUsd ?? 0) < (first?.costUsd ?? 0));
    },
  );

  await t.step(
    "a task goes on when the client is killed, and the next one waits for it",
    async () => {
      await using client = agent.start(prompt("[gated] think", "-f"));
      await gates.requested("gated");
      await client.writes(({ stdout }) => stdout.includes("task 3 (claude)"));
      client.signal("SIGKILL");
      await client.ended();
      const queued = await agent.run(prompt("[queued] then this"));
      assert.match(queued.stdout, /^task 4 waits for task 3, continues task 3\n/);
      assert.deepEqual((await tasksOf(agent)).slice(2).map((one) => one.state), [
        "working",
        "queued",
      ]);
      gates.open("gated");
      const followed = await agent.run(["agent", "logs", operand, ...scope, "--task", "4", "-f"]);
      assert.equal(followed.code, 0, followed.stdout + followed.stderr);
      assert.match(followed.stdout, /Answered queued\./);
      assert.equal((await taskOf(agent, 3)).lastMessage, "Answered gated.");
      assert.deepEqual(agent.turns.at(-1)?.markers, ["write", "again", "gated", "queued"]);
    },
  );

  await step("an interrupt ends the agent and its tools; the conversation goes on", async () => {
    assert.equal((await agent.run(prompt("[hang] for ever"))).code, 0);
    const log = agent.start(["agent", "logs", operand, ...scope, "-f"]);
    await using _log = log;
    await log.writes(({ stdout }) => stdout.includes("> Bash"));
    await agent.inPod("until [ -s hanging ]; do sleep 0.1; done");
    const { code, stdout, stderr } = await agent.run(["interrupt", operand, ...scope]);
    assert.deepEqual([code, stdout], [0, "task 5 interrupted\n"], stderr);
    assert.equal(await log.ended(), 5);
    assert.equal((await taskOf(agent, 5)).state, "interrupted");
    assert.equal(await agent.inPod('kill -0 "$(cat hanging)" 2>/dev/null; echo $?'), "1\n");
    const idle = await agent.run(["interrupt", operand, ...scope]);
    assert.equal(idle.code, 1);
    assert.match(idle.stderr, /^error: no agent is working in /);
    assert.equal((await agent.run(prompt("[after]", "-f"))).code, 0);
    assert.equal(agent.turns.at(-1)?.markers.join(" "), "write again gated queued hang after");
  });

  await step("a pod that restarts leaves the truth, and the conversation goes on", async () => {
    assert.equal((await agent.run(prompt("[cut] off"))).code, 0);
    await gates.requested("cut");
    await agent.restart();
    const task = await taskOf(agent, 7);
    assert.deepEqual([task.state, task.reason], ["failed", "the pod restarted"]);
    const { code, stdout, stderr } = await agent.run(prompt("[home]", "-f"));
    assert.equal(code, 0, stdout + stderr);
    const markers = agent.turns.at(-1)?.markers.join(" ");
    assert.equal(markers, "write again gated queued hang after cut home");
    gates.open("cut");
  });

  await step("a tool waits until it is approved, or refused with a reason", async () => {
    const log = agent.start(prompt("[write] with approvals", "-f", "--permissions", "ask"));
    await using _log = log;
    const asked = / {2}waits for approval (\S+): Bash\n {4}echo hello >hello.txt\n/;
    await log.writes(({ stdout }) => asked.test(stdout));
    const waiting = (await tasksOf(agent)).at(-1);
    assert.deepEqual([waiting?.state, waiting?.reason], [
      "waiting",
      "approval of Bash echo hello >hello.txt",
    ]);
    const noTerminal = await agent.run(["agent", "approve", operand, ...scope]);
    assert.equal(noTerminal.code, 2, noTerminal.stderr);
    await agent.inPod("rm -f hello.txt copied.txt");
    const [request = ""] = waiting?.approvals.map((one) => one.request) ?? [];
    const name = request.slice(0, 8);
    const approved = await agent.run(["agent", "approve", operand, name, ...scope]);
    assert.deepEqual([approved.code, approved.stdout], [
      0,
      `allowed ${name}: Bash (task ${waiting?.number})\n`,
    ], approved.stderr);
    await log.writes(({ stdout }) => /waits for approval \S+: Bash\n {4}cat hello/.test(stdout));
    const denied = await agent.run(
      ["agent", "deny", operand, "--all", "-m", "not in this folder", ...scope],
    );
    assert.equal(denied.code, 0, denied.stderr);
    assert.equal(await log.ended(), 0);
    const shown = await agent.run(["agent", "logs", operand, ...scope]);
    assert.match(shown.stdout, /not in this folder/);
    assert.equal(
      await agent.inPod("cat hello.txt; [ -e copied.txt ] || echo none"),
      "hello\nnone\n",
    );
    const late = await agent.run(["agent", "approve", operand, name, ...scope]);
    assert.equal(late.code, 1, late.stderr);
  });

  await step("a budget ends a task", async () => {
    const { code, stdout } = await agent.run(prompt("[write] cheaply", "-f", "--budget", "0.001"));
    assert.equal(code, 5, stdout);
    assert.match(stdout, /failed: Reached maximum budget \(\$0\.001\)/);
  });

  await step("tools that weren't allowed make it wait for an answer", async () => {
    const words = ["--", "--permission-mode", "manual"];
    const { code, stdout, stderr } = await agent.run([...prompt("[write] again", "-f"), ...words]);
    assert.equal(code, 5, stdout + stderr);
    assert.match(stdout, /\n {2}Bash wasn't allowed: /);
    assert.match(
      stdout,
      /\ntask 11 waiting: it wasn't allowed to use Bash · continues task 10 · /,
    );
  });
}
