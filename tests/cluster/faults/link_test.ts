/** Links that are slow, lossy, or cut without notice. */
import assert from "node:assert/strict";
import { SlowLink } from "../../harness/slow_link.ts";
import { sleeper, untilSleeping } from "./kodama.ts";
import { onFault, only, outcomeOf } from "./fixture.ts";

onFault("a link of 200 ms that loses packets carries everything, only slower", async (fixture) => {
  const { rig, namespace, startWith } = fixture;
  await namespace.startPod("one", {});
  const { kubeconfig } = namespace.cluster;
  const server = JSON.parse(await Deno.readTextFile(kubeconfig)).clusters[0].cluster.server;
  await using link = SlowLink.open(server, { delayMs: 100 });
  await using _loss = await rig.lose("client", 0.01);
  const copy = await Deno.makeTempFile();
  await link.kubeconfigFor(kubeconfig, copy);
  const report = only(await startWith(copy, "one", "--", "seq", "1", "100000").ended());
  await Deno.remove(copy);
  assert.deepEqual(outcomeOf(report), { outcome: "ok", exitCode: 0, signal: null });
  const whole = Array.from({ length: 100_000 }, (_, index) => `${index + 1}\n`).join("");
  assert.equal(report.stdout, whole);
});

onFault("a link that is cut without a word is noticed by the keep-alive", async (fixture) => {
  const { rig, namespace, start } = fixture;
  await namespace.startPod("one", {});
  const { words, token } = sleeper();
  await using run = start("one", "--", ...words);
  await untilSleeping(run, token);
  await using _cut = await rig.cut("client");
  const ended = await run.ended();
  const report = only(ended);
  assert.deepEqual(outcomeOf(report), { outcome: "unknown", exitCode: null, signal: null });
  assert.match(report.error ?? "", /no answer from the server for 25 s/);
  assert.equal(ended.code, 4);
});
