/** A node whose parts die, and pods that end in the middle of a command. */
import assert from "node:assert/strict";
import { hangTimeout } from "../../harness/hang_limit.ts";
import { nodeName } from "../layout.ts";
import { countSleeping, sleeper, untilSleeping } from "./kodama.ts";
import { onFault, only, outcomeOf } from "./fixture.ts";

const unknown = { outcome: "unknown", exitCode: null, signal: null };
const killed = { outcome: "failed", exitCode: 137, signal: "SIGKILL" };

onFault(
  "when kubelet is killed, what ran is unknown, and what begins unreachable",
  async (fixture) => {
    const { rig, namespace, start } = fixture;
    await namespace.startPod("one", {});
    const { words, token } = sleeper();
    await using run = start("one", "--", ...words);
    await untilSleeping(run, token);
    await using _killed = await rig.kill("kubelet");
    const ended = await run.ended();
    assert.deepEqual(outcomeOf(only(ended)), unknown);
    assert.equal(ended.code, 4);
    const next = await start("one", "--", "true").ended();
    assert.equal(only(next).outcome, "unreachable");
    assert.match(only(next).error ?? "", /^Internal error .{1,150}connection refused$/);
    assert.equal(next.code, 4);
  },
);

onFault("a pod of a node that is not ready is said to be unreachable", async (fixture) => {
  const { rig, namespace, start } = fixture;
  await namespace.startPod("one", {});
  await using _killed = await rig.kill("kubelet");
  const status = JSON.stringify({
    status: { conditions: [{ type: "Ready", status: "False", reason: "Test", message: "test" }] },
  });
  const node = `node/${nodeName}`;
  await namespace.kubectl("patch", node, "--subresource=status", "--type=strategic", "-p", status);
  await namespace.kubectl("wait", "--for=condition=Ready=false", node, hangTimeout);
  const ended = await start("one", "--", "true").ended();
  assert.equal(only(ended).outcome, "unreachable");
  assert.equal(ended.code, 4);
});

onFault("a command whose container is killed has failed with 137", async (fixture) => {
  const { rig, namespace, start } = fixture;
  await namespace.startPod("one", {});
  const { words, token } = sleeper();
  await using run = start("one", "--", ...words);
  await untilSleeping(run, token);
  await rig.killContainer(namespace.name, "one", "main");
  const ended = await run.ended();
  assert.deepEqual(outcomeOf(only(ended)), killed);
  assert.equal(ended.code, 137);
  assert.equal(await countSleeping(token), 0);
});

onFault("a command whose pod is deleted has failed with 137", async (fixture) => {
  const { namespace, start } = fixture;
  await namespace.startPod("one", {});
  const { words, token } = sleeper();
  await using run = start("one", "--", ...words);
  await untilSleeping(run, token);
  await namespace.kubectl("delete", "pod", "one", "--wait=false");
  const ended = await run.ended();
  assert.deepEqual(outcomeOf(only(ended)), killed);
  assert.equal(ended.code, 137);
});

onFault(
  "a command that takes all memory is killed, and its output before that is kept",
  async (fixture) => {
    const { namespace, start } = fixture;
    await namespace.startPod("one", { resources: { limits: { memory: "24Mi" } } });
    // A variable that doubles until the kernel kills it.
    const script = "echo begun; text=0123456789abcdef; while :; do text=$text$text; done";
    const report = only(await start("one", "--", "sh", "-c", script).ended());
    assert.deepEqual(outcomeOf(report), killed);
    assert.equal(report.stdout, "begun\n");
  },
);
