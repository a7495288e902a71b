import assert from "node:assert/strict";
import { ManualClock } from "../base/testing/manual_clock.ts";
import type { ForwardPod } from "./model.ts";
import { choosePod, PodRoute, PodSet } from "./pods.ts";

/** `a ready`, `b running`. */
function pods(...texts: string[]): ForwardPod[] {
  return texts.map((text) => {
    const [pod = "", state = ""] = text.split(" ");
    return {
      context: "lab",
      namespace: "n",
      pod,
      uid: pod,
      state: state as ForwardPod["state"],
      namedPorts: {},
    };
  });
}

for (
  const [current, listed, expected, suspect] of [
    [undefined, ["a pending", "b running", "c ready"], "c"],
    [undefined, ["a pending", "b running"], "b"],
    [undefined, ["a pending", "b terminating"], undefined],
    ["a", ["a ready", "b ready"], "a"],
    ["a", ["a running", "b ready"], "a"],
    ["a", ["a terminating", "b ready"], "b"],
    // A replacement is used when it is ready.
    ["a", ["a terminating", "b running"], undefined],
    ["a", ["b ready"], "b"],
    ["a", ["a ready", "b ready"], "b", "a"],
    ["a", ["a ready"], undefined, "a"],
  ] as const
) {
  Deno.test(`choosePod(): ${current ?? "none"} of ${listed.join(", ")}${suspect ? ", a suspected" : ""}`, () => {
    const chosen = choosePod(pods(...listed), { current, isExcluded: (uid) => uid === suspect });
    assert.equal(chosen?.pod, expected);
  });
}

Deno.test("Route: each of several local ports keeps a pod of its own, and takes a free one", () => {
  const set = new PodSet();
  set.set(pods("a ready", "b ready"));
  const changes: string[] = [];
  const routes = [1, 2].map((number) =>
    new PodRoute(set, { kind: "own", group: "80" }, (from, to) => {
      changes.push(`${number}: ${from?.pod} ${to?.pod}`);
    })
  );
  assert.deepEqual(routes.map(({ current }) => current?.pod), ["a", "b"]);
  set.set(pods("a terminating", "b ready", "c running"));
  assert.deepEqual(routes.map(({ current }) => current?.pod), [undefined, "b"]);
  set.set(pods("b ready", "c ready"));
  assert.deepEqual(routes.map(({ current }) => current?.pod), ["c", "b"]);
  assert.deepEqual(changes, ["1: undefined a", "2: undefined b", "1: a undefined", "1: a c"]);
});

Deno.test("Route: after the time, a pod of another local port of the group isn't used instead", async () => {
  const clock = new ManualClock();
  const set = new PodSet();
  const routes = [1, 2].map(() => new PodRoute(set, { kind: "own", group: "80" }, () => {}));
  set.set(pods("a running", "b pending"));
  const never = new AbortController().signal;
  const found = await Promise.all(
    routes.map((route) => clock.runUntil(route.wait(clock, 1000, never))),
  );
  assert.deepEqual(found.map((one) => one?.pod), ["a", undefined]);
});

Deno.test("Route: balanced connections go to the ready pod with the fewest", () => {
  const set = new PodSet();
  set.set(pods("a ready", "b ready", "c running"));
  const route = new PodRoute(set, { kind: "balance" }, () => {});
  const used = Array.from({ length: 4 }, () => {
    const pod = route.choose();
    assert(pod !== undefined);
    route.count(pod, 1);
    return pod;
  });
  assert.deepEqual(used.map(({ pod }) => pod), ["a", "b", "a", "b"]);
  for (const pod of used.filter(({ pod }) => pod === "b")) route.count(pod, -1);
  assert.equal(route.choose()?.pod, "b");
  set.suspect("b");
  assert.equal(route.choose()?.pod, "a");
});

Deno.test("Route: a connection waits for a ready pod; after the time, one that runs is better than none", async () => {
  const clock = new ManualClock();
  const never = new AbortController().signal;
  const set = new PodSet();
  set.set(pods("a ready"));
  const route = new PodRoute(set, { kind: "one" }, () => {});
  set.set(pods("b running"));
  const waits = route.wait(clock, 1000, never);
  set.set(pods("b ready"));
  assert.equal((await waits)?.pod, "b");
  set.set(pods("c running"));
  assert.equal((await clock.runUntil(route.wait(clock, 1000, never)))?.pod, "c");
  set.set([]);
  assert.equal(await clock.runUntil(route.wait(clock, 1000, never)), undefined);
});
