import assert from "node:assert/strict";
import { ManualClock } from "../base/testing/manual_clock.ts";
import { carry } from "./connection.ts";
import type { Duplex } from "./listen.ts";
import type { ForwardPod } from "./model.ts";
import { clientOfPods } from "./testing/pod_links.ts";

const pod: ForwardPod = {
  context: "lab",
  namespace: "n",
  pod: "web-a",
  uid: "1",
  state: "ready",
  namedPorts: {},
};

Deno.test("an observer sees the pod's bytes before the program can answer them, and each byte once", async () => {
  const seen: string[] = [];
  const decoder = new TextDecoder();
  const requests = ["hello", " again"].map((text) => new TextEncoder().encode(text));
  const client: Duplex = {
    read: () => Promise.resolve(requests.shift() ?? null),
    write(bytes) {
      seen.push(`program gets ${decoder.decode(bytes)}`);
      return Promise.resolve();
    },
    closeWrite: () => Promise.resolve(),
    close: () => {},
  };
  const { client: kube } = clientOfPods({ "web-a": ["echo"] });
  const clock = new ManualClock();
  const signal = new AbortController().signal;
  const link = await kube.portLink({ namespace: "n", pod: "web-a" }, { signal });
  const summary = await clock.runUntil(carry(client, {
    clock,
    signal,
    graceMs: 1000,
    pod: () => Promise.resolve(pod),
    open: async () => ({ stream: await link.open(80), signal, release: () => {} }),
    mayRetry: () => false,
    onWaiting: () => {},
    onAnswer: () => {},
    onBytes: () => {},
    observer: {
      fromClient: (chunk) => void seen.push(`from program ${decoder.decode(chunk)}`),
      fromServer: (chunk) => void seen.push(`from pod ${decoder.decode(chunk)}`),
      closed: (failure) => void seen.push(`closed ${failure}`),
    },
  }));
  assert.equal(summary.failure, undefined);
  const fromPod = seen.filter((line) => line.startsWith("from pod"));
  assert.deepEqual(fromPod.map((line) => line.slice(9)).join(""), "web-a:hello again");
  for (const line of fromPod) {
    const delivery = seen.indexOf(`program gets ${line.slice(9)}`);
    assert.equal(seen.indexOf(line), delivery - 1, seen.join("\n"));
  }
  assert.equal(seen.at(-1), "closed undefined");
});
