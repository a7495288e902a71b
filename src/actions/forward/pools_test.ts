import assert from "node:assert/strict";
import type { KubeClient } from "../../kube/client.ts";
import { wholeSelection } from "../../kube/select/target.ts";
import { simulatedHost } from "../testing/simulated_host.ts";
import { poolsOf } from "./pools.ts";

Deno.test("poolsOf(): a pod that is named with its context isn't searched in another one", async () => {
  const { host } = simulatedHost({});
  const pools = await poolsOf(host, { context: "east" } as unknown as KubeClient, {
    selection: wholeSelection,
    targets: [{ kind: "pod", name: "web-0", context: "west" }],
    signal: new AbortController().signal,
  });
  assert.deepEqual(pools, []);
});
