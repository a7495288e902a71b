import assert from "node:assert/strict";
import { PodSet } from "../../forward/pods.ts";
import type { KubeClient } from "../../kube/client.ts";
import type { Pod } from "../../kube/types.ts";
import { orAborted, passed } from "../../base/abort.ts";
import { type Selection, wholeSelection } from "../../kube/select/target.ts";
import type { Host } from "../host.ts";
import { simulatedHost } from "../testing/simulated_host.ts";
import { runningPod, WatchedCluster } from "../testing/watched_cluster.ts";
import { forward, requestsOf } from "./forward.ts";
import { forwardPod } from "./pools.ts";
import { parsePorts, servicePort } from "./ports.ts";

const client = { context: "lab" } as KubeClient;

function pods(): PodSet {
  const pod = {
    metadata: { name: "net", namespace: "n", uid: "u" },
    spec: {
      containers: [{
        name: "main",
        ports: [
          { name: "web", containerPort: 8080 },
          { name: "dns", containerPort: 53, protocol: "UDP" },
          { name: "dns-tcp", containerPort: 53 },
          { name: "media", containerPort: 5004, protocol: "UDP" },
        ],
      }],
    },
    status: { phase: "Running", conditions: [{ type: "Ready", status: "True" }] },
  } as Pod;
  const set = new PodSet();
  set.set([forwardPod(client, pod)]);
  return set;
}

const service = { ports: [{ name: "http", port: 8000, targetPort: "web" }], isHeadless: false };

/** Returns `LOCAL:REMOTE` of the request; 0 is any free port. */
function requested(text: string, target: "pod/net" | "svc/net"): string {
  const ports = parsePorts(text);
  if (!Array.isArray(ports)) throw new Error(ports.invalid);
  const pool = {
    target,
    isSelection: false,
    sources: [],
    count: 1,
    declared: [],
    routeOf: (requested: number | string) =>
      target === "pod/net"
        ? { remote: requested, own: undefined }
        : servicePort(service, requested) ?? { remote: requested, own: undefined },
  };
  const options = { ports, balance: false, free: false, address: "localhost" };
  return requestsOf(pool, pods(), options).map(({ address, remote }) =>
    `${address.kind === "tcp" ? address.port : address.path}:${remote}`
  ).join();
}

Deno.test("a port's name stands for its number here too, as with kubectl", () => {
  const table: [text: string, target: "pod/net" | "svc/net", expected: string][] = [
    ["web", "pod/net", "8080:web"],
    ["http", "svc/net", "8000:web"],
    [":web", "pod/net", "0:web"],
    ["9000:web", "pod/net", "9000:web"],
    ["9000:http", "svc/net", "9000:web"],
    ["53", "pod/net", "53:53"],
    ["dns-tcp", "pod/net", "53:dns-tcp"],
  ];
  for (const [text, target, expected] of table) {
    assert.equal(requested(text, target), expected, text);
  }
});

Deno.test("a port that is for UDP alone is refused by its name and by its number", () => {
  for (const port of ["dns", "media", "5004", ":5004", "9000:dns"]) {
    assert.throws(() => requested(port, "pod/net"), {
      name: "UsageError",
      message: `port ${port.replace(/.*:/, "")} of pod/net isn't a TCP port`,
      hint: "Kubernetes forwards TCP alone",
    });
  }
});

/** Forwards a port of a pod in `near` and in another context, until that has failed or opened its port. */
async function forwardBeside(other: "silent" | "late"): Promise<unknown[]> {
  const near = new WatchedCluster("near");
  near.lists.set("n/pods", [[runningPod("web-0")]]);
  const beside = new WatchedCluster(other);
  beside.lists.set("n/pods", [[runningPod("web-0")]]);
  const { host, clock } = simulatedHost({});
  const own = {
    ...host,
    kube: (name?: string) => Promise.resolve(name === "near" ? near.client : beside.client),
    select: async (
      { context }: KubeClient,
      _selection: Selection,
      { signal }: { signal: AbortSignal },
    ) => {
      if (context === "late") await passed(clock, 3000);
      if (context === "silent") await orAborted(new Promise<never>(() => {}), signal);
      const target = { context, namespace: "n", pod: "web-0", container: "main", node: "", ip: "" };
      return { targets: [target], skipped: [], nearest: [], pods: [runningPod("web-0")] };
    },
  } as unknown as Host;
  const ports = parsePorts(":80");
  assert.ok(Array.isArray(ports));
  const stop = new AbortController();
  const seen: unknown[] = [];
  await clock.runUntil((async () => {
    const events = forward(own, {
      contexts: [other, "near"],
      selection: wholeSelection,
      groups: [{ targets: [], ports }],
      balance: false,
      free: false,
      address: "127.0.0.1",
      graceMs: 0,
      traffic: { inspect: false, version: "" },
      signal: stop.signal,
    });
    for await (const event of events) {
      const detail = event.kind === "contextFailed"
        ? event.error.message
        : event.kind === "ready"
        ? event.forwards.length
        : "";
      seen.push([clock.elapsedMs(), event.kind, detail]);
      const isSecond = event.kind === "listening" && event.info.forward === 2;
      if (event.kind === "contextFailed" || isSecond) stop.abort();
    }
  })());
  return seen;
}

Deno.test("a context that hangs doesn't delay the ports of the others, and has failed at the limit", async () => {
  assert.deepEqual(await forwardBeside("silent"), [
    [700, "listening", ""],
    [700, "ready", 1],
    [1000, "contextWaiting", ""],
    [15_000, "contextFailed", "context silent, https://silent:6443: no answer in 15s"],
    [15_000, "ended", ""],
  ]);
});

Deno.test("the ports of a context that answers late are opened then", async () => {
  assert.deepEqual(await forwardBeside("late"), [
    [700, "listening", ""],
    [700, "ready", 1],
    [1000, "contextWaiting", ""],
    [3000, "listening", ""],
    [3000, "ended", ""],
  ]);
});
