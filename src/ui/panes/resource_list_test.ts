/** The objects that keys of a list hand on, each with the group of its kind. */
import assert from "node:assert/strict";
import { simulatedHost } from "../../actions/testing/simulated_host.ts";
import { WatchedCluster } from "../../actions/testing/watched_cluster.ts";
import { KodamaError } from "../../base/errors.ts";
import type { ObjectRef } from "../../kube/object_ref.ts";
import { STATEFUL_SETS } from "../../kube/resources.ts";
import { lineText } from "../../terminal/grid.ts";
import type { PaneContext, PaneEvent } from "../pane.ts";
import { PaneRegistry } from "../registry.ts";
import { defaultTheme } from "../theme.ts";
import { registerResourceList } from "./resource_list.ts";

const custom = { ...STATEFUL_SETS, group: "apps.example.com" };
const groups: Record<string, unknown> = {
  "/apis": { groups: [{ versions: [{ groupVersion: "apps.example.com/v1" }] }] },
  "/apis/apps.example.com/v1": {
    groupVersion: "apps.example.com/v1",
    resources: [{ name: "statefulsets", kind: "StatefulSet", namespaced: true }],
  },
};

/** A list of an object that is named `db`, with the events that its keys emit. */
async function opened(
  kind: string,
  fields: Record<string, unknown>,
  columns: Readonly<Record<string, string>> = {},
): Promise<
  {
    refusal: (action: string) => string | undefined;
    emitted: PaneEvent[];
    act: (action: string) => void;
    select: () => void;
    header: () => string;
  }
> {
  const cluster = new WatchedCluster("lab");
  const plural = kind.split(".")[0] ?? "";
  cluster.lists.set(`shop/${plural}`, [[{ object: fields, metadata: fields["metadata"] }]]);
  const client = { ...cluster.client, raw: (_verb: string, path: string) => groups[path] };
  const closed = new AbortController();
  const loaded = Promise.withResolvers<void>();
  const emitted: PaneEvent[] = [];
  const { host } = simulatedHost({});
  const registry = new PaneRegistry();
  registerResourceList(registry, columns);
  const context: PaneContext = {
    pane: 1,
    host: { ...host, kube: () => Promise.resolve(client as typeof cluster.client) },
    scope: { namespaces: { kind: "named", names: ["shop"] } },
    kube: undefined,
    config: { kind },
    theme: defaultTheme,
    emit: (event) => {
      if (event.kind !== "changed") emitted.push(event);
      else if (pane?.refusal?.("yaml") === undefined) loaded.resolve();
    },
    ask: () => Promise.resolve(undefined),
    signal: closed.signal,
  };
  const pane = registry.create("resource-list", context);
  assert.ok(pane);
  await loaded.promise;
  closed.abort();
  return {
    emitted,
    refusal: (action) => pane.refusal?.(action),
    act: (action) => pane.act?.(action),
    select: () => pane.handleCommand({ type: "select" }),
    header: () => {
      const [line = []] = pane.view({ columns: 40, rows: 5 }, { focused: true, nowMs: 0 });
      return lineText(line).trim();
    },
  };
}

const metadata = { name: "db", namespace: "shop", uid: "u1" };
const spec = {
  selector: {
    matchLabels: { app: "db" },
    matchExpressions: [{ key: "tier", operator: "In", values: ["a", "b"] }],
  },
};
const db = (resource: typeof custom): ObjectRef => ({
  context: "lab",
  resource,
  name: "db",
  namespace: "shop",
  uid: "u1",
});

const needPods = ["logs", "run-command", "run-workflow", "forward"];

Deno.test("keys that need pods are refused for another group's kind of a workload's name", async () => {
  const list = await opened("statefulsets.apps.example.com", { metadata, spec });
  for (const action of needPods) {
    assert.equal(
      list.refusal(action),
      "pods can't be found by statefulsets.apps.example.com",
      action,
    );
  }
  list.select();
  list.act("describe");
  list.act("delete");
  const objects = [db(custom)];
  assert.deepEqual(list.emitted, [
    { kind: "open", key: "yaml", config: { objects }, where: "right" },
    { kind: "open", key: "describe", config: { objects }, where: "right" },
    { kind: "open", key: "delete", config: { objects } },
  ]);
});

Deno.test("a workload of Kubernetes' own is handed on, and Enter selects by its whole selector", async () => {
  const list = await opened("statefulsets", { metadata, spec });
  for (const action of needPods) assert.equal(list.refusal(action), undefined, action);
  list.act("run-command");
  list.select();
  assert.deepEqual(list.emitted, [
    { kind: "open", key: "run", config: { objects: [db(STATEFUL_SETS)] } },
    {
      kind: "open",
      key: "resource-list",
      config: { kind: "pods", labelSelector: "app=db,tier in (a,b)", namespace: "shop" },
    },
  ]);
});

Deno.test("the Events of a row are those of its uid", async () => {
  const list = await opened("statefulsets.apps.example.com", { metadata, spec });
  list.act("events");
  assert.deepEqual(list.emitted, [{
    kind: "open",
    key: "resource-list",
    config: { kind: "events", namespace: "shop", fieldSelector: "involvedObject.uid=u1" },
  }]);
});

Deno.test("columns of the settings are of the kind that their name means without a group", async () => {
  const columns = { statefulsets: "PORT:.spec.port" };
  assert.equal((await opened("statefulsets", { metadata, spec }, columns)).header(), "PORT");
  const other = await opened("statefulsets.apps.example.com", { metadata, spec }, columns);
  assert.equal(other.header(), "NAME   AGE");
  const own = { ...columns, "statefulsets.apps.example.com": "SIZE:.spec.size" };
  const named = await opened("statefulsets.apps.example.com", { metadata, spec }, own);
  assert.equal(named.header(), "SIZE");
});

Deno.test("a list whose server can't be reached at its start is tried again; r lists again at once", async () => {
  const cluster = new WatchedCluster("lab");
  cluster.lists.set("shop/pods", [[{ object: { metadata }, metadata }]]);
  const { host, clock } = simulatedHost({});
  let error: KodamaError | undefined = new KodamaError("unreachable", "no route to the server");
  const closed = new AbortController();
  const registry = new PaneRegistry();
  registerResourceList(registry, {});
  const pane = registry.create("resource-list", {
    pane: 1,
    host: {
      ...host,
      kube: () => error === undefined ? Promise.resolve(cluster.client) : Promise.reject(error),
    },
    scope: { namespaces: { kind: "named", names: ["shop"] } },
    kube: undefined,
    config: { kind: "pods" },
    theme: defaultTheme,
    emit: () => {},
    ask: () => Promise.resolve(undefined),
    signal: closed.signal,
  });
  assert.ok(pane);
  const shows = async (status: string) => {
    while (lineText(pane.status ?? []) !== status) await clock.advance(100);
  };
  await shows("failed, is tried again");
  error = undefined;
  await shows("1");
  error = new KodamaError("unauthorized", "the login has expired");
  pane.act?.("reload");
  await shows("failed");
  const [line = []] = pane.view({ columns: 60, rows: 5 }, { focused: true, nowMs: 0 });
  assert.equal(lineText(line), "the login has expired; r lists again");
  error = undefined;
  pane.act?.("reload");
  await shows("1");
  closed.abort();
});
