/** The far end as it is: kodama's scripts in the shells of this machine. */
import assert from "node:assert/strict";
import { systemClock } from "../base/clock.ts";
import { commandAdapter } from "./command.ts";
import { followTask } from "./follow_task.ts";
import { interruptTask } from "./interrupt_task.ts";
import { readTasks } from "./read_tasks.ts";
import { type NewTask, startTask } from "./start_task.ts";
import { ShellPod, shellTarget } from "./testing/shell_pod.ts";

const never = new AbortController().signal;

function task(script: string, more: Partial<NewTask> = {}): NewTask {
  return {
    adapter: commandAdapter,
    prompt: "do it",
    words: ["sh", "-c", script],
    environment: {},
    workdir: "/",
    createdAt: new Date(Date.UTC(2026, 0, 1)),
    key: crypto.randomUUID().replaceAll("-", ""),
    conversation: { id: "none", begins: true },
    ...more,
  };
}

/** Follows to the end; what was sent, and the states that were told. */
async function followed(
  pod: ShellPod,
  number: number,
  offset = 0,
): Promise<{ text: string; states: string[] }> {
  const states: string[] = [];
  let text = "";
  const world = { ...pod.world, clock: systemClock };
  for await (const part of followTask(world, shellTarget, { number, offset }, never)) {
    if (part.kind === "state") states.push(part.state);
    if (part.kind === "bytes") text += new TextDecoder().decode(part.bytes);
  }
  return { text, states };
}

Deno.test("a task gets its prompt on standard input, its variables and folder, and ends with its code", async () => {
  await using pod = await ShellPod.open();
  const prompt = 'it\'s "quoted" $HOME `id` \\n\n  +two\n.\n=three';
  const script = 'cat; echo "$GREETING from $(pwd)"; echo oops >&2; exit 3';
  const environment = { GREETING: "it's $5" };
  const number = await startTask(
    pod.world,
    shellTarget,
    task(script, { prompt, environment }),
    never,
  );
  assert.equal(number, 1);
  assert.equal((await followed(pod, 1)).text, `${prompt}\nit's $5 from /\noops\n`);
  const [read] = await readTasks(pod.world, shellTarget, {}, never);
  assert.deepEqual(read?.status, { state: "failed", reason: "exit code 3: oops" });
  assert.equal(read?.prompt, prompt);
  await assert.rejects(Deno.stat(`${pod.task(1)}/environment`), Deno.errors.NotFound);
});

Deno.test("tasks have their turns one after the other", async () => {
  await using pod = await ShellPod.open();
  const gate = `${pod.home}/gate`;
  await new Deno.Command("mkfifo", { args: [gate] }).output();
  const start = (script: string) => startTask(pod.world, shellTarget, task(script), never);
  assert.deepEqual(await start(`echo first; cat ${gate}`), 1);
  assert.deepEqual(await start("echo second"), 2);
  const following = followed(pod, 2);
  const states = (await readTasks(pod.world, shellTarget, {}, never)).map((one) =>
    one.status.state
  );
  assert.equal(states[1], "queued");
  await Deno.writeTextFile(gate, "go\n");
  assert.equal((await following).text, "second\n");
  const after = await readTasks(pod.world, shellTarget, {}, never);
  assert.deepEqual(after.map((one) => one.status.state), ["done", "done"]);
  assert.equal(after[0]?.progress.lastMessage, "go");
});

Deno.test("an interrupt ends the task and all that it has started", async () => {
  await using pod = await ShellPod.open();
  const script =
    'sleep 1000 & echo "$!" >child; trap "" TERM; echo ready; while :; do sleep 1; done';
  const workdir = pod.home;
  await startTask(pod.world, shellTarget, task(script, { workdir }), never);
  const world = { ...pod.world, clock: systemClock };
  for await (const part of followTask(world, shellTarget, { number: 1 }, never)) {
    if (part.kind === "bytes") break;
  }
  const adapter = { ...commandAdapter, interrupt: { ...commandAdapter.interrupt, graceMs: 1000 } };
  const interruption = await interruptTask(pod.world, shellTarget, { adapter }, never);
  assert.deepEqual(interruption, { number: 1, late: false, left: 0 });
  const [read] = await readTasks(pod.world, shellTarget, {}, never);
  assert.deepEqual(read?.status, { state: "interrupted" });
  const child = Number(await Deno.readTextFile(`${pod.home}/child`));
  assert.throws(() => Deno.kill(child, "SIGCONT"), Deno.errors.NotFound);
});
