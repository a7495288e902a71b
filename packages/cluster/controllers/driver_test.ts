import assert from "node:assert/strict";
import type { KubeObject } from "../../../src/kube/types.ts";
import { resources } from "../resources.ts";
import { createStore } from "../store/store.ts";
import type { Controller } from "./state.ts";
import { createAction } from "./action.ts";
import { runControllers } from "./driver.ts";

/** A clock whose waits end when the test advances it. */
function handClock() {
  const waits: { durationMs: number; end: () => void }[] = [];
  return {
    waits,
    now: () => new Date("2026-01-01T00:00:00Z"),
    elapsedMs: () => 0,
    timer(durationMs: number, fire: () => void): Disposable {
      // Debouncing isn't the subject of these tests.
      if (durationMs < 10) queueMicrotask(fire);
      else waits.push({ durationMs, end: fire });
      return { [Symbol.dispose]: () => {} };
    },
  };
}

function setUp(controllers: readonly Controller[]) {
  const clock = handClock();
  let uids = 0;
  const store = createStore({ now: clock.now, newUid: () => `u${++uids}` });
  const errors: unknown[] = [];
  const running = runControllers({
    store,
    controllers,
    clock,
    admit: (_type, object: KubeObject) => object,
    onError: (name, error) => errors.push([name, String(error)]),
  });
  return { clock, store, errors, running };
}

const secret = (name: string) => ({
  apiVersion: "v1",
  kind: "Secret",
  metadata: { name, namespace: "default" },
});

Deno.test("a controller runs at the start and after each change of its kinds, and of no other", async () => {
  let runs = 0;
  let ran = Promise.withResolvers<void>();
  const counting: Controller = {
    name: "counting",
    watches: ["secrets"],
    reconcile: () => (runs++, ran.resolve(), []),
  };
  const { store, running } = setUp([counting]);
  await using _running = running;
  await ran.promise;
  ran = Promise.withResolvers();
  store.create(resources.configMaps, { ...secret("other"), kind: "ConfigMap" });
  store.create(resources.secrets, secret("mine"));
  await ran.promise;
  assert.equal(runs, 2);
});

Deno.test("a controller that throws is reported, and the others do their work", async () => {
  const done = Promise.withResolvers<void>();
  const broken: Controller = {
    name: "broken",
    watches: ["secrets"],
    reconcile: () => {
      throw new Error("a bug");
    },
  };
  const working: Controller = {
    name: "working",
    watches: ["secrets"],
    reconcile: (state) => (done.resolve(),
      state.list("secrets").length > 0 ? [] : [
        createAction("secrets", secret("made")),
      ]),
  };
  const { store, errors, running } = setUp([broken, working]);
  await using _running = running;
  await done.promise;
  assert.deepEqual(errors[0], ["broken", "Error: a bug"]);
  assert.ok(store.get(resources.secrets, "default", "made"));
});

Deno.test("a requeued controller runs at that time, and once", async () => {
  const checked = Promise.withResolvers<void>();
  let runs = 0;
  const patient: Controller = {
    name: "patient",
    watches: ["secrets"],
    reconcile(state) {
      runs++;
      if (runs > 1) checked.resolve();
      const later = (ms: number) => new Date(state.now.getTime() + ms);
      return runs > 1
        ? []
        : [{ kind: "requeue", at: later(60_000) }, { kind: "requeue", at: later(30_000) }];
    },
  };
  const { clock, running } = setUp([patient]);
  await using _running = running;
  while (clock.waits.length === 0) await Promise.resolve();
  assert.deepEqual(clock.waits.map(({ durationMs }) => durationMs), [30_000]);
  clock.waits[0]?.end();
  await checked.promise;
  assert.equal(runs, 2);
});
