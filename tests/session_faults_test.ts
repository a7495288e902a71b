/** Sessions on a server that stumbles, and clients that are killed: nothing is left that nobody finds. */
import assert from "node:assert/strict";
import { doctorSessions } from "../src/actions/session/doctor.ts";
import { planDeletion } from "../src/actions/session/delete.ts";
import { list } from "../src/actions/session/list.ts";
import { sessionRemains } from "../src/actions/session/remains.ts";
import { start } from "../src/actions/session/start.ts";
import { stop } from "../src/actions/session/stop.ts";
import type { Host } from "../src/actions/host.ts";
import { KodamaError } from "../src/base/errors.ts";
import type { KubeClient } from "../src/kube/client.ts";
import { MemoryTerminal } from "../src/term/memory_terminal.ts";
import { machineHost } from "../src/wiring/host.ts";
import { startTestCluster, type TestCluster } from "./harness/embedded_cluster.ts";

/** More by hand: KODAMA_SESSION_ROUNDS=200. */
const rounds = Number(Deno.env.get("KODAMA_SESSION_ROUNDS") ?? "6");

/** Numbers of [0, 1) that are the same in each run. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

const faulty = ["get", "create", "update", "delete"] as const;

/** Calls that fail before they are carried out, or behind it, when the answer is lost. */
function stumbling(client: KubeClient, random: () => number, share: number): KubeClient {
  return new Proxy(client, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== "function") return value;
      const call = (...words: unknown[]): unknown => Reflect.apply(value, target, words);
      if (!faulty.some((one) => one === name)) return call;
      return async (...words: unknown[]) => {
        const chance = random() / share;
        if (chance < 0.3) throw new KodamaError("server", "injected: 500 before");
        if (chance < 0.4) throw new KodamaError("unreachable", "injected: the link broke");
        if (chance < 0.6 && name === "update") {
          throw new KodamaError("conflict", "injected: 409");
        }
        const answer = await call(...words);
        if (chance > 0.6 && chance < 1) throw new KodamaError("server", "injected: 500 behind");
        return answer;
      };
    },
  });
}

function hostOn(cluster: TestCluster): Host {
  return machineHost({
    kubeconfig: cluster.kubeconfig,
    terminal: new MemoryTerminal(),
    environment: (name) => cluster.env[name],
  });
}

function startOptions(name: string, signal: AbortSignal) {
  const sync = { kind: "none" } as const;
  return { name, envFiles: [], envExclude: [], sync, readyTimeoutMs: 60_000, signal };
}

const never = new AbortController().signal;

async function brought(host: Host, name: string, signal = never): Promise<void> {
  for await (const _event of start(host, startOptions(name, signal)));
}

async function deleted(host: Host, name: string): Promise<void> {
  const options = { name, purge: true, keepConfig: false, signal: never };
  for await (const _one of (await planDeletion(host, options)).run());
}

Deno.test("starts, stops and deletions come to their end on a server that stumbles", async () => {
  await using cluster = await startTestCluster();
  const plain = hostOn(cluster);
  await using client = await plain.kube();
  for (let round = 0; round < rounds; round++) {
    const random = numbers(round + 1);
    const host: Host = { ...plain, kube: () => Promise.resolve(stumbling(client, random, 0.12)) };
    const name = `s-${round}`;
    // A call that stumbles five times in a row is told; the same words go on then.
    await again(() => brought(host, name));
    const { rows } = await list(host, { allNamespaces: false, tasks: false }, never);
    assert.deepEqual(rows.map((row) => row.kind === "session" && row.live.status), ["Running"]);
    await again(() => stop(host, { name, goneTimeoutMs: 60_000, signal: never }));
    await again(() => deleted(host, name), "notFound");
    assert.deepEqual(await sessionRemains(client, undefined, never), []);
  }
});

/** Does it until nothing was injected that the patience inside couldn't bear. */
async function again(work: () => Promise<unknown>, enough?: KodamaError["kind"]): Promise<void> {
  for (let attempt = 1;; attempt++) {
    try {
      return void await work();
    } catch (error) {
      if (!(error instanceof KodamaError) || attempt > 10) throw error;
      if (error.kind === enough) return;
      assert.match(error.message, /injected/);
    }
  }
}

Deno.test("a client that is killed anywhere leaves nothing that nobody finds", async () => {
  await using cluster = await startTestCluster();
  const plain = hostOn(cluster);
  await using client = await plain.kube();
  // The state, two objects of configuration, two claims, the pod, and the state again.
  for (let calls = 1; calls <= 7; calls++) {
    const name = `k-${calls}`;
    await assert.rejects(brought(dyingAfter(plain, client, calls), name), Killed);
    const remains = await sessionRemains(client, undefined, never);
    // Whatever is there has its state, so that it is listed and can be deleted, or be gone on with.
    assert.deepEqual(remains.map(({ kind }) => kind).filter((kind) => kind !== "whole"), []);
    if (remains.length > 0 && calls % 2 === 0) await brought(plain, name);
    if (remains.length > 0) await deleted(plain, name);
    assert.deepEqual(await sessionRemains(client, undefined, never), []);
  }
});

/** Not one of kodama's errors: nothing tidies up behind it. */
class Killed extends Error {}

/** A host whose process ends at its so-many-th write: nothing of it is carried out any more. */
function dyingAfter(host: Host, client: KubeClient, calls: number): Host {
  let left = calls;
  const dying = new Proxy(client, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== "function") return value;
      return (...words: unknown[]): unknown => {
        const isWrite = name === "create" || name === "update" || name === "delete";
        if (left === 0 || (isWrite && --left === 0)) throw new Killed();
        return Reflect.apply(value, target, words);
      };
    },
  });
  return { ...host, kube: () => Promise.resolve(dying) };
}

Deno.test("what has lost its state is found, and taken away by name", async () => {
  await using cluster = await startTestCluster();
  const host = hostOn(cluster);
  await using client = await host.kube();
  await client.create(
    { group: "", version: "v1", plural: "secrets", kind: "Secret", namespaced: true },
    {
      apiVersion: "v1",
      kind: "Secret",
      metadata: {
        name: "kodama-env-lost",
        labels: { "app.kubernetes.io/managed-by": "kodama", "kodama.dev/session": "lost" },
      },
    },
    { namespace: "default" },
  );
  const look = { contexts: [], signal: never };
  const [finding] = await Array.fromAsync(doctorSessions(host, look));
  assert.equal(finding?.status, "warn");
  assert.match(finding?.detail ?? "", /^without a session "lost".*secret kodama-env-lost$/);
  assert.match(finding?.advice ?? "", /^kodama delete lost -n default /);
  await deleted(host, "lost");
  const [after] = await Array.fromAsync(doctorSessions(host, look));
  assert.equal(after?.detail, "0 there, and nothing without one");
});

Deno.test("several people who begin one session at once get the same one", async () => {
  await using cluster = await startTestCluster();
  const people = [1, 2, 3].map(() => hostOn(cluster));
  await using clients = new AsyncDisposableStack();
  for (const host of people) clients.use(await host.kube());
  await Promise.all(people.map((host) => brought(host, "shared")));
  const [host = hostOn(cluster)] = people;
  const { rows } = await list(host, { allNamespaces: true, tasks: false }, never);
  assert.deepEqual(rows.map((row) => row.kind === "session" && row.live.status), ["Running"]);
  await Promise.all(people.map((one) => again(() => deleted(one, "shared"), "notFound")));
  assert.deepEqual(await sessionRemains(await host.kube(), undefined, never), []);
});
