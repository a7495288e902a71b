/** Tasks of a session's agent that wait while its pod goes: stopped, restarted, copied. */
import assert from "node:assert/strict";
import { startTestCluster } from "./harness/embedded_cluster.ts";
import { KodamaInProcess } from "./harness/kodama_in_process.ts";

Deno.test("tasks that waited when the pod went have their turns in the next one, in order and once; a copy has none", async () => {
  await using cluster = await startTestCluster();
  const kodama = new KodamaInProcess(cluster.env);
  const run = (...words: string[]) => kodama.succeed(words);
  const prompt = (text: string, line: string) =>
    run("prompt", "work", text, "--adapter", "command", "--", "sh", "-c", line);
  const states = async (name = "work") =>
    JSON.parse(await run("agent", "list", name, "-o", "json")).map(
      ({ state, reason }: { state: string; reason: string | null }) => reason ?? state,
    );
  const listed = async () =>
    JSON.parse(await run("list", "-o", "json")).map(
      ({ name, task }: { name: string; task: { number: number; state: string } }) =>
        `${name} ${task.number} ${task.state}`,
    );
  const inPod = (name: string, line: string) => run("attach", name, "--command", line);
  await run("start", "work", "--no-sync");
  await prompt("for ever", "echo begun | tee first; tail -f /dev/null");
  await inPod("work", "until [ -s first ]; do sleep 0.1; done");
  for (const number of [2, 3]) await prompt("next", `echo ${number} >>order`);
  assert.deepEqual(await states(), ["working", "queued", "queued"]);
  assert.deepEqual(await listed(), ["work 1 working"]);
  await run("clone", "work", "copy");
  await run("stop", "work", "--yes");
  // Read from its volume: the tasks that were queued still are. A plain container has no process 1 of its own.
  const { isolation } = cluster.cluster.isolation;
  const lost = isolation === "plain" ? "its processes were killed" : "the pod restarted";
  assert.deepEqual(await states(), [lost, "queued", "queued"]);
  assert.match(
    await run("agent", "logs", "work", "--task", "1"),
    /^task 1 .*\nbegun\ntask 1 failed/,
  );
  await run("resume", "work");
  await run("agent", "logs", "work", "--task", "3", "-f");
  assert.equal(await inPod("work", "cat order"), "2\n3\n");
  assert.deepEqual(await states(), [lost, "done", "done"]);
  assert.deepEqual(await listed(), ["copy 3 failed", "work 3 done"]);
  const agents = JSON.parse(await run("agent", "list", "-A", "-o", "json"));
  assert.deepEqual(
    agents.map((one: Record<string, Record<string, unknown>>) => [
      one["session"],
      one["task"]?.["state"],
      one["totals"]?.["tasks"],
    ]),
    [["copy", "failed", 3], ["work", "done", 3]],
  );
  await run("stop", "work");
  await run("resume", "work");
  assert.equal(await inPod("work", "cat order"), "2\n3\n");

  await run("stop", "copy");
  await run("resume", "copy");
  assert.equal(await inPod("copy", "ls"), "first\n");
  assert.match((await states("copy"))[2], /before its turn$/);
});
