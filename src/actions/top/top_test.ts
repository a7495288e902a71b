import assert from "node:assert/strict";
import { orAborted } from "../../base/abort.ts";
import { KodamaError } from "../../base/errors.ts";
import { ManualClock } from "../../base/testing/manual_clock.ts";
import type { ApiResource, KubeClient, ListScope } from "../../kube/client.ts";
import { LinkError } from "../../kube/failures.ts";
import { type Selection, wholeSelection } from "../../kube/select/target.ts";
import type { Host } from "../host.ts";
import { simulatedHost } from "../testing/simulated_host.ts";
import { pollMs, readUsage, watchUsage } from "./top.ts";

const at = (name: string, namespace = "shop") => ({ metadata: { name, namespace } });
const target = (pod: string, namespace: string) => ({
  context: "lab",
  namespace,
  pod,
  container: "app",
  node: "",
  ip: "",
});

/** A host with two pods in two namespaces; `metrics` answers for the metrics API. The context `silent` never answers. */
function hostOf(metrics: () => unknown[]): { host: Host; clock: ManualClock; lists: string[] } {
  const clock = new ManualClock();
  const lists: string[] = [];
  const client = {
    context: "lab",
    async *list({ group, plural }: ApiResource, { namespace, labelSelector }: ListScope) {
      await Promise.resolve();
      lists.push([group, plural, namespace, labelSelector].filter(Boolean).join(" "));
      if (group === "") throw new KodamaError("forbidden", `you may not list ${plural}`);
      yield { items: metrics(), resourceVersion: "" };
    },
  } as unknown as KubeClient;
  const host = {
    ...simulatedHost({}).host,
    clock,
    kube: (context = "lab") =>
      Promise.resolve({ ...client, context, server: `https://${context}` }),
    select: ({ context }: KubeClient, _selection: Selection, { signal }: { signal: AbortSignal }) =>
      context === "silent" ? orAborted(new Promise<never>(() => {}), signal) : Promise.resolve({
        targets: [target("web-0", "shop"), target("db-0", "data")],
        skipped: [],
        nearest: [],
        pods: [at("web-0"), at("db-0", "data")].map((pod) => ({
          ...pod,
          spec: { containers: [{ name: "app" }] },
        })),
      }),
  } as unknown as Host;
  return { host, clock, lists };
}

const pods = { kind: "pods", selection: wholeSelection, byContainer: false } as const;
const options = { contexts: [], subject: pods, sort: "cpu" } as const;
const signal = new AbortController().signal;
const usage = { cpu: "5m", memory: "1Mi" };

Deno.test("usage is listed per namespace, because a role may allow only some, or once for all", async () => {
  const { host, lists } = hostOf(
    () => [{ ...at("db-0", "data"), containers: [{ name: "app", usage }] }],
  );
  const [{ rows = [] } = {}] = await Array.fromAsync(readUsage(host, { ...options, signal }));
  assert.deepEqual(rows.map(({ name, cpu }) => [name, cpu.used]), [["db-0", 0.005], [
    "web-0",
    undefined,
  ]]);
  assert.deepEqual(lists.splice(0), ["metrics.k8s.io pods shop", "metrics.k8s.io pods data"]);
  const selection = {
    ...wholeSelection,
    namespaces: { kind: "all" },
    labelSelector: "a=b",
  } as const;
  await Array.fromAsync(readUsage(host, { ...options, subject: { ...pods, selection }, signal }));
  assert.deepEqual(lists, ["metrics.k8s.io pods a=b"]);
});

Deno.test("a cluster without the metrics API is an error with the way out, and so is one that doesn't answer", async () => {
  const failing = (error: Error) =>
    Array.fromAsync(readUsage(
      hostOf(() => {
        throw error;
      }).host,
      { ...options, signal },
    ));
  await assert.rejects(failing(new KodamaError("notFound", "the server could not find it")), {
    kind: "notFound",
    message: "the cluster of context lab has no metrics API (metrics.k8s.io)",
    hint: /metrics-server/,
  });
  await assert.rejects(failing(new KodamaError("unreachable", "no endpoints")), {
    message: "the metrics API of context lab doesn't answer: no endpoints",
    hint: /apiservice/,
  });
  const lost = new LinkError("refused", {
    at: { context: "lab", server: "s" },
    reason: "refused",
    sent: "nothing",
  });
  await assert.rejects(failing(lost), { message: "refused" });
});

Deno.test("watching reports a later error, and continues", async () => {
  let round = 0;
  const { host, clock } = hostOf(() => {
    if (++round > 2 && round < 5) throw new KodamaError("unreachable", "away");
    return [];
  });
  const stop = new AbortController();
  const kinds: string[] = [];
  await clock.runUntil((async () => {
    for await (const { kind } of watchUsage(host, { ...options, signal: stop.signal })) {
      kinds.push(`${clock.elapsedMs() / pollMs} ${kind}`);
      if (kinds.length === 3) stop.abort();
    }
  })());
  assert.deepEqual(kinds, ["0 usage", "1 failed", "2 usage"]);
});

const [silentFirst, silentLast] = [["silent", "lab"], ["lab", "silent"]];
const noAnswer = "context silent, https://silent: no answer in 15s";

Deno.test("a context that hangs doesn't delay the usage of the others, and has failed at the limit", async () => {
  for (const contexts of [silentFirst, silentLast]) {
    const { host, clock } = hostOf(() => []);
    const yielded: unknown[] = [];
    const waits: string[] = [];
    await clock.runUntil((async () => {
      const onWait = ({ context }: { context: string }) => void waits.push(context);
      for await (const one of readUsage(host, { ...options, contexts, signal, onWait })) {
        const failed = one.failed.map(({ error }) => error.message);
        yielded.push([clock.elapsedMs(), one.rows.map(({ name }) => name), failed]);
      }
    })());
    assert.deepEqual(yielded, [[700, ["db-0", "web-0"], []], [15_000, [], [noAnswer]]]);
    assert.deepEqual(waits, ["silent"]);
  }
});

Deno.test("watching reads contexts that answer again and again while another hangs", async () => {
  const { host, clock } = hostOf(() => []);
  const stop = new AbortController();
  const yielded: unknown[] = [];
  await clock.runUntil((async () => {
    const all = { ...options, contexts: silentFirst, signal: stop.signal };
    for await (const event of watchUsage(host, all)) {
      if (event.kind === "failed") throw event.error;
      const { rows, failed } = event.usage;
      yielded.push([clock.elapsedMs(), rows.length, failed.map(({ error }) => error.message)]);
      if (yielded.length === 4) stop.abort();
    }
  })());
  assert.deepEqual(yielded, [
    [700, 2, []],
    [6400, 2, []],
    [12_100, 2, []],
    [17_800, 2, [noAnswer]],
  ]);
});
