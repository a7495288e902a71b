/** An API server that dies, and returns. */
import assert from "node:assert/strict";
import { until } from "../processes.ts";
import { sleeper, untilSleeping } from "./kodama.ts";
import { onFault, only, outcomeOf } from "./fixture.ts";

onFault("when the API server is killed, what ran is unknown and never ok", async (fixture) => {
  const { rig, namespace, start } = fixture;
  await namespace.startPod("one", {});
  await namespace.startPod("two", {});
  const { words, token } = sleeper();
  await using run = start("one", "two", "--", ...words);
  await untilSleeping(run, token, 2);
  await using _killed = await rig.kill("kube-apiserver");
  const ended = await run.ended();
  assert.equal(ended.code, 4);
  assert.deepEqual(
    ended.reports.map((report) => [report.pod, report.outcome, report.exitCode]).sort(),
    [["one", "unknown", null], ["two", "unknown", null]],
  );
  for (const { error } of ended.reports) assert.match(error ?? "", /connection|closed|reset/i);
});

onFault(
  "a run that begins while the API server is down says where it didn't get to",
  async (fixture) => {
    const { rig, start } = fixture;
    await using _killed = await rig.kill("kube-apiserver");
    const run = start("one", "--connect-timeout", "2s", "--", "true");
    const { code, reports, stderr } = await run.ended();
    assert.equal(code, 4);
    assert.deepEqual(reports, []);
    assert.match(stderr, /^waiting for context rig: connection refused \(2s at most\)\n/);
    assert.match(stderr, /cannot reach context rig.*connection refused/);
  },
);

onFault(
  "a run that begins while the API server is down goes on when it is back",
  async (fixture) => {
    const { rig, namespace, start } = fixture;
    await namespace.startPod("one", {});
    const killed = await rig.kill("kube-apiserver");
    await using run = start("one", "--connect-timeout", "2m", "--", "hostname");
    await until("kodama waits", () => Promise.resolve(run.stderr.includes("waiting for")))
      .finally(() => killed[Symbol.asyncDispose]());
    const report = only(await run.ended());
    assert.deepEqual(outcomeOf(report), { outcome: "ok", exitCode: 0, signal: null });
    assert.equal(report.stdout, "one\n");
  },
);

onFault("after the API server's restart the next run is as any other", async (fixture) => {
  const { rig, namespace, start } = fixture;
  await namespace.startPod("one", {});
  {
    await using _killed = await rig.kill("kube-apiserver");
  }
  const report = only(await start("one", "--", "hostname").ended());
  assert.deepEqual(outcomeOf(report), { outcome: "ok", exitCode: 0, signal: null });
  assert.equal(report.stdout, "one\n");
});
