import assert from "node:assert/strict";
import { resources } from "./resources.ts";
import { createStore } from "./store/store.ts";
import { until } from "./wait_until_ready.ts";

const at = new Date("2026-01-02T03:04:05Z");
const clock = { now: () => at } as Parameters<typeof until>[1];

function newStore() {
  let uids = 0;
  const store = createStore({ now: clock.now, newUid: () => `uid-${++uids}`, historyPerKind: 2 });
  const add = (count: number) => {
    for (let left = count; left > 0; left--) {
      const metadata = { name: `p${++uids}`, namespace: "default" };
      store.create(resources.pods, { apiVersion: "v1", kind: "Pod", metadata });
    }
  };
  return { store, add };
}

Deno.test("a state is waited for through more changes than the store remembers", async () => {
  const { store, add } = newStore();
  let looks = 0;
  await until(store, clock, {}, (state) => {
    // Changes after a check are pending in the watch: ten at once exceed its history.
    if (++looks <= 3) add(10);
    return looks > 3 && state.list("pods").length === 30;
  });
  assert.equal(looks, 4);
});

Deno.test("who doesn't wait any more gets the signal's reason", async () => {
  const { store, add } = newStore();
  const stop = new AbortController();
  const waiting = until(store, clock, { signal: stop.signal }, () => false);
  add(1);
  stop.abort(new Error("enough"));
  await assert.rejects(waiting, /^Error: enough$/);
  await assert.rejects(until(store, clock, { signal: stop.signal }, () => true), /enough/);
});
