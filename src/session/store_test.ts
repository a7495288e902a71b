import assert from "node:assert/strict";
import { KodamaError } from "../base/errors.ts";
import { ManualClock } from "../base/testing/manual_clock.ts";
import type { ApiResource, DeleteOptions, KubeClient } from "../kube/client.ts";
import { CONFIG_MAPS } from "../kube/resources.ts";
import type { KubeObject } from "../kube/types.ts";
import { SessionStore } from "./store.ts";
import { sampleSession } from "./testing/session.ts";

const { signal } = new AbortController();

/** The objects of one namespace, with the API server's checks against concurrent writes. */
class MemoryObjects {
  readonly objects = new Map<string, KubeObject>();
  readonly deletions: DeleteOptions[] = [];
  updates = 0;
  /** Every update finds that another writer was first. */
  busy = false;
  #version = 0;

  get client(): KubeClient {
    const some = {
      get: (_: ApiResource, name: string) => this.#answer(() => this.#there(name)),
      create: (_: ApiResource, object: KubeObject) => this.#answer(() => this.#create(object)),
      update: (_: ApiResource, name: string, object: KubeObject) =>
        this.#answer(() => this.#update(name, object)),
      delete: (_: ApiResource, _name: string, _scope: unknown, options: DeleteOptions) =>
        this.#answer(() => void this.deletions.push(options)),
    };
    return some as unknown as KubeClient;
  }

  #answer<T>(give: () => T): Promise<T> {
    return Promise.resolve().then(give);
  }

  #there(name: string): KubeObject {
    const object = this.objects.get(name);
    if (object === undefined) throw new KodamaError("notFound", `no ${name}`);
    return object;
  }

  #create(object: KubeObject): KubeObject {
    const { name = "" } = object.metadata;
    if (this.objects.has(name)) throw new KodamaError("conflict", `${name} already exists`);
    return this.#keep(name, object, `uid-${this.#version}`);
  }

  #update(name: string, object: KubeObject): KubeObject {
    if (++this.updates > 100) throw new Error("it tries for ever");
    const { uid = "", resourceVersion } = this.#there(name).metadata;
    const asked = object.metadata;
    const isOther = this.busy || (asked.uid ?? uid) !== uid ||
      (asked.resourceVersion ?? resourceVersion) !== resourceVersion;
    if (isOther) throw new KodamaError("conflict", `${name} was changed`);
    return this.#keep(name, object, uid);
  }

  #keep(name: string, object: KubeObject, uid: string): KubeObject {
    const resourceVersion = String(++this.#version);
    const kept = { ...object, metadata: { ...object.metadata, uid, resourceVersion } };
    this.objects.set(name, kept);
    return kept;
  }
}

function scene() {
  const server = new MemoryObjects();
  return { server, store: new SessionStore(server.client, "dev", new ManualClock(), signal) };
}

const state = "kodama-session-my-work";

Deno.test("the first creation owns the name; the second gets the existing session", async () => {
  const { store } = scene();
  const first = await store.create(sampleSession({ status: "Pending" }));
  const second = await store.create(sampleSession({ status: "Failed" }));
  assert.deepEqual([first.created, second.created], [true, false]);
  assert.deepEqual(second.stored, first.stored);
});

Deno.test("`change()` applies to the current state: no concurrent write is lost", async () => {
  const { store } = scene();
  const { stored: kept } = await store.create(sampleSession());
  await store.change(kept, (session) => ({ ...session, message: "somebody else's" }));
  await store.change(kept, (session) => ({ ...session, status: "Stopped" }));
  const { status, message, updatedAt } = (await store.read("my-work"))?.session ?? {};
  assert.deepEqual([status, message], ["Stopped", "somebody else's"]);
  assert.equal(updatedAt, "2026-01-01T00:00:00.000Z");
});

Deno.test("`change()` refuses a deleted session, and a later one of its name", async () => {
  const { server, store } = scene();
  const { stored: kept } = await store.create(sampleSession());
  server.objects.clear();
  const wanted = { kind: "conflict", message: /was deleted by someone else meanwhile$/ };
  const stopped = () => store.change(kept, (session) => ({ ...session, status: "Stopped" }));
  await assert.rejects(stopped, wanted);
  await store.create(sampleSession());
  await assert.rejects(stopped, wanted);
  assert.equal((await store.read("my-work"))?.session.status, "Running");
});

Deno.test("who always comes second gives up", async () => {
  const { server, store } = scene();
  const { stored: kept } = await store.create(sampleSession());
  server.busy = true;
  await assert.rejects(store.change(kept, (session) => session), { message: /was changed$/ });
  assert.equal(server.updates, 9);
});

Deno.test("an object of the name that isn't the session's is left alone", async () => {
  const { server, store } = scene();
  const metadata = { name: state, labels: { "kodama.dev/session": "other" } };
  const others: KubeObject = { apiVersion: "v1", kind: "ConfigMap", metadata };
  await store.put(CONFIG_MAPS, others, "other");
  const own = { ...others, metadata: { name: state } };
  const refused = { kind: "conflict", message: /exists, and doesn't belong to session "my-work"$/ };
  await assert.rejects(store.put(CONFIG_MAPS, own, "my-work"), refused);
  await assert.rejects(store.ensure(CONFIG_MAPS, own, "my-work"), refused);
  assert.equal(server.updates, 0);
  assert.equal(await store.put(CONFIG_MAPS, others, "other"), false);
  assert.equal(server.updates, 1);
});

Deno.test("what is taken away is the very object that was meant", async () => {
  const { server, store } = scene();
  assert.equal(await store.remove(CONFIG_MAPS, state, { uid: "u-1", graceSeconds: 0 }), true);
  assert.deepEqual(server.deletions, [{ uid: "u-1", graceSeconds: 0, signal }]);
});
