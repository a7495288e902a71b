/** The pods reported to a picker, now and later. */
import { type Selection, wholeSelection } from "../../kube/select/target.ts";
import assert from "node:assert/strict";
import { quiet } from "../../base/testing/manual_clock.ts";
import { orAborted } from "../../base/abort.ts";
import { KodamaError } from "../../base/errors.ts";
import type { KubeClient } from "../../kube/client.ts";
import type { Pod } from "../../kube/types.ts";
import { type PickPodsEvent, watchPods } from "./pods.ts";
import { simulatedHost } from "../testing/simulated_host.ts";
import { runningPod, WatchedCluster } from "../testing/watched_cluster.ts";

/** A picker's view of clusters: the events so far. */
function watching(clusters: readonly WatchedCluster[], selection: Partial<Selection> = {}) {
  const byName = new Map(clusters.map((one) => [one.context, one.client]));
  const { host } = simulatedHost({});
  const own = {
    ...host,
    kube: (name?: string) => {
      const client = byName.get(name ?? clusters[0]?.context ?? "");
      if (client !== undefined) return Promise.resolve(client);
      return Promise.reject(new KodamaError("config", `no context "${name}"`));
    },
  };
  const events: PickPodsEvent[] = [];
  const stop = new AbortController();
  const contexts = clusters.map(({ context }) => context);
  const options = { contexts, selection: { ...wholeSelection, ...selection }, signal: stop.signal };
  const done = (async () => {
    for await (const event of watchPods(own, options)) events.push(event);
  })();
  done.catch(() => {});
  return {
    events,
    done,
    /** Ends the watch, and returns the events in short form. */
    async end(): Promise<string[]> {
      await quiet();
      stop.abort();
      await done;
      return events.map(words);
    },
  };
}

function words(event: PickPodsEvent): string {
  switch (event.kind) {
    case "changed":
      return [
        ...event.upserts.map(({ target }) => `+${target.namespace}/${target.pod}`),
        ...event.removed.map((id) => `-${id}`),
      ].join(" ");
    case "loaded":
      return "loaded";
    case "contextFailed":
      return `failed ${event.context}`;
  }
}

function cluster(pages: (readonly Pod[] | KodamaError)[], context = "c"): WatchedCluster {
  const one = new WatchedCluster(context);
  one.lists.set("n/pods", pages);
  return one;
}

Deno.test("each page is reported as it arrives, then the end of the list, then each change", async () => {
  const one = cluster([[runningPod("a")], [runningPod("b")]]);
  const picker = watching([one]);
  await one.change("added", runningPod("c"));
  await one.change("deleted", runningPod("a"));
  assert.deepEqual(await picker.end(), ["+n/a", "+n/b", "loaded", "+n/c", "-uid-a"]);
  assert.deepEqual(one.watchedFrom, ["7"]);
});

Deno.test("a pod that the selection no longer means is gone, and comes back", async () => {
  const one = cluster([[runningPod("a")]]);
  const picker = watching([one]);
  const ended: Pod = { ...runningPod("a"), status: { phase: "Succeeded" } };
  for (const object of [ended, ended, runningPod("a")]) {
    await one.change("modified", object);
  }
  assert.deepEqual(await picker.end(), ["+n/a", "loaded", "-uid-a", "+n/a"]);
});

Deno.test("a pod of another uid is another pod", async () => {
  const one = cluster([[runningPod("a")]]);
  const picker = watching([one]);
  await one.change("deleted", runningPod("a"));
  await one.change("added", runningPod("a", { uid: "later" }));
  await picker.end();
  const ids = picker.events.flatMap((event) =>
    event.kind === "changed" ? event.upserts.map(({ id }) => id) : []
  );
  assert.deepEqual(ids, ["uid-a", "later"]);
});

Deno.test("an unreachable cluster is reported once, and the others are listed", async () => {
  const failure = new KodamaError("unreachable", "no route");
  const picker = watching([cluster([failure], "dead"), cluster([[runningPod("a")]], "well")]);
  const events = await picker.end();
  assert.deepEqual([...events].sort(), ["+n/a", "failed dead", "loaded"]);
  assert.equal(events.filter((one) => one === "loaded").length, 1);
});

Deno.test("the only context's failure is thrown", async () => {
  const failure = new KodamaError("forbidden", "may not list pods");
  await assert.rejects(watching([cluster([failure])]).done, failure);
});

Deno.test("a few names are lists of their own, more are filtered, and selectors are the server's", async () => {
  const narrow = { labelSelector: "x=y", node: "node-1" };
  for (
    const { names, requested } of [
      { names: ["b"], requested: [",metadata.name=b"] },
      { names: ["b", "c", "d", "e", "f"], requested: [""] },
    ]
  ) {
    const one = cluster([[runningPod("b"), ...requested[0] === "" ? [runningPod("a")] : []]]);
    const operands = names.map((name) => ({ kind: "pod", name }) as const);
    assert.deepEqual(await watching([one], { operands, ...narrow }).end(), ["+n/b", "loaded"]);
    assert.deepEqual(
      one.asked.map(({ scope }) => scope),
      requested.map((name) => ({
        namespace: "n",
        labelSelector: "x=y",
        fieldSelector: `spec.nodeName=node-1${name}`,
      })),
    );
  }
});

Deno.test("a workload's pods are watched by its own selector; one that isn't there is an error", async () => {
  const own = runningPod("web-0");
  const owner = { apiVersion: "apps/v1", kind: "StatefulSet", name: "web", uid: "u" };
  own.metadata = { ...own.metadata, ownerReferences: [{ ...owner, controller: true }] };
  const one = cluster([[own, runningPod("web-stranger")]]);
  one.objects.set("statefulsets/web", {
    apiVersion: "apps/v1",
    kind: "StatefulSet",
    metadata: { name: "web", uid: "u" },
    spec: { selector: { matchLabels: { app: "web" } } },
  });
  const web = { kind: "workload", plural: "statefulsets", name: "web" } as const;
  assert.deepEqual(await watching([one], { operands: [web] }).end(), ["+n/web-0", "loaded"]);
  assert.equal(one.asked[0]?.scope.labelSelector, "app=web");
  const missing = watching([one], { operands: [{ ...web, name: "nothing" }] });
  await assert.rejects(missing.done, {
    kind: "noMatch",
    message: /statefulsets "nothing" not found/,
  });
});

Deno.test("several namespaces are lists of their own, each read once", async () => {
  const one = cluster([[runningPod("a")]]);
  one.lists.set("m/pods", [[runningPod("b", { namespace: "m" })]]);
  const namespaces = { kind: "named", names: ["n", "m", "n"] } as const;
  const events = await watching([one], { namespaces }).end();
  assert.deepEqual([...events].sort(), ["+m/b", "+n/a", "loaded"]);
  assert.equal(one.asked.length, 2);
});

Deno.test("a context that hangs doesn't delay the pods of the others, and has failed at the limit", async () => {
  const silent = {
    ...cluster([], "silent").client,
    async *list(_resource: unknown, _scope: unknown, { signal }: { signal?: AbortSignal } = {}) {
      yield await orAborted(new Promise<never>(() => {}), signal ?? AbortSignal.abort());
    },
  } as unknown as KubeClient;
  const near = cluster([[runningPod("a")]], "near").client;
  const { host, clock } = simulatedHost({});
  const own = {
    ...host,
    kube: (name?: string) => Promise.resolve(name === "near" ? near : silent),
  };
  const stop = new AbortController();
  const seen: unknown[] = [];
  await clock.runUntil((async () => {
    const contexts = ["silent", "near"];
    const options = { contexts, selection: wholeSelection, signal: stop.signal };
    for await (const event of watchPods(own, options)) {
      seen.push([clock.elapsedMs(), words(event)]);
      if (event.kind === "contextFailed") {
        assert.equal(event.error.message, "context silent, https://silent:6443: no answer in 15s");
      }
      if (event.kind === "loaded") stop.abort();
    }
  })());
  assert.deepEqual(seen, [[0, "+n/a"], [15_000, "failed silent"], [15_000, "loaded"]]);
});
