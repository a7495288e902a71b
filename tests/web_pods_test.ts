import assert from "node:assert/strict";
import { simulatedHost } from "../src/actions/testing/simulated_host.ts";
import { runningPod, WatchedCluster } from "../src/actions/testing/watched_cluster.ts";
import { quiet } from "../src/base/testing/manual_clock.ts";
import { findTargets } from "../src/kube/select/find_targets.ts";
import { wholeSelection } from "../src/kube/select/target.ts";
import type { Pod } from "../src/kube/types.ts";
import type { PodsEvent } from "../src/web/api.ts";
import { podsAfter, type PodsState } from "../src/web/page/pods_state.ts";
import { podEvents } from "../src/web/pods_feed.ts";

const down = (pod: Pod): Pod => ({ ...pod, status: { ...pod.status, phase: "Failed" } });

Deno.test("the page's pods are those of the cluster, after any change", async () => {
  const cluster = new WatchedCluster("lab");
  const pods = ["web-2", "web-10"].map((name) => runningPod(name));
  cluster.lists.set("n/pods", [pods]);
  const { host } = simulatedHost({});
  const events: PodsEvent[] = [];
  let state: PodsState = { pods: undefined, notes: [] };
  const stop = new AbortController();
  const following = (async () => {
    const own: typeof host = {
      ...host,
      kube: () => Promise.resolve(cluster.client),
      select: (client, selection, { signal = stop.signal }) =>
        findTargets(client, selection, { signal, random: () => 0 }),
    };
    const selection = {
      ...wholeSelection,
      allPhases: true,
      namespaces: { kind: "named", names: ["n"] },
    } as const;
    for await (const event of podEvents(own, { contexts: [], selection, signal: stop.signal })) {
      events.push(event);
      state = podsAfter(state, event);
    }
  })();
  const shown = async () => {
    await quiet();
    return state.pods?.map((pod) => `${pod.pod} ${"status" in pod ? pod.status : ""}`);
  };
  assert.deepEqual(await shown(), ["web-2 Running", "web-10 Running"]);
  assert.deepEqual(events.map(({ kind }) => kind), ["list"], "what the list had isn't sent again");
  const changed = async (...changes: Parameters<typeof cluster.change>[]) => {
    for (const change of changes) await cluster.change(...change);
    return await shown();
  };
  const replaced = runningPod("web-2", { uid: "another" });
  assert.deepEqual(await changed(["added", runningPod("web-3")]), [
    "web-2 Running",
    "web-3 Running",
    "web-10 Running",
  ]);
  assert.deepEqual(
    await changed(["modified", down(runningPod("web-10"))], ["deleted", runningPod("web-3")]),
    ["web-2 Running", "web-10 Failed"],
  );
  // A pod of a StatefulSet is followed by another of its name, whose events may come first.
  assert.deepEqual(
    await changed(["added", replaced], ["deleted", runningPod("web-2")]),
    ["web-2 Running", "web-10 Failed"],
  );
  assert.deepEqual(await changed(["deleted", replaced]), ["web-10 Failed"]);
  stop.abort();
  await following;
});
