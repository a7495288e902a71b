import assert from "node:assert/strict";
import { ManualClock } from "../base/testing/manual_clock.ts";
import { CONFIG_MAPS, PODS } from "../kube/resources.ts";
import type { KubeObject, Pod } from "../kube/types.ts";
import { sessionPod } from "./manifests/pod.ts";
import { SessionStore } from "./store.ts";
import { MemoryObjects } from "./testing/memory_objects.ts";
import { sampleSession } from "./testing/session.ts";

const { signal } = new AbortController();

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
  await store.change(kept, (session) => ({ ...session, message: "another user's" }));
  await store.change(kept, (session) => ({ ...session, status: "Stopped" }));
  const { status, message, updatedAt } = (await store.read("my-work"))?.session ?? {};
  assert.deepEqual([status, message], ["Stopped", "another user's"]);
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

Deno.test("a pod is judged as it is sent, and none is sent otherwise", async () => {
  const { server, store } = scene();
  const session = sampleSession();
  const pod = sessionPod(session);
  const privileged = { ...pod, spec: { ...pod.spec, hostPID: true } as NonNullable<Pod["spec"]> };
  await assert.rejects(store.ensurePod(session, privileged), {
    kind: "config",
    message: /hostPID/,
  });
  await assert.rejects(store.ensure(PODS, pod, session.name), /without a check/);
  assert.equal(server.objects.size, 0);
  assert.equal((await store.ensurePod(session, pod)).made, true);
});
