/** The node on a machine whose containers are scripts: its pods, their logs and streams, without a process. */
import assert from "node:assert/strict";
import type { Pod } from "../../../src/kube/types.ts";
import { ManualClock, quiet } from "../../../src/base/testing/manual_clock.ts";
import { resources } from "../resources.ts";
import { createStore } from "../store/store.ts";
import { startNode } from "./node.ts";
import { type Script, scriptedMachine, untilSignal } from "./testing/scripted_machine.ts";

const streams = { stdin: true, stdout: true, stderr: true, tty: false };

/** A node with the pod `web`, which restarts its container. */
async function nodeWith(run: Script) {
  const clock = new ManualClock();
  let uids = 0;
  const store = createStore({ now: () => clock.now(), newUid: () => `uid-${++uids}` });
  const machine = scriptedMachine({ clock, run });
  const node = await startNode({ store, clock, machine, dataDir: "/node", imageRoots: [] });
  store.create(resources.pods, {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "web", namespace: "default" },
    spec: { nodeName: node.name, containers: [{ name: "main", image: "acme/web:1" }] },
    status: { phase: "Pending" },
  });
  const pod = () => store.get(resources.pods, "default", "web") as unknown as Pod | undefined;
  const uid = pod()?.metadata?.uid ?? "";
  await quiet();
  const target = { namespace: "default", pod: "web", uid, container: "main" };
  return { clock, store, machine, node, pod, target };
}

Deno.test("a scripted container runs, is logged and restarts after the back-off, by the clock alone", async () => {
  const { clock, node, pod, target } = await nodeWith(async (process) => {
    await process.print("hello\n");
    return await process.passed(60_000) ? 3 : 0;
  });
  await using _node = node;
  const status = () => pod()?.status?.containerStatuses?.[0];
  assert.ok(status()?.state?.running);
  const query = { follow: true, previous: false, timestamps: false };
  const log = await node.logs(target, query, new AbortController().signal);
  const text = new Response(log).text();
  await clock.runUntil(text);
  assert.equal(await text, "hello\n");
  await quiet();
  assert.equal(status()?.restartCount, 1);
  assert.equal(status()?.lastState?.terminated?.exitCode, 3);
});

Deno.test("a scripted exec gets its input, and its exit code ends its streams", async () => {
  const { node, target } = await nodeWith(async (process) => {
    if (process.role === "main") return await untilSignal(process);
    for await (const bytes of process.input) await process.print(bytes, "stderr");
    return 7;
  });
  await using _node = node;
  const exec = await node.exec(target, ["cat"], streams);
  const writer = exec.stdin?.getWriter();
  await writer?.write(new TextEncoder().encode("in"));
  await writer?.close();
  assert.equal(await new Response(exec.stderr).text(), "in");
  assert.deepEqual(await exec.end, { kind: "exited", exitCode: 7 });
});

Deno.test("the end of a container kills its execs, even those whose streams were lost", async () => {
  const killed: boolean[] = [];
  const { node, target, machine, store } = await nodeWith(async (process) => {
    if (process.role === "main") return await untilSignal(process);
    await untilSignal(process);
    killed.push(process.killed.aborted);
    return 0;
  });
  await using _node = node;
  const lost = await node.exec(target, ["sleep"], streams);
  machine.loseStreams({ kind: "exited", exitCode: 0 });
  assert.deepEqual(await lost.end, { kind: "exited", exitCode: 0 });
  const running = await node.exec(target, ["sleep"], streams);
  assert.deepEqual(killed, []);
  store.remove(resources.pods, "default", "web");
  assert.deepEqual(await running.end, { kind: "exited", exitCode: 137 });
  await quiet();
  assert.deepEqual(killed, [true, true]);
});
