import assert from "node:assert/strict";
import { startTaskInPod as startFar } from "../../agent/start_task.ts";
import { ShellPod, shellTarget } from "../../agent/testing/shell_pod.ts";
import { never, task } from "../../agent/testing/shell_tasks.ts";
import type { ExecRequest, KubeClient } from "../../kube/client.ts";
import type { Host } from "../host.ts";
import { simulatedHost } from "../testing/simulated_host.ts";
import { type FollowEvent, followTask } from "./follow.ts";

/** Returns a host of one pod, whose scripts run on this machine. */
function hostOf(pod: ShellPod, options: () => void = () => {}): Host {
  const { host } = simulatedHost({});
  const exec = (request: ExecRequest) => {
    options();
    return pod.streams.open(shellTarget, request, never);
  };
  return { ...host, kube: () => Promise.resolve({ exec } as unknown as KubeClient) };
}

/** Starts a task that signals its start, and ends when it is released. */
async function begin(
  pod: ShellPod,
  name: string,
): Promise<{ started(): Promise<void>; end(): void }> {
  const [started, end] = [`${pod.home}/${name}-begun`, `${pod.home}/${name}-end`];
  await new Deno.Command("mkfifo", { args: [started, end] }).output();
  await startFar(pod.streams, shellTarget, task(`: >${started}; read -r line <${end}`), never);
  return {
    started: async () => void await Deno.readFile(started),
    end: () => Deno.writeTextFileSync(end, "\n"),
  };
}

Deno.test("a task waits for its turn behind another one, and not where it has only just begun", async () => {
  await using pod = await ShellPod.open();
  const one = await begin(pod, "one");
  await one.started();
  // The state before its runner has got this far.
  await Deno.remove(`${pod.task(1)}/began`);
  const events: string[] = [];
  let calls = 0;
  // Calls in order: the task, its events, the tasks before it.
  const endAtThird = () => void (++calls === 3 && events.length === 1 && one.end());
  const options = { number: 1, signal: never };
  for await (const event of followTask(hostOf(pod, endAtThird), shellTarget, options)) {
    events.push(event.kind);
    if (event.kind === "turn") one.end();
  }
  assert.deepEqual(events, ["task", "end"]);

  const host = hostOf(pod);
  const first = await begin(pod, "first");
  await first.started();
  const second = await begin(pod, "second");
  const turns: boolean[] = [];
  for await (const event of followTask(host, shellTarget, { number: 3, signal: never })) {
    if (event.kind !== "turn") continue;
    turns.push(event.came);
    if (!event.came) {
      first.end();
      continue;
    }
    await second.started();
    second.end();
  }
  assert.deepEqual(turns, [false, true]);
});

Deno.test("without a number the task that the agent works on is followed, and not one that waits behind it", async () => {
  await using pod = await ShellPod.open();
  const [works, waits] = [await begin(pod, "works"), await begin(pod, "waits")];
  await works.started();
  const numbers: number[] = [];
  const take = (event: FollowEvent) => {
    if ("task" in event) numbers.push(event.task.number);
  };
  for await (const event of followTask(hostOf(pod), shellTarget, { signal: never })) {
    if (event.kind === "task") works.end();
    take(event);
  }
  await waits.started();
  waits.end();
  for await (const event of followTask(hostOf(pod), shellTarget, { signal: never })) take(event);
  assert.deepEqual(numbers, [1, 1, 2, 2]);
});
