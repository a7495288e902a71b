/** The parts reported to the preview of a pod. */
import assert from "node:assert/strict";
import { KodamaError } from "../../base/errors.ts";
import type { Target } from "../../kube/select/target.ts";
import { type PreviewPart, previewPod } from "./preview.ts";
import { simulatedHost } from "../testing/simulated_host.ts";
import { WatchedCluster } from "../testing/watched_cluster.ts";

const target: Target = {
  context: "c",
  namespace: "n",
  pod: "web-0",
  container: "main",
  node: "node-1",
  ip: "",
  uid: "uid-web-0",
};

async function parts(cluster: WatchedCluster): Promise<Record<string, PreviewPart>> {
  const host = { ...simulatedHost({}).host, kube: () => Promise.resolve(cluster.client) };
  const all = await Array.fromAsync(previewPod(host, target, new AbortController().signal));
  return Object.fromEntries(all.map((one) => [one.kind === "failed" ? one.part : one.kind, one]));
}

function event(reason: string, second: number) {
  const lastTimestamp = new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString();
  return { reason, message: "m", type: "Normal", lastTimestamp, metadata: {} };
}

Deno.test("events come newest first and few, of this very pod", async () => {
  const cluster = new WatchedCluster("c");
  const events = Array.from({ length: 20 }, (_, index) => event(`e${index}`, index));
  cluster.lists.set("n/events", [events]);
  const { events: shown } = await parts(cluster);
  assert.equal(shown?.kind, "events");
  assert.deepEqual(shown.events.map(({ reason }) => reason).slice(0, 2), ["e19", "e18"]);
  assert.equal(shown.events.length, 8);
  assert.equal(cluster.asked[0]?.scope.fieldSelector, "involvedObject.uid=uid-web-0");
});

Deno.test("the log is its last lines without their times, and bounded", async () => {
  const cluster = new WatchedCluster("c");
  const lines = Array.from({ length: 50 }, (_, index) => `2026-01-01T00:00:00.5Z line ${index}\n`);
  cluster.log = [lines.join("").slice(0, 100), lines.join("").slice(100)];
  const { log } = await parts(cluster);
  assert.equal(log?.kind, "log");
  assert.equal(log.lines.length, 30);
  assert.equal(log.lines.at(-1), "line 49");
  cluster.log = Array.from({ length: 1000 }, () => "x".repeat(1024));
  const bounded = (await parts(cluster))["log"];
  assert.ok(bounded?.kind === "log" && (bounded.lines[0]?.length ?? 0) <= 66 * 1024);
});

Deno.test("one part that fails leaves the other", async () => {
  const cluster = new WatchedCluster("c");
  cluster.lists.set("n/events", [new KodamaError("forbidden", "no events for you")]);
  cluster.log = ["2026-01-01T00:00:00Z hello\n"];
  const shown = await parts(cluster);
  assert.equal(shown["events"]?.kind, "failed");
  assert.deepEqual(shown["log"], { kind: "log", container: "main", lines: ["hello"] });
});
