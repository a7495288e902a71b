import assert from "node:assert/strict";
import { KodamaError } from "../base/errors.ts";
import { ManualClock } from "../base/testing/manual_clock.ts";
import { PortError } from "../kube/failures.ts";
import { Forwarder, watchSleep } from "./forwarder.ts";
import type { ForwardEvent, ForwardPod } from "./model.ts";
import { PodSet } from "./pods.ts";
import { clientOfPods, type LinkBehaviour } from "./testing/pod_links.ts";
import { talkTo } from "./testing/talk.ts";

function pod(name: string, state: ForwardPod["state"] = "ready"): ForwardPod {
  return { context: "lab", namespace: "n", pod: name, uid: name, state, namedPorts: { http: 80 } };
}

/** A forward to pods, of which a test plays the cluster. */
async function opened(behaviours: Record<string, LinkBehaviour[]>, listed: readonly ForwardPod[]) {
  const clock = new ManualClock();
  const events: ForwardEvent[] = [];
  const pods = new PodSet();
  pods.set(listed);
  const { client, links, received, changes } = clientOfPods(behaviours);
  const forwarder = new Forwarder({
    clock,
    kube: () => Promise.resolve(client),
    graceMs: 10_000,
    onEvent: (event) => {
      events.push(event);
      changes.changed();
    },
  });
  const { info, statistics } = await forwarder.add({
    address: { kind: "tcp", hostname: "127.0.0.1", port: 0, isFallbackAllowed: false },
    target: "svc/web",
    remote: "http",
    requested: "80",
    pods,
    mode: { kind: "one" },
  });
  const port = info.address.kind === "tcp" ? info.address.port : 0;
  return {
    clock,
    port,
    pods,
    statistics,
    links,
    received,
    holds: (what: string, condition: () => boolean) => changes.holds(what, condition),
    forwarder,
    talk: (text: string) => clock.runUntil(talkTo(port, text)),
    failures: () =>
      events.flatMap((one) => one.kind === "closed" ? one.summary.failure?.reason ?? [] : []),
    kinds: () => events.map(({ kind }) => kind),
    [Symbol.asyncDispose]: () => forwarder[Symbol.asyncDispose](),
  };
}

const refused = new PortError("refused", "connection refused");

Deno.test("Forwarder: what was sent to a pod that refused is sent to its replacement, and counted once", async () => {
  const text = "x".repeat(100_000);
  await using own = await opened({ a: [refused], b: ["count"] }, [pod("a", "running")]);
  const answer = talkTo(own.port, text);
  // The first attempt is over when the pod is replaced.
  await own.holds("an attempt that is over", () => own.kinds().includes("waiting"));
  own.pods.set([pod("b")]);
  assert.equal(await own.clock.runUntil(answer), "b:100000");
  const { toPod, fromPod, opened: count, closed, failed, retries } = own.statistics;
  assert.deepEqual([toPod, fromPod, count, closed, failed], [100_000, 8, 1, 1, 0]);
  assert(retries > 0);
});

Deno.test("Forwarder: more than is stored for another attempt waits for the next pod, and none of it is lost", async () => {
  const text = "x".repeat(1_000_000);
  await using own = await opened({ a: [refused], b: ["count"] }, [pod("a", "running")]);
  const answer = talkTo(own.port, text);
  await own.holds("an attempt that is over", () => own.kinds().includes("waiting"));
  // The program fills the buffers of the system, and then it waits.
  for (let turn = 0; turn < 100; turn++) await new Promise((resolve) => setTimeout(resolve));
  own.pods.set([pod("b")]);
  assert.equal(await own.clock.runUntil(answer), "b:1000000");
  assert.deepEqual([own.statistics.toPod, own.statistics.failed], [1_000_000, 0]);
});

Deno.test("Forwarder: a connection that broke after the pod may have read isn't repeated", async () => {
  await using own = await opened({ a: ["lost", "echo"] }, [pod("a")]);
  assert.equal(await own.talk("write once"), "");
  assert.deepEqual(own.failures(), ["linkLost"]);
  assert.equal(await own.talk("again"), "a:again");
});

Deno.test("Forwarder: connections wait for a pod, and fail after the grace time", async () => {
  await using own = await opened({ a: ["echo"] }, [pod("a", "pending")]);
  assert.equal(await own.talk("early"), "");
  assert.deepEqual(own.failures(), ["timeout"]);
  own.pods.set([pod("a")]);
  assert.equal(await own.talk("hello"), "a:hello");
  assert.deepEqual(own.kinds().filter((kind) => kind === "waiting" || kind === "resumed"), [
    "waiting",
    "resumed",
  ]);
});

Deno.test("Forwarder: a port that nothing listens on fails at once, one that has answered is retried", async () => {
  await using own = await opened({ a: [refused, "echo", refused, refused, "echo"] }, [pod("a")]);
  assert.equal(await own.talk("first"), "");
  assert.deepEqual(own.failures(), ["refused"]);
  assert.equal(await own.talk("second"), "a:second");
  assert.equal(await own.talk("third"), "a:third");
  assert.deepEqual(own.failures(), ["refused"]);
});

Deno.test("Forwarder: what is forbidden fails at once, and so does a port that no container names", async () => {
  const no = new KodamaError("forbidden", "you may not");
  await using own = await opened({ a: [no, "echo"] }, [pod("a")]);
  assert.equal(await own.talk("x"), "");
  own.pods.set([{ ...pod("a"), namedPorts: { grpc: 9000 } }]);
  assert.equal(await own.talk("y"), "");
  assert.deepEqual(own.failures(), ["denied", "denied"]);
});

Deno.test("Forwarder: one after the other, connections share a link", async () => {
  await using own = await opened({ a: ["echo"] }, [pod("a")]);
  for (let turn = 0; turn < 20; turn++) assert.equal(await own.talk("x"), "a:x");
  assert.equal(own.links.length, 1);
});

Deno.test("watchSleep(): a sleep is more time than the timer's, on either clock", () => {
  const clock = new ManualClock();
  let wallMs = 0;
  const slept: number[] = [];
  using _watch = watchSleep(
    {
      elapsedMs: () => clock.elapsedMs(),
      timer: (ms, fire) => clock.timer(ms, fire),
      now: () => new Date(clock.elapsedMs() + wallMs),
    },
    (ms) => slept.push(ms),
  );
  clock.step();
  wallMs = 3_600_000;
  clock.step();
  clock.step();
  clock.advance(60_000);
  assert.deepEqual(slept, [3_600_000, 58_000]);
});

Deno.test("Forwarder: a taken port is an error with the way out", async () => {
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const forwarder = new Forwarder({
    clock: new ManualClock(),
    kube: () => Promise.reject(new Error("not used")),
    graceMs: 1,
    onEvent: () => {},
  });
  const request = {
    target: "pod/a",
    remote: 80,
    requested: "80",
    pods: new PodSet(),
    mode: { kind: "one" as const },
  };
  const { port } = taken.addr;
  const address = { kind: "tcp" as const, hostname: "127.0.0.1", port };
  await assert.rejects(
    forwarder.add({ ...request, address: { ...address, isFallbackAllowed: false } }),
    { kind: "conflict", message: `127.0.0.1:${port} is in use by another program` },
  );
  const { info } = await forwarder.add({
    ...request,
    address: { ...address, isFallbackAllowed: true },
  });
  assert(info.address.kind === "tcp" && info.address.port > port);
  await forwarder[Symbol.asyncDispose]();
});

Deno.test("Forwarder: a connection that a pod hasn't answered when it is gone goes to the next pod, or fails", async () => {
  await using own = await opened({ a: ["hangs"], b: ["echo"] }, [pod("a")]);
  const early = talkTo(own.port, "early");
  await own.holds("a connection", () => own.statistics.opened > 0);
  own.pods.set([pod("b")]);
  assert.equal(await own.clock.runUntil(early), "b:early", "its link wasn't open");
  assert.deepEqual(own.failures(), []);

  await using other = await opened({ a: ["silent"], b: ["echo"] }, [pod("a")]);
  using idle = await Deno.connect({ hostname: "127.0.0.1", port: other.port });
  const sent = talkTo(other.port, "sent");
  await other.holds("what was sent, in the pod", () => other.received() === 4);
  other.pods.set([pod("b")]);
  assert.equal(await other.clock.runUntil(sent), "", "the pod may have acted on it");
  await idle.write(new TextEncoder().encode("idle"));
  await idle.closeWrite();
  const answer = await other.clock.runUntil(new Response(idle.readable).text());
  assert.equal(answer, "b:idle", "nothing was sent");
  assert.deepEqual(other.failures(), ["linkLost"]);
});

Deno.test("Forwarder: a pod that refuses as gone is avoided before the cluster reports it, and its link is closed", async () => {
  const gone = new PortError("podGone", "not found");
  await using own = await opened({ a: ["echo", gone], b: ["echo"] }, [pod("a"), pod("b")]);
  assert.equal(await own.talk("first"), "a:first");
  assert.equal(await own.talk("second"), "b:second");
  assert.equal(await own.talk("third"), "b:third");
  assert.deepEqual(own.failures(), []);
  own.pods.set([pod("b")]);
  own.pods.set([pod("a"), pod("b")]);
  own.clock.advance(5_000);
  assert.equal(own.links[0]?.end, undefined, "it is listed again");
  own.pods.set([pod("b")]);
  own.clock.advance(4_999);
  assert.equal(own.links[0]?.end, undefined, "its connections may end by themselves");
  own.clock.advance(1);
  assert.equal(own.links[0]?.end, "disposed");
});
