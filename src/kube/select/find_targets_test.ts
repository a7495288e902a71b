import { action, hint, option, plainHint } from "../../base/hint.ts";
import { type Selection, wholeSelection } from "./target.ts";
import assert from "node:assert/strict";
import { KodamaError } from "../../base/errors.ts";
import type { ApiResource, KubeClient, ListScope } from "../client.ts";
import { ExpiredError } from "../failures.ts";
import { type AbsentPods, findTargets } from "./find_targets.ts";
import type { Pod } from "../types.ts";

function pod(namespace: string, name: string): Pod {
  return {
    metadata: { namespace, name },
    spec: { containers: [{ name: "main" }] },
    status: { phase: "Running" },
  };
}

/** A cluster of objects by path; every request is recorded. */
class FakeClient {
  readonly context = "ctx";
  readonly server = "https://api.test";
  readonly defaultNamespace = "web";
  readonly asked: string[] = [];
  /** Lists that expire before one succeeds. */
  expiring = 0;

  constructor(
    private readonly pods: Pod[],
    private readonly objects: Record<string, unknown> = {},
  ) {}

  get(resource: ApiResource, name: string, { namespace = "" }: { namespace?: string }) {
    const path = `${resource.plural} ${namespace}/${name}`;
    this.asked.push(`get ${path}`);
    const object = resource.plural === "pods"
      ? this.pods.find(({ metadata }) =>
        metadata?.namespace === namespace && metadata.name === name
      )
      : this.objects[path];
    if (object instanceof Error) return Promise.reject(object);
    return object === undefined
      ? Promise.reject(new KodamaError("notFound", `${path} not found`))
      : Promise.resolve(object);
  }

  async *list(
    resource: ApiResource,
    { namespace = "*", labelSelector, fieldSelector }: ListScope,
  ): AsyncGenerator<{ items: unknown[]; resourceVersion: string }> {
    const narrowed = [labelSelector, fieldSelector].filter((one) => one).join(" ");
    this.asked.push(`list ${resource.plural} ${namespace} ${narrowed}`.trim());
    if (resource.plural === "namespaces") {
      const names = ["web", "db"].map((name) => ({ metadata: { name } }));
      yield await Promise.resolve({ items: names, resourceVersion: "1" });
      return;
    }
    if (resource.plural !== "pods") {
      const own = Object.entries(this.objects)
        .filter(([path]) => path.startsWith(`${resource.plural} ${namespace}/`));
      yield await Promise.resolve({ items: own.map(([, one]) => one), resourceVersion: "1" });
      return;
    }
    const items = this.pods.filter(({ metadata }) =>
      [metadata?.namespace, "*"].includes(namespace)
    );
    yield await Promise.resolve({ items: items.slice(0, 2), resourceVersion: "1" });
    if (this.expiring-- > 0) throw new ExpiredError("the list is too old");
    yield { items: items.slice(2), resourceVersion: "1" };
  }
}

async function find(client: FakeClient, changes: Partial<Selection>, others: AbsentPods = {}) {
  const options = { signal: new AbortController().signal, random: () => 0, ...others };
  const found = await findTargets(
    client as unknown as KubeClient,
    { ...wholeSelection, ...changes },
    options,
  );
  return found.targets.map(({ namespace, pod }) => `${namespace}/${pod}`);
}

const pods = [pod("web", "a-1"), pod("web", "a-2"), pod("web", "b"), pod("db", "a-1")];
const named = (...names: string[]) => ({ kind: "named" as const, names });
const podNamed = (name: string) => ({ kind: "pod" as const, name });
const workload = (plural: string, name: string) => ({ kind: "workload" as const, plural, name });

Deno.test("one pod by its name is one read", async () => {
  const client = new FakeClient(pods);
  assert.deepEqual(await find(client, { operands: [podNamed("b")] }), ["web/b"]);
  assert.deepEqual(client.asked, ["get pods web/b"]);
});

Deno.test("many pods by their names are one list", async () => {
  const client = new FakeClient(pods.concat([pod("web", "c"), pod("web", "d")]));
  const operands = ["a-1", "a-2", "b", "c", "d"].map(podNamed);
  assert.equal((await find(client, { operands })).length, 5);
  assert.deepEqual(client.asked, ["list pods web"]);
});

Deno.test("namespaces: the context's own, several, all of them", async () => {
  assert.deepEqual(await find(new FakeClient(pods), {}), ["web/a-1", "web/a-2", "web/b"]);
  assert.deepEqual(await find(new FakeClient(pods), { namespaces: named("db", "db") }), ["db/a-1"]);
  assert.equal((await find(new FakeClient(pods), { namespaces: { kind: "all" } })).length, 4);
});

Deno.test("a pod that one of several namespaces has is found, and two are both meant", async () => {
  const namespaces = named("web", "db");
  const client = new FakeClient(pods, { "namespaces /db": {} });
  assert.deepEqual(await find(client, { namespaces, operands: [podNamed("b")] }), ["web/b"]);
  const both = await find(new FakeClient(pods), { namespaces, operands: [podNamed("a-1")] });
  assert.deepEqual(both, ["db/a-1", "web/a-1"]);
});

Deno.test("a named pod that doesn't exist is a target beside others, unless a selector may exclude it", async () => {
  const operands = ["b", "lost"].map(podNamed);
  const client = new FakeClient(pods, { "namespaces /db": {} });
  const absent = { absent: "target" } as const;
  assert.deepEqual(await find(client, { operands }, absent), ["web/b", "web/lost"]);
  const there = ["web", "db"].map((namespace) => ({ ...podNamed("a-2"), namespace }));
  assert.deepEqual(await find(client, { operands: there }, absent), ["web/a-2", "db/a-2"]);
  const { targets } = await findTargets(client as unknown as KubeClient, {
    ...wholeSelection,
    operands: [podNamed("b"), { ...podNamed("lost"), container: "side" }],
  }, { signal: new AbortController().signal, random: () => 0, ...absent });
  assert.deepEqual(
    targets.map(({ container, trouble = "" }) => [container, trouble]),
    [["main", ""], ["side", "does not exist"]],
  );
  const many = ["a-1", "a-2", "b", "lost", "none"].map(podNamed);
  const rejected: Partial<Selection>[] = [
    { operands: [podNamed("lost")] },
    { operands: many, labelSelector: "app=b" },
    { operands: many, fieldSelector: "status.podIP=1" },
    { operands: many, node: "n" },
    { operands, sample: 1 },
    { operands, namespaces: named("web", "db") },
    { operands: [...operands, workload("deployments", "nothing")] },
    { operands: [...there, { ...podNamed("a-1"), namespace: "nowhere" }] },
  ];
  for (const changes of rejected) {
    await assert.rejects(
      find(client, changes, absent),
      { kind: "noMatch" },
      JSON.stringify(changes),
    );
  }
  await assert.rejects(find(client, { operands }), { kind: "noMatch" });
});

Deno.test("a named namespace without pods must exist, also beside others", async () => {
  const namespaces = named("web", "dv");
  await assert.rejects(find(new FakeClient(pods), { namespaces }), {
    message: 'no namespace "dv" (context ctx)',
  });
  const client = new FakeClient(pods, { "namespaces /dv": {} });
  assert.equal((await find(client, { namespaces })).length, 3);
  assert.deepEqual(client.asked.filter((path) => path.startsWith("get")), ["get namespaces /dv"]);
});

Deno.test("a pod that is named with its namespace is looked for there alone", async () => {
  const client = new FakeClient(pods);
  const operand = (name: string, namespace: string) => ({ kind: "pod" as const, name, namespace });
  const operands = [operand("a-1", "db"), operand("b", "web")];
  assert.deepEqual(await find(client, { operands }), ["db/a-1", "web/b"]);
  assert.deepEqual(client.asked, ["get pods db/a-1", "get pods web/b"]);
  assert.deepEqual(await find(client, { operands, namespaces: { kind: "all" } }), [
    "db/a-1",
    "web/b",
  ]);
  const empty = new FakeClient(pods, { "namespaces /db": {} });
  await assert.rejects(find(empty, { operands: [operand("b", "db")] }), {
    message: `pods "b" not found in namespace "db" (context ctx)`,
  });
  await assert.rejects(find(client, { operands, namespaces: named("web") }), { kind: "usage" });
  await assert.rejects(find(client, { operands: [...operands, podNamed("b")] }), { kind: "usage" });
});

Deno.test("a pod named with its context isn't selected in another context", async () => {
  const operand = (name: string, context: string) => ({ kind: "pod" as const, name, context });
  const operands = [operand("a-1", "ctx"), operand("b", "other")];
  assert.deepEqual(await find(new FakeClient(pods), { operands }), ["web/a-1"]);
});

Deno.test("the pods of a cron job are those of the jobs that it started", async () => {
  const job = (name: string, uid: string) => ({
    metadata: { name, ownerReferences: [{ uid, controller: true }] },
  });
  const client = new FakeClient(pods, {
    "cronjobs web/tidy": { metadata: { name: "tidy", uid: "u-1" } },
    "cronjobs web/idle": { metadata: { name: "idle", uid: "u-3" } },
    "jobs web/tidy-1": job("tidy-1", "u-1"),
    "jobs web/tidy-2": job("tidy-2", "u-1"),
    "jobs web/other": job("other", "u-2"),
  });
  await find(client, { operands: [workload("cronjobs", "tidy")] });
  assert.equal(client.asked.at(-1), "list pods web job-name in (tidy-1,tidy-2)");
  await assert.rejects(find(client, { operands: [workload("cronjobs", "idle")] }), {
    kind: "noMatch",
    message: /has not started a job/,
  });
});

Deno.test("a workload means the pods that it owns; those that only share its labels are named", async () => {
  const owned = (name: string, kind: string, owner: string, hash?: string): Pod => ({
    ...pod("web", name),
    metadata: {
      name,
      namespace: "web",
      ownerReferences: [
        { apiVersion: "apps/v1", kind, name: owner, uid: `${kind}/${owner}`, controller: true },
      ],
      ...(hash === undefined ? {} : { labels: { "pod-template-hash": hash } }),
    },
  });
  const all = [
    owned("gpu-5678-x", "ReplicaSet", "gpu-5678", "5678"),
    // A ReplicaSet that the Deployment has adopted: made by hand, with a name of its own.
    owned("old-y", "ReplicaSet", "old", "99"),
    owned("gpu-canary-1234-z", "ReplicaSet", "gpu-canary-1234", "1234"),
    owned("by-hand-z", "ReplicaSet", "by-hand"),
    owned("gpu-0", "StatefulSet", "gpu"),
    owned("gpu-abc", "DaemonSet", "gpu"),
    pod("web", "alone"),
  ];
  const spec = { selector: { matchLabels: { app: "gpu" } } };
  const object = (kind: string) => ({ metadata: { name: "gpu", uid: `${kind}/gpu` }, spec });
  const client = new FakeClient(all, {
    "deployments web/gpu": object("Deployment"),
    "statefulsets web/gpu": object("StatefulSet"),
    "daemonsets web/gpu": object("DaemonSet"),
    "services web/gpu": { metadata: { name: "gpu" }, spec: { selector: { app: "gpu" } } },
  });
  const ownedBy = (plural: string) => find(client, { operands: [workload(plural, "gpu")] });
  assert.deepEqual(await ownedBy("deployments"), ["web/gpu-5678-x", "web/old-y"]);
  assert.deepEqual(await ownedBy("statefulsets"), ["web/gpu-0"]);
  assert.deepEqual(await ownedBy("daemonsets"), ["web/gpu-abc"]);
  assert.equal((await ownedBy("services")).length, all.length);
  const both = await findTargets(
    client as unknown as KubeClient,
    {
      ...wholeSelection,
      operands: [workload("statefulsets", "gpu"), workload("daemonsets", "gpu")],
    },
    { signal: new AbortController().signal, random: () => 0 },
  );
  assert.deepEqual(both.targets.map((target) => target.pod), ["gpu-0", "gpu-abc"]);
  assert.deepEqual(both.skipped.filter((one) => one.pod === "alone").map((one) => one.reason), [
    "has the labels of statefulsets/gpu, which doesn't own it",
  ]);
});

Deno.test("a workload that is named with its namespace and context is looked for there alone", async () => {
  const owner = { apiVersion: "apps/v1", kind: "StatefulSet", name: "gpu", controller: true };
  const own = (namespace: string) => ({
    ...pod(namespace, "gpu-0"),
    metadata: { name: "gpu-0", namespace, ownerReferences: [{ ...owner, uid: namespace }] },
  });
  const object = (uid: string) => ({
    metadata: { name: "gpu", uid },
    spec: { selector: { matchLabels: { app: "gpu" } } },
  });
  const client = new FakeClient([own("web"), own("db"), pod("db", "a")], {
    "statefulsets web/gpu": object("web"),
    "statefulsets db/gpu": object("db"),
  });
  const gpu = { ...workload("statefulsets", "gpu"), namespace: "db" };
  assert.deepEqual(await find(client, { operands: [gpu] }), ["db/gpu-0"]);
  const elsewhere = { ...gpu, namespace: "web", context: "other" };
  assert.deepEqual(await find(client, { operands: [gpu, elsewhere] }), ["db/gpu-0"]);
  const other = { ...podNamed("a"), namespace: "db" };
  assert.deepEqual(await find(client, { operands: [other, { ...gpu, namespace: "web" }] }), [
    "db/a",
    "web/gpu-0",
  ]);
});

Deno.test("a name that no pod has: a workload and -m are offered where names contain it", async () => {
  const owned = (name: string, owner: string, kind: string, hash?: string): Pod => ({
    ...pod("web", name),
    metadata: {
      name,
      namespace: "web",
      ownerReferences: [{ apiVersion: "apps/v1", kind, name: owner, uid: "u", controller: true }],
      ...(hash === undefined ? {} : { labels: { "pod-template-hash": hash } }),
    },
  });
  const hintOf = async (name: string, ...all: Pod[]) => {
    const thrown = await find(new FakeClient(all), { operands: [podNamed(name)] })
      .catch((error: unknown) => error);
    return thrown instanceof KodamaError ? plainHint(thrown.hint ?? "") : undefined;
  };
  const web = ["x", "y"].map((end) => owned(`web-5678-${end}`, "web-5678", "ReplicaSet", "5678"));
  assert.equal(
    await hintOf("web", ...web, pod("web", "old-web")),
    'did you mean deploy/web (2 pods) or "match: web" (3 pods)?',
  );
  assert.equal(
    await hintOf("db", owned("db-0", "db", "StatefulSet")),
    'did you mean sts/db (1 pod) or "match: db" (1 pod)?',
  );
  const [reference] = owned("db-0", "db", "StatefulSet").metadata?.ownerReferences ?? [];
  assert.ok(reference);
  const custom = owned("db-0", "db", "StatefulSet");
  custom.metadata = {
    ...custom.metadata,
    ownerReferences: [{ ...reference, apiVersion: "apps.example.com/v1" }],
  };
  assert.equal(await hintOf("db", custom), 'did you mean "match: db" (1 pod)?');
  assert.equal(await hintOf("wbe-1", pod("web", "web-1")), 'did you mean "web-1"?');
  assert.equal(await hintOf("app=web", ...web), 'did you mean "selector: app=web"?');
});

Deno.test("labels, fields and node are the server's to look at", async () => {
  const client = new FakeClient(pods);
  await find(client, { labelSelector: "app=web", fieldSelector: "status.podIP=1", node: "n1" });
  assert.deepEqual(client.asked, ["list pods web app=web status.podIP=1,spec.nodeName=n1"]);
});

Deno.test("a workload's pods are read by its own selector", async () => {
  const selector = {
    matchLabels: { app: "web" },
    matchExpressions: [{ key: "tier", operator: "In", values: ["a", "b"] }, {
      key: "x",
      operator: "DoesNotExist",
    }],
  };
  const client = new FakeClient(pods, {
    "deployments web/web": { metadata: { name: "web" }, spec: { selector } },
    "services web/svc": { metadata: { name: "svc" }, spec: { selector: { app: "svc" } } },
    "services web/bare": { metadata: { name: "bare" }, spec: {} },
    "replicationcontrollers web/old": {
      metadata: { name: "old" },
      spec: { selector: { app: "old" } },
    },
  });
  await find(client, { operands: [workload("deployments", "web")], labelSelector: "y" });
  await find(client, { operands: [workload("services", "svc")] });
  await find(client, { operands: [workload("replicationcontrollers", "old")] });
  assert.deepEqual(client.asked, [
    "get deployments web/web",
    "list pods web y,app=web,tier in (a,b),!x",
    "get services web/svc",
    "list pods web app=svc",
    "get replicationcontrollers web/old",
    "list pods web app=old",
  ]);
  await assert.rejects(find(client, { operands: [workload("services", "bare")] }), {
    message: `services "bare" selects no pods: it has no selector`,
  });
});

Deno.test("a name that isn't there is an error with what is near", async () => {
  await assert.rejects(find(new FakeClient(pods), { operands: [podNamed("a-3")] }), {
    kind: "noMatch",
    message: `pods "a-3" not found in namespace "web" (context ctx)`,
    hint: `did you mean "a-1" or "a-2"?`,
  });
  await assert.rejects(find(new FakeClient(pods), { operands: [workload("jobs", "x")] }), {
    message: `jobs "x" not found in namespace "web" (context ctx)`,
    hint: hint`\`kubectl get jobs\` lists the jobs; ${option("namespace")} or ${
      option("allNamespaces")
    } looks elsewhere`,
  });
  const jobs = new FakeClient(pods, {
    "jobs web/load-0": { metadata: { name: "load-0" } },
    "jobs db/load-1": { metadata: { name: "load-1" } },
  });
  await assert.rejects(find(jobs, { operands: [workload("jobs", "laod-0")] }), {
    hint: `did you mean "load-0"?`,
  });
  const everywhere = { namespaces: { kind: "all" as const }, operands: [podNamed("xyz")] };
  await assert.rejects(find(new FakeClient([]), everywhere), {
    hint: hint`\`${action("pods", { allNamespaces: true })}\` lists the pods`,
  });
});

Deno.test("a missing namespace is reported, unless namespaces may not be read", async () => {
  const namespaces = named("dv");
  await assert.rejects(find(new FakeClient(pods), { namespaces }), {
    kind: "noMatch",
    message: `no namespace "dv" (context ctx)`,
    hint: `did you mean "db"?`,
  });
  const blind = new FakeClient(pods, { "namespaces /dv": new KodamaError("forbidden", "no") });
  assert.deepEqual(await find(blind, { namespaces }), []);
});

Deno.test("a pattern that matches nothing gives the nearest names", async () => {
  const options = { signal: new AbortController().signal, random: () => 0 };
  const selection = { ...wholeSelection, match: [{ kind: "substring" as const, text: "a-3" }] };
  const client = new FakeClient(pods) as unknown as KubeClient;
  const { requested: asked, nearest } = await findTargets(client, selection, options);
  assert.deepEqual(nearest, [{ text: "a-1", names: ["a-1"] }]);
  assert.deepEqual(asked, { text: '"a-3"', scope: `namespace "web"`, everywhere: false });
});

Deno.test("a list that expires halfway is restarted, a limited number of times", async () => {
  const client = new FakeClient(pods);
  client.expiring = 2;
  assert.deepEqual(await find(client, {}), ["web/a-1", "web/a-2", "web/b"]);
  const expired = new FakeClient(pods);
  expired.expiring = 9;
  await assert.rejects(find(expired, {}), { name: "ExpiredError" });
  assert.equal(expired.asked.length, 3);
});

const wrongSelectors: [Partial<Selection>, string][] = [
  [{ labelSelector: "app=web," }, `"app=web," isn't a label selector: a part of it is empty`],
  [{ labelSelector: "app = we b" }, `"app = we b" isn't a label selector`],
  [{ labelSelector: "tier in (a" }, `"tier in (a" isn't a label selector`],
  [{ fieldSelector: "status.phase" }, `"status.phase" isn't a field selector`],
];

for (const [selection, message] of wrongSelectors) {
  Deno.test(`before any request: ${message}`, async () => {
    const client = new FakeClient(pods);
    await assert.rejects(find(client, selection), { kind: "usage", message });
    assert.deepEqual(client.asked, []);
  });
}

for (
  const labelSelector of ["a", "!a", "a=b,c!=d,e==f", "x.io/a-b in (c, d),e notin (f)", "a=", "n>3"]
) {
  Deno.test(`passed on to the server: ${labelSelector}`, async () => {
    const client = new FakeClient(pods);
    await find(client, { labelSelector });
    assert.deepEqual(client.asked, [`list pods web ${labelSelector}`]);
  });
}

/** A cluster with more of everything than the limits. */
class CrowdedClient extends FakeClient {
  pages = 0;

  override async *list(): AsyncGenerator<{ items: unknown[]; resourceVersion: string }> {
    for (;;) {
      this.pages++;
      const items = Array.from({ length: 500 }, (_, at) => ({ metadata: { name: `job-${at}` } }));
      yield await Promise.resolve({ items, resourceVersion: "1" });
    }
  }
}

Deno.test("of names that may have been meant no more than a thousand are read", async () => {
  const client = new CrowdedClient([]);
  await assert.rejects(find(client, { operands: [workload("jobs", "jbo-7")] }), {
    hint: /^did you mean "job-7"/,
  });
  assert.equal(client.pages, 2);
});
