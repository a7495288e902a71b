import assert from "node:assert/strict";
import type { KubeObject } from "../../src/kube/types.ts";
import { type EmbeddedClusterOptions, readinessOf, startCluster, until } from "./cluster.ts";
import { resources } from "./resources.ts";
import { createStore } from "./store/store.ts";
import type { Pod } from "kubernetes-types/core/v1.d.ts";
import { TestCluster } from "./controllers/testing/fixture.ts";
import { workloadSpec } from "./controllers/testing/workloads.ts";

const here = decodeURIComponent(new URL(".", import.meta.url).pathname);

async function inFolder(body: (options: EmbeddedClusterOptions) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "kodama-assembly-" });
  try {
    await body({
      folder,
      world: { source: "empty", sizes: {} },
      worldsFolder: `${here}worlds`,
      imageRoots: [`${here}images`],
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Returns the cluster's answer to a request with the token of its kubeconfig. */
async function get(kubeconfig: string, server: string, path: string): Promise<KubeObject> {
  const { clusters: [{ cluster }], users: [{ user }] } = JSON.parse(kubeconfig);
  using client = Deno.createHttpClient({ caCerts: [atob(cluster["certificate-authority-data"])] });
  const headers = { authorization: `Bearer ${user.token}` };
  const response = await fetch(`${server}${path}`, { client, headers });
  return await response.json();
}

Deno.test("a cluster answers with its own kubeconfig, and a copy of it holds after a new start", () =>
  inFolder(async (options) => {
    let kept = "";
    let port = 0;
    {
      await using cluster = await startCluster(options);
      await cluster.ready();
      kept = cluster.kubeconfig;
      port = Number(new URL(cluster.server).port);
      const list = await get(kept, cluster.server, "/api/v1/namespaces");
      assert.equal(list.kind, "NamespaceList");
    }
    await using again = await startCluster({ ...options, port });
    assert.equal((await get(kept, again.server, "/api/v1/nodes")).kind, "NodeList");
  }));

Deno.test("a used port is an error, and nothing of the cluster remains", () =>
  inFolder(async (options) => {
    await using first = await startCluster(options);
    const port = Number(new URL(first.server).port);
    const folder = `${options.folder}/second`;
    await assert.rejects(startCluster({ ...options, folder, port }), {
      kind: "environment",
      message: `port ${port} of this machine is taken`,
    });
  }));

Deno.test("a world that can't be created is an error with its reason", () =>
  inFolder(async (options) => {
    const source = `${options.folder}/bad.yaml`;
    const start = async (text: string) => {
      await Deno.writeTextFile(source, text);
      return startCluster({ ...options, world: { source, sizes: {} } });
    };
    await assert.rejects(
      start("apiVersion: v1\nkind: Widget\nmetadata: { name: w }\n"),
      /Widget of v1 isn't served/,
    );
    await assert.rejects(
      start("apiVersion: v1\nkind: Pod\nmetadata: { name: p }\nspec: { containers: [] }\n"),
      /Pod p: .*spec\.containers: Required value/,
    );
    await assert.rejects(
      start("apiVersion: v1\nkind: ConfigMap\nmetadata: { name: c, namespace: shop }\n"),
      { kind: "config", message: /ConfigMap c: namespaces "shop" not found/, hint: /a namespace/ },
    );
  }));

Deno.test("waiting for readiness ends with its signal", () =>
  inFolder(async (options) => {
    await using cluster = await startCluster(options);
    cluster.store.create(resources.pods, {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "elsewhere", namespace: "default" },
      spec: { nodeName: "no-such-node", containers: [] },
    });
    const signal = AbortSignal.abort(new Error("enough"));
    await assert.rejects(cluster.ready({ signal }), /enough/);
  }));

const at = new Date("2026-01-02T03:04:05Z");
const clock = { now: () => at } as Parameters<typeof until>[1];

function newStore() {
  let uids = 0;
  const store = createStore({ now: clock.now, newUid: () => `uid-${++uids}`, historyPerKind: 2 });
  const add = (count: number) => {
    for (let left = count; left > 0; left--) {
      const metadata = { name: `p${++uids}`, namespace: "default" };
      store.create(resources.pods, { apiVersion: "v1", kind: "Pod", metadata });
    }
  };
  return { store, add };
}

Deno.test("`until()` waits through more changes than the store's history holds", async () => {
  const { store, add } = newStore();
  let checks = 0;
  await until(store, clock, {}, (state) => {
    // Changes after a check are pending in the watch: ten at once exceed its history.
    if (++checks <= 3) add(10);
    return checks > 3 && state.list("pods").length === 30;
  });
  assert.equal(checks, 4);
});

Deno.test("`until()` rejects with the signal's reason", async () => {
  const { store, add } = newStore();
  const stop = new AbortController();
  const waiting = until(store, clock, { signal: stop.signal }, () => false);
  add(1);
  stop.abort(new Error("enough"));
  await assert.rejects(waiting, /^Error: enough$/);
  await assert.rejects(until(store, clock, { signal: stop.signal }, () => true), /enough/);
});

function readyNode(cluster: TestCluster): void {
  cluster.addNode();
  cluster.edit("nodes", ["", "node-1"], (node) => {
    Object.assign(node.status ?? {}, { conditions: [{ type: "Ready", status: "True" }] });
  });
}

function putSet(cluster: TestCluster, replicas: number): void {
  cluster.put("statefulSets", {
    apiVersion: "apps/v1",
    kind: "StatefulSet",
    metadata: { name: "db", namespace: "default" },
    spec: { replicas, serviceName: "db", podManagementPolicy: "Parallel", ...workloadSpec("db") },
  });
}

function waiting(reason: string): Partial<Pod> {
  const status = { name: "main", image: "", imageID: "", ready: false, restartCount: 0 };
  return {
    status: {
      phase: "Pending",
      containerStatuses: [{ ...status, state: { waiting: { reason } } }],
    },
  };
}

Deno.test("a world isn't ready before its node, its pods, and all of them", () => {
  const cluster = new TestCluster();
  assert.equal(readinessOf(cluster.state()).stable, false);
  readyNode(cluster);
  assert.equal(readinessOf(cluster.state()).stable, true);
  putSet(cluster, 2);
  assert.deepEqual(readinessOf(cluster.state()), {
    stable: false,
    pods: { ready: 0, expected: 2 },
  });
  cluster.settle();
  assert.deepEqual(readinessOf(cluster.state()), {
    stable: true,
    pods: { ready: 2, expected: 2 },
  });
});

Deno.test("a container that crashed is as far as it gets; one that was lost with its node is waited for", () => {
  const stable = (reason: string) => {
    const cluster = new TestCluster();
    readyNode(cluster);
    const { status } = waiting("ContainerCreating");
    const containerStatuses = status?.containerStatuses?.map((each) => ({
      ...each,
      restartCount: 1,
      lastState: { terminated: { exitCode: 1, reason } },
    }));
    cluster.put("pods", {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "one", namespace: "default" },
      spec: { containers: [], nodeName: "node-1" },
      status: { ...status, ...(containerStatuses && { containerStatuses }) },
    });
    return readinessOf(cluster.state()).stable;
  };
  assert.deepEqual([stable("Error"), stable("Unknown")], [true, false]);
});

Deno.test("a pod that no node takes is waited for no longer than until that is known", () => {
  const cluster = new TestCluster();
  readyNode(cluster);
  cluster.put("pods", {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "picky", namespace: "default" },
    spec: { containers: [], nodeSelector: { disk: "ssd" } },
  });
  assert.equal(readinessOf(cluster.state()).stable, false);
  cluster.settle();
  assert.deepEqual(readinessOf(cluster.state()), {
    stable: true,
    pods: { ready: 0, expected: 0 },
  });
});

const reasons: [string, boolean][] = [
  ["ContainerCreating", false],
  ["CrashLoopBackOff", true],
  ["ImagePullBackOff", true],
];

for (const [reason, stable] of reasons) {
  Deno.test(`a pod that waits with ${reason} is ${stable ? "as far as it gets" : "waited for"}`, () => {
    const cluster = new TestCluster();
    readyNode(cluster);
    cluster.put("pods", {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "one", namespace: "default" },
      spec: { containers: [], nodeName: "node-1" },
      ...waiting(reason),
    });
    assert.deepEqual(readinessOf(cluster.state()), { stable, pods: { ready: 0, expected: 1 } });
  });
}
