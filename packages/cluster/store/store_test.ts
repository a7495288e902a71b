import assert from "node:assert/strict";
import fc from "fast-check";
import { type Store, type Stored, StoreError, type StoreEvent } from "../model.ts";
import type { KubeObject } from "../../../src/kube/types.ts";
import { resources } from "../resources.ts";
import { createStore, type StoreOptions } from "./store.ts";

function newStore(options: Partial<StoreOptions> = {}): Store {
  let uids = 0;
  return createStore({
    now: () => new Date("2026-01-02T03:04:05.678Z"),
    newUid: () => `uid-${++uids}`,
    ...options,
  });
}

function pod(name: string, more: Partial<KubeObject> = {}, namespace = "default"): KubeObject {
  return {
    apiVersion: "v1",
    kind: "Pod",
    ...more,
    metadata: { name, namespace, ...more.metadata },
  };
}

function reason(expected: StoreError["reason"]): (error: unknown) => boolean {
  return (error) => error instanceof StoreError && error.reason === expected;
}

async function take(events: AsyncIterable<StoreEvent>, count: number): Promise<StoreEvent[]> {
  const taken: StoreEvent[] = [];
  if (count === 0) return taken;
  for await (const event of events) if (taken.push(event) === count) break;
  return taken;
}

Deno.test("create fills in uid, time, version and generation", () => {
  const created = newStore().create(resources.deployments, pod("a", { spec: {} }));
  assert.deepEqual(created.metadata, {
    name: "a",
    namespace: "default",
    uid: "uid-1",
    creationTimestamp: "2026-01-02T03:04:05Z",
    generation: 1,
    resourceVersion: "1",
  });
});

Deno.test("generation rises with the spec, not with status, labels or an equal write", () => {
  const store = newStore();
  const first = store.create(resources.deployments, pod("a", { spec: { n: 1 } }));
  const status = store.update(resources.deployments, { ...first, status: { replicas: 1 } });
  assert.equal(status.metadata.generation, 1);
  const labels = { ...status, metadata: { ...status.metadata, labels: { a: "b" } } };
  assert.equal(store.update(resources.deployments, labels).metadata.generation, 1);
  const present = store.get(resources.deployments, "default", "a") as Stored;
  assert.equal(store.update(resources.deployments, structuredClone(present)), present);
  assert.equal(store.resourceVersion, 3);
  assert.equal(
    store.update(resources.deployments, { ...present, spec: { n: 2 } }).metadata.generation,
    2,
  );
});

Deno.test("writes are refused with their reason", () => {
  const store = newStore();
  const first = store.create(resources.pods, pod("a"));
  store.update(resources.pods, { ...first, status: {} });
  assert.throws(() => store.create(resources.pods, pod("a")), reason("alreadyExists"));
  assert.throws(() => store.update(resources.pods, { ...first }), reason("conflict"));
  assert.throws(() => store.update(resources.pods, pod("b")), reason("notFound"));
  assert.throws(() => store.remove(resources.pods, "default", "b"), reason("notFound"));
  const namesake = pod("a", { metadata: { uid: "other" } });
  assert.throws(() => store.update(resources.pods, namesake), reason("conflict"));
});

Deno.test("an object is removed when its deletion was requested and its last finalizer removed", () => {
  const store = newStore();
  const held = store.create(resources.pods, pod("a", { metadata: { finalizers: ["x"] } }));
  const deletionTimestamp = "2026-01-02T03:04:06Z";
  const dying = store.update(resources.pods, {
    ...held,
    metadata: { ...held.metadata, deletionTimestamp },
  });
  assert.ok(store.get(resources.pods, "default", "a"));
  store.update(resources.pods, { ...dying, metadata: { ...dying.metadata, finalizers: [] } });
  assert.equal(store.get(resources.pods, "default", "a"), undefined);
});

Deno.test("a pod in its time of grace stays until it is removed", () => {
  const store = newStore();
  const metadata = { deletionTimestamp: "2026-01-02T03:04:06Z", deletionGracePeriodSeconds: 30 };
  const created = store.create(resources.pods, pod("a"));
  store.update(resources.pods, { ...created, metadata: { ...created.metadata, ...metadata } });
  assert.ok(store.get(resources.pods, "default", "a"));
  store.remove(resources.pods, "default", "a");
  assert.equal(store.get(resources.pods, "default", "a"), undefined);
});

Deno.test("an object that was read can't be changed in place", () => {
  const created = newStore().create(resources.pods, pod("a", { spec: { containers: [{}] } }));
  assert.throws(
    () => (created["spec"] as { containers: unknown[] }).containers.push({}),
    TypeError,
  );
});

Deno.test("a watch from a forgotten version is expired; an idle kind forgets nothing", async () => {
  const store = newStore({ historyPerKind: 2 });
  store.create(resources.configMaps, pod("quiet"));
  for (const name of ["a", "b", "c"]) store.create(resources.pods, pod(name));
  const { signal } = new AbortController();
  await assert.rejects(
    take(store.watch([resources.pods], { since: 1, signal }), 1),
    reason("expired"),
  );
  const [seen] = await take(store.watch([resources.configMaps], { since: 0, signal }), 1);
  assert.equal(seen?.object.metadata.name, "quiet");
});

Deno.test("a watch without a version starts with the call, not with the first read", async () => {
  const store = newStore();
  const watch = store.watch([resources.pods], { signal: new AbortController().signal });
  store.create(resources.pods, pod("a"));
  assert.equal((await take(watch, 1))[0]?.object.metadata.name, "a");
});

Deno.test("a waiting watch ends with its signal", async () => {
  const controller = new AbortController();
  const watch = newStore().watch([resources.pods], { signal: controller.signal });
  const rest = Array.fromAsync(watch);
  controller.abort();
  assert.deepEqual(await rest, []);
});

const writes = fc.array(
  fc.record({
    verb: fc.constantFrom("create", "update", "remove"),
    type: fc.constantFrom(resources.pods, resources.configMaps),
    namespace: fc.constantFrom("a", "b"),
    name: fc.constantFrom("x", "y", "z"),
    value: fc.nat(3),
  }),
  { maxLength: 60 },
);

function apply(store: Store, { verb, type, namespace, name, value }: {
  verb: string;
  type: typeof resources.pods | typeof resources.configMaps;
  namespace: string;
  name: string;
  value: number;
}): void {
  const object = pod(name, { data: { value } }, namespace);
  try {
    if (verb === "create") store.create(type, object);
    else if (verb === "update") store.update(type, object);
    else store.remove(type, namespace, name);
  } catch (error) {
    assert.ok(error instanceof StoreError);
  }
}

Deno.test("a list and the watch after it make the present list, from any moment on", async () => {
  await fc.assert(fc.asyncProperty(writes, fc.nat(60), async (all, cut) => {
    const store = newStore();
    const types = [resources.pods, resources.configMaps];
    for (const write of all.slice(0, cut)) apply(store, write);
    const since = store.resourceVersion;
    const replayed = new Map<string, Stored>();
    const key = ({ kind, metadata }: Stored, plural: string) =>
      `${kind} ${plural} ${metadata.namespace}/${metadata.name}`;
    for (const type of types) {
      for (const object of store.list(type)) replayed.set(key(object, type.plural), object);
    }
    for (const write of all.slice(cut)) apply(store, write);
    const controller = new AbortController();
    const count = store.resourceVersion - since;
    let last = since;
    for (
      const event of await take(store.watch(types, { since, signal: controller.signal }), count)
    ) {
      assert.ok(event.resourceVersion > last);
      last = event.resourceVersion;
      const id = key(event.object, event.type.plural);
      assert.equal(event.kind === "added", !replayed.has(id));
      if (event.kind === "deleted") replayed.delete(id);
      else replayed.set(id, event.object);
    }
    const present = types.flatMap((type) =>
      store.list(type).map((object) => [key(object, type.plural), object] as const)
    );
    assert.deepEqual(new Map([...replayed].sort()), new Map(present.sort()));
  }));
});

Deno.test("a list is ordered by namespace, then name, whatever the order of writes", () => {
  fc.assert(fc.property(writes, (all) => {
    const store = newStore();
    for (const write of all) apply(store, write);
    const keys = store.list(resources.pods)
      .map(({ metadata }) => `${metadata.namespace}/${metadata.name}`);
    assert.deepEqual(keys, keys.toSorted());
  }));
});
