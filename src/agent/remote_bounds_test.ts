/** How much a task may leave in its pod, and the requirements on a pod. */
import assert from "node:assert/strict";
import { readTasksInPod } from "./read_tasks.ts";
import { maxEventBytes } from "./pod_script.ts";
import { startTaskInPod } from "./start_task.ts";
import { ShellPod, shellTarget } from "./testing/shell_pod.ts";
import { followed, never, task } from "./testing/shell_tasks.ts";

Deno.test("output beyond all bounds stays off the disk, but for its end", async () => {
  await using pod = await ShellPod.open();
  const script = "head -c 40000000 /dev/zero | tr '\\0' x | fold -w 1000; echo; echo the end";
  await startTaskInPod(pod.streams, shellTarget, task(script), never);
  await followed(pod, 1);
  const { size } = await Deno.stat(`${pod.task(1)}/events.jsonl`);
  assert.ok(size < maxEventBytes * 1.5, String(size));
  const [read] = await readTasksInPod(pod.streams, shellTarget, {}, never);
  assert.deepEqual([read?.status.state, read?.progress.lastMessage, read?.partial], [
    "done",
    "the end",
    true,
  ]);
});

Deno.test("a pod remembers its last hundred tasks", async () => {
  await using pod = await ShellPod.open();
  for (let number = 1; number <= 103; number++) {
    await Deno.mkdir(pod.task(number), { recursive: true });
    await Deno.writeTextFile(`${pod.task(number)}/claim`, "1 1 - 1\n");
    await Deno.writeTextFile(`${pod.task(number)}/events.jsonl`, "");
    await Deno.writeTextFile(`${pod.task(number)}/exit`, "0 1000 ended\n");
  }
  assert.equal(await startTaskInPod(pod.streams, shellTarget, task("true"), never), 104);
  await followed(pod, 104);
  const kept = await readTasksInPod(pod.streams, shellTarget, { newest: 200 }, never);
  assert.deepEqual([kept.length, kept[0]?.number, kept.at(-1)?.number], [100, 5, 104]);
});

Deno.test("a prompt is in no argument list; variables are neither there nor in the pod's files", async () => {
  await using pod = await ShellPod.open();
  const secret = "planted-7c1f";
  const environment = { API_TOKEN: secret };
  const prompt = "look for planted-7c1f";
  const script = "cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' ' | grep -c planted-[7]c1f";
  await startTaskInPod(pod.streams, shellTarget, task(script, { environment, prompt }), never);
  assert.equal((await followed(pod, 1)).text, "0\n");
  for await (const { name } of Deno.readDir(pod.task(1))) {
    if (name === "prompt" || name === "task") continue;
    const text = await Deno.readTextFile(`${pod.task(1)}/${name}`);
    assert.ok(!text.includes(secret), name);
  }
});

Deno.test("an image without setsid has tasks that outlive their link, too", async () => {
  const folder = await Deno.makeTempDir({ prefix: "kodama-few-" });
  const programs = "cat date dd head mkdir mv rm sh sleep sort tail wc".split(" ");
  for (const name of programs) await Deno.symlink(`/bin/${name}`, `${folder}/${name}`);
  {
    await using pod = await ShellPod.open({ path: folder });
    await startTaskInPod(pod.streams, shellTarget, task("sleep 0.5; echo still here"), never);
    assert.equal((await followed(pod, 1)).text, "still here\n");
    const [read] = await readTasksInPod(pod.streams, shellTarget, {}, never);
    assert.deepEqual(read?.status, { state: "done" });
  }
  await Deno.remove(folder, { recursive: true });
});

Deno.test("a program that the image lacks is named", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await using pod = await ShellPod.open({ args: ["/bin/sh"], path: folder });
    await assert.rejects(startTaskInPod(pod.streams, shellTarget, task("true"), never), {
      message: "the image of kodama-test has no mkdir",
    });
  } finally {
    await Deno.remove(folder);
  }
});
