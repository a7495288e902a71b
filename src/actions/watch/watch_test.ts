import assert from "node:assert/strict";
import { orAborted } from "../../base/abort.ts";
import type { ManualClock } from "../../base/testing/manual_clock.ts";
import { ExpiredError } from "../../kube/failures.ts";
import type { Tabled, WatchEvent as KubeEvent } from "../../kube/client.ts";
import type { Host } from "../host.ts";
import { simulatedHost } from "../testing/simulated_host.ts";
import {
  type ObjectChange,
  type WatchedEvent,
  watchObjects,
  type WatchObjectsOptions,
} from "./watch.ts";

/** Collections of objects: their lists, and the watches of each, one after the other. */
type Collections = Readonly<
  Record<string, { list: readonly Fields[]; watches?: readonly (readonly (Change | Error)[])[] }>
>;
type Fields = Record<string, unknown>;
type Change = readonly [kind: "added" | "modified" | "deleted", fields: Fields];

let version = 0;

const pod = (name: string, phase: string): Fields => ({
  metadata: { name, uid: `uid-${name}`, namespace: "shop", managedFields: [{}] },
  status: { phase },
});

const eventAbout = (name: string, reason: string): Fields => ({
  metadata: { name: `${name}.${reason}`, uid: `uid-${name}.${reason}`, namespace: "shop" },
  involvedObject: { uid: `uid-${name}` },
  reason,
});

const tabled = ({ printed, ...fields }: Fields): Tabled => ({
  metadata: { ...fields["metadata"] as object, resourceVersion: String(++version) },
  object: fields,
  ...(printed === undefined ? {} : { printed: printed as NonNullable<Tabled["printed"]> }),
});

/**
 * A host whose cluster has the collections; the watch ends when all of them have been sent. The context `silent` never
 * answers.
 */
function hostOf(collections: Collections, stop: AbortController): Host {
  const waiting = new Map(
    Object.entries(collections).map(([name, { watches = [] }]) => [name, [...watches]]),
  );
  const client = {
    context: "lab",
    defaultNamespace: "shop",
    async *list(
      this: { context: string },
      { plural }: { plural: string },
      _scope: unknown,
      { signal }: { signal: AbortSignal },
    ) {
      if (this.context === "silent") await orAborted(new Promise<never>(() => {}), signal);
      const items = collections[plural]?.list.map(tabled) ?? [];
      yield await Promise.resolve({ items, resourceVersion: "1" });
    },
    watch: async (
      { plural }: { plural: string },
      _scope: unknown,
      { signal }: WatchObjectsOptions,
    ) => {
      await Promise.resolve();
      const events = waiting.get(plural)?.shift();
      const isLast = [...waiting.values()].every(({ length }) => length === 0);
      return (async function* (): AsyncGenerator<KubeEvent<Tabled>> {
        for (const one of events ?? []) {
          await Promise.resolve();
          if (one instanceof Error) throw one;
          const [kind, fields] = one;
          yield { kind, object: tabled(fields), resourceVersion: String(version) };
        }
        if (!isLast) return;
        stop.abort();
        await new Promise<void>((resolve) => {
          if (signal.aborted) resolve();
          signal.addEventListener("abort", () => resolve());
        });
      })();
    },
  };
  const { host } = simulatedHost({});
  const kube = (context = "lab") =>
    Promise.resolve({ ...client, context, server: `https://${context}` });
  return { ...host, kube } as unknown as Host;
}

async function watched(
  collections: Collections,
  options: Partial<WatchObjectsOptions> = {},
): Promise<WatchedEvent[]> {
  const stop = new AbortController();
  const host = hostOf(collections, stop);
  const events: WatchedEvent[] = [];
  const reading = (async () => {
    const all = watchObjects(host, {
      contexts: [],
      namespaces: [],
      allNamespaces: false,
      targets: [{ kind: "pods" }],
      events: false,
      signal: stop.signal,
      ...options,
    });
    for await (const event of all) events.push(event);
  })();
  await (host.clock as ManualClock).runUntil(reading);
  return events;
}

const texts = (events: readonly WatchedEvent[]) =>
  events.flatMap((event) => event.kind === "changed" ? event.changes.map(changeText) : event.kind);

function changeText({ kind, object, isInitial, changed }: ObjectChange): string {
  const { name } = object.fields["metadata"] as { name: string };
  const paths = changed.map(({ path }) => path).join(",");
  return [kind, name, ...(isInitial ? ["initial"] : []), ...(paths === "" ? [] : [paths])].join(
    " ",
  );
}

Deno.test("a watch reports what exists, then each change with the fields it has changed", async () => {
  const events = await watched({
    pods: {
      list: [pod("web-0", "Pending")],
      watches: [[
        ["modified", pod("web-0", "Running")],
        ["added", pod("web-1", "Pending")],
        ["deleted", pod("web-0", "Failed")],
      ]],
    },
  });
  assert.deepEqual(texts(events), [
    "started",
    "added web-0 initial",
    "inSync",
    "modified web-0 status.phase",
    "added web-1",
    "deleted web-0",
  ]);
  const [, first] = events;
  assert.ok(first?.kind === "changed");
  assert.doesNotMatch(JSON.stringify(first.changes), /managedFields/);
});

Deno.test("columns that a server sends with the list only are those of later changes too", async () => {
  const columns = [{ name: "Name", type: "string", isName: true, isWide: false }];
  const printed = (name: string, own: typeof columns) => ({
    ...pod(name, "Running"),
    printed: { columns: own, cells: [name] },
  });
  const events = await watched({
    pods: {
      list: [printed("web-0", columns)],
      watches: [[["added", printed("web-1", [])]]],
    },
  });
  const changes = events.flatMap((event) => event.kind === "changed" ? event.changes : []);
  assert.deepEqual(changes.map(({ object }) => object.printed), [
    { columns, cells: ["web-0"] },
    { columns, cells: ["web-1"] },
  ]);
});

Deno.test("a watch retains and reports only what objects are reduced to, and still every change", async () => {
  const printed = (phase: string) => ({
    ...pod("web-0", phase),
    printed: {
      columns: [{ name: "Status", type: "string", isName: false, isWide: false }],
      cells: [phase],
    },
  });
  const events = await watched({
    pods: { list: [printed("Pending")], watches: [[["modified", printed("Running")]]] },
  }, {
    reduce: ({ metadata }) => ({ metadata: { name: (metadata as { name: string }).name } }),
  });
  const changes = events.flatMap((event) => event.kind === "changed" ? event.changes : []);
  assert.deepEqual(
    changes.map((
      { kind, object, changed },
    ) => [kind, object.fields, object.printed?.cells, changed]),
    [
      ["added", { metadata: { name: "web-0" } }, ["Pending"], []],
      ["modified", { metadata: { name: "web-0" } }, ["Running"], []],
    ],
  );
});

Deno.test("after a 410 a gap is reported before the differences", async () => {
  const events = await watched({
    pods: {
      list: [pod("web-0", "Pending")],
      watches: [[["modified", pod("web-0", "Running")], new ExpiredError("too old")], []],
    },
  });
  assert.deepEqual(texts(events).slice(3), [
    "modified web-0 status.phase",
    "gap",
    "modified web-0 status.phase",
  ]);
});

Deno.test("Events are reported with the objects they are about, also if they come first", async () => {
  const events = await watched({
    events: {
      list: [
        eventAbout("web-0", "Pulled"),
        eventAbout("other", "Pulled"),
        eventAbout("late", "Up"),
      ],
    },
    pods: { list: [pod("web-0", "Pending")], watches: [[["added", pod("late", "Pending")]]] },
  }, { events: true });
  const seen = texts(events).filter((one) => /added/.test(one));
  assert.deepEqual(seen.toSorted(), [
    "added late",
    "added late.Up initial",
    "added web-0 initial",
    "added web-0.Pulled initial",
  ]);
  assert.ok(seen.indexOf("added late") < seen.indexOf("added late.Up initial"));
});

Deno.test("Events about a static pod name the kubelet's uid of it, not the server's", async () => {
  const { metadata, ...others } = pod("etcd-n1", "Running");
  const annotations = { "kubernetes.io/config.mirror": "uid-of-the-kubelet" };
  const mirrored = { ...others, metadata: { ...metadata as Fields, annotations } };
  const events = await watched({
    events: { list: [eventAbout("of-the-kubelet", "Pulled"), eventAbout("other", "Pulled")] },
    pods: { list: [mirrored], watches: [[]] },
  }, { events: true });
  const seen = texts(events).filter((one) => /added/.test(one));
  assert.deepEqual(seen.toSorted(), [
    "added etcd-n1 initial",
    "added of-the-kubelet.Pulled initial",
  ]);
});

Deno.test("ages that the server printed are known, also of objects that are reduced", async () => {
  const age = { name: "Age", type: "string", isName: false, isWide: false };
  const printed = { columns: [age], cells: ["5m"] };
  const events = await watched({ pods: { list: [{ ...pod("a", "Running"), printed }] } }, {
    reduce: () => ({}),
  });
  const [change] = events.flatMap((event) => event.kind === "changed" ? event.changes : []);
  const [found] = change?.object.printed?.ages ?? [];
  assert.equal(found?.precisionMs, 1000);
  assert.equal((change?.atMs ?? NaN) - (found?.sinceMs ?? NaN), 300_000);
});

Deno.test("a context that hangs doesn't delay the changes of the others, and is out of sync at the limit", async () => {
  const host = hostOf({ pods: { list: [pod("web-0", "Running")] } }, new AbortController());
  const clock = host.clock as ManualClock;
  const stop = new AbortController();
  const seen: unknown[] = [];
  await clock.runUntil((async () => {
    const all = watchObjects(host, {
      contexts: ["silent", "lab"],
      namespaces: [],
      allNamespaces: false,
      targets: [{ kind: "pods" }],
      events: false,
      signal: stop.signal,
    });
    for await (const event of all) {
      const text = event.kind === "outOfSync" ? event.error.message : texts([event]).join();
      seen.push([clock.elapsedMs(), text]);
      if (event.kind === "started") assert.deepEqual(event.contexts, ["silent", "lab"]);
      if (event.kind === "outOfSync") stop.abort();
    }
  })());
  assert.deepEqual(seen, [
    [0, "started"],
    [0, "added web-0 initial"],
    [15_000, "context silent, https://silent: no answer in 15s"],
  ]);
});

Deno.test("a watch in which no context answers ends with an error", async () => {
  const host = hostOf({}, new AbortController());
  const clock = host.clock as ManualClock;
  const reading = Array.fromAsync(watchObjects(host, {
    contexts: ["silent"],
    namespaces: [],
    allNamespaces: false,
    targets: [{ kind: "pods" }],
    events: false,
    signal: new AbortController().signal,
  }));
  await assert.rejects(clock.runUntil(reading), {
    message: "context silent, https://silent: no answer in 15s",
  });
});
