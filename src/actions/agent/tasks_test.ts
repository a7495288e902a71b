import assert from "node:assert/strict";
import { startTaskInPod as startFar } from "../../agent/start_task.ts";
import { ShellPod, shellTarget } from "../../agent/testing/shell_pod.ts";
import { followed, never, task } from "../../agent/testing/shell_tasks.ts";
import type { ExecRequest, KubeClient } from "../../kube/client.ts";
import type { Host } from "../host.ts";
import { simulatedHost } from "../testing/simulated_host.ts";
import { currentTask, interruptTask, startTask } from "./tasks.ts";

/** Returns a host of one pod, whose scripts run on this machine. */
function hostOf(pod: ShellPod): Host {
  const { host } = simulatedHost({});
  const exec = (request: ExecRequest) => pod.streams.open(shellTarget, request, never);
  return { ...host, kube: () => Promise.resolve({ exec } as unknown as KubeClient) };
}

const begin = (pod: ShellPod, script: string) =>
  startFar(pod.streams, shellTarget, task(script), never);

Deno.test("whatever waits behind it, the task that works is what a pod is about, and what is interrupted", async () => {
  await using pod = await ShellPod.open();
  const host = hostOf(pod);
  assert.equal(await currentTask(host, shellTarget, never), undefined);
  await begin(pod, "true");
  await followed(pod, 1);
  const started = `${pod.home}/begun`;
  await new Deno.Command("mkfifo", { args: [started] }).output();
  await begin(pod, `: >${started}; exec sleep 1000`);
  await Deno.readFile(started);
  // More than a list of tasks shows.
  for (let waiting = 0; waiting < 21; waiting++) await begin(pod, "sleep 1000");
  assert.equal((await currentTask(host, shellTarget, never))?.number, 2);
  const { number } = await interruptTask(host, shellTarget, { signal: never });
  assert.equal(number, 2);
});

Deno.test("a prompt that goes on with a task that isn't there, or that holds no conversation, isn't begun", async () => {
  await using pod = await ShellPod.open();
  const host = hostOf(pod);
  const continueWith = (conversation: number) => {
    const adapter = "command" as const;
    const options = { adapter, prompt: "x", words: ["true"], conversation, signal: never };
    return startTask(host, shellTarget, options);
  };
  const none = { kind: "notFound", message: `${shellTarget.pod} has no task 99` };
  await assert.rejects(continueWith(99), { ...none, hint: "there are none yet" });
  for (const number of [1, 2]) {
    await begin(pod, "true");
    await followed(pod, number);
  }
  await assert.rejects(continueWith(99), { ...none, hint: "the newest are 1, 2" });
  await assert.rejects(continueWith(2), {
    kind: "conflict",
    message: "task 2 has no conversation to continue",
  });
  assert.equal((await currentTask(host, shellTarget, never))?.number, 2);
});
