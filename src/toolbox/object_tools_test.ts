/** Lists of objects as a model gets them. */
import assert from "node:assert/strict";
import { simulatedHost } from "../actions/testing/simulated_host.ts";
import { WatchedCluster } from "../actions/testing/watched_cluster.ts";
import { getTool, waitTool } from "./object_tools.ts";

/** Returns the lines of a list, whose times are relative to the clock's. */
async function listed(
  kind: string,
  items: (ago: (seconds: number) => string) => Record<string, unknown>[],
  input: Record<string, unknown> = {},
): Promise<string[]> {
  const { host, clock } = simulatedHost({});
  const nowMs = clock.now().getTime();
  const cluster = new WatchedCluster("lab");
  cluster.lists.set(`n/${kind}`, [items((s) => new Date(nowMs - s * 1000).toISOString())]);
  const context = {
    host: { ...host, kube: () => Promise.resolve(cluster.client) },
    signal: new AbortController().signal,
    confirm: undefined,
  };
  const { text, isError } = await getTool.call({ kind, ...input }, context);
  assert.ok(!isError, text);
  return text.trim().split("\n");
}

const event = (pod: string, reason: string, times: object, message = `of ${pod}`) => ({
  object: {
    metadata: { name: `${pod}.${reason}`, namespace: "n" },
    involvedObject: { kind: "Pod", name: pod },
    ...{ type: "Warning", reason, message, ...times },
  },
});

Deno.test("events are folded whatever their objects are called, the latest first, with their times", async () => {
  const events = (ago: (seconds: number) => string) => [
    event("web-0", "BackOff", {
      firstTimestamp: ago(600),
      lastTimestamp: ago(120),
      count: 7,
    }),
    event("db-0", "Killing", { eventTime: ago(30) }, "ended"),
    event("web-1", "BackOff", { firstTimestamp: ago(300), lastTimestamp: ago(60), count: 2 }),
    event("web-2", "Pulled", {
      eventTime: ago(900),
      series: { count: 3, lastObservedTime: ago(240) },
    }),
  ];
  assert.deepEqual(await listed("events", events), [
    "4 Event objects (namespace n, context lab)",
    "30s ago  Warning  Killing  Pod/db-0  ended",
    "60s ago, first 10m ago (9×)  Warning  BackOff  Pod/web-0, Pod/web-1  of *",
    "4m ago, first 15m ago (3×)  Warning  Pulled  Pod/web-2  of web-2",
  ]);
  const recent = await listed("events", events, { since: 90_000 });
  assert.deepEqual(recent.slice(1).map((line) => line.split("  ")[2]), ["Killing", "BackOff"]);
});

Deno.test("a list has the server's columns, wide ones on request, and conditions in an unusual state", async () => {
  const columns = [
    { name: "Name", type: "string", isName: true, isWide: false },
    { name: "Ready", type: "string", isName: false, isWide: false },
    { name: "Images", type: "string", isName: false, isWide: true },
  ];
  const deployment = (name: string, conditions: object[]) => ({
    object: { metadata: { name, namespace: "n" }, status: { conditions } },
    printed: { columns, cells: [name, "1/2", "nginx:1"] },
  });
  const items = () => [
    deployment("web", [{ type: "Available", status: "False", reason: "TooFew" }]),
    deployment("api", [{ type: "Available", status: "True" }]),
  ];
  assert.deepEqual((await listed("deployments", items)).slice(1), [
    "NAME  READY",
    "web  1/2  Available=False (TooFew)",
    "api  1/2",
  ]);
  const [, titles, first] = await listed("deployments", items, { wide: true });
  assert.deepEqual([titles, first], [
    "NAME  READY  IMAGES",
    "web  1/2  nginx:1  Available=False (TooFew)",
  ]);
});

Deno.test("`wait` waits until objects are ready, if no condition is given", async () => {
  const { host, clock } = simulatedHost({});
  const pod = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "web-0", namespace: "n", uid: "u" },
    status: { phase: "Pending", conditions: [{ type: "Ready", status: "False" }] },
  };
  const cluster = new WatchedCluster("lab");
  cluster.lists.set("n/pods", [[pod]]);
  cluster.objects.set("pods/web-0", pod);
  const context = {
    host: { ...host, kube: () => Promise.resolve(cluster.client) },
    signal: new AbortController().signal,
    confirm: undefined,
  };
  for (const input of [{}, { for: [] }, { for: ["ready"] }]) {
    const { text } = await clock.runUntil(
      waitTool.call({ objects: ["pods/web-0"], timeoutMs: 5000, ...input }, context),
    );
    assert.match(text, /^not met in time\n/, JSON.stringify(input));
  }
});
