/** Sessions on a server that stumbles, and clients that are killed: `doctor --sessions` finds all that remains. */
import { commandHint } from "../src/present/hints.ts";
import assert from "node:assert/strict";
import { doctorSessions, sessionRemains } from "../src/actions/session/doctor.ts";
import { planDeletion } from "../src/actions/session/delete.ts";
import { consented } from "../src/actions/session/owner.ts";
import { list } from "../src/actions/session/list.ts";
import { start } from "../src/actions/session/start.ts";
import { planStop } from "../src/actions/session/stop.ts";
import type { Host } from "../src/actions/host.ts";
import { KodamaError } from "../src/base/errors.ts";
import type { KubeClient } from "../src/kube/client.ts";
import { wholeList } from "../src/kube/http/list.ts";
import { CONFIG_MAPS, PERSISTENT_VOLUME_CLAIMS, PODS, SECRETS } from "../src/kube/resources.ts";
import type { KubeObject } from "../src/kube/types.ts";
import { MemoryTerminal } from "../src/terminal/testing/memory_terminal.ts";
import { machineHost } from "../src/host/host.ts";
import { startTestCluster, type TestCluster } from "./harness/embedded_cluster.ts";
import { type ApiFault, startFaultyApi } from "./harness/faulty_api.ts";

/** More by hand: KODAMA_SESSION_ROUNDS=200. */
const rounds = Number(Deno.env.get("KODAMA_SESSION_ROUNDS") ?? "5");

/** Numbers of [0, 1) that are the same in each run. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

function hostOn(cluster: TestCluster, kubeconfig = cluster.kubeconfig): Host {
  return machineHost({
    kubeconfig,
    terminal: new MemoryTerminal(),
    environment: (name) => cluster.env[name],
  });
}

function startOptions(name: string, signal: AbortSignal) {
  const sync = { kind: "none" } as const;
  const devContainer = { kind: "none" } as const;
  const common = { envFiles: [], envExclude: [], join: false, readyTimeoutMs: 60_000 };
  return { name, ...common, sync, devContainer, signal };
}

const never = new AbortController().signal;

async function brought(host: Host, name: string, signal = never): Promise<void> {
  for await (const _event of start(host, startOptions(name, signal)));
}

async function deleted(host: Host, name: string): Promise<void> {
  const options = { name, consent: consented, purge: true, keepConfig: false, signal: never };
  for await (const _one of (await planDeletion(host, options)).run("everything"));
}

/** What goes wrong while something is done; `kill` ends the client at some call of it, for good. */
const kinds = ["busy", "error", "conflict", "cut", "kill"] as const;

/** What the first requests come to, for how many there are isn't the same in each run; a conflict is of a PUT. */
const certainFaults: Readonly<Record<(typeof kinds)[number], readonly ApiFault[]>> = {
  busy: ["busy"],
  error: ["before", "behind"],
  conflict: ["conflict"],
  cut: ["cut"],
  kill: [],
};

/** How many of the others fail. */
const share = 0.2;

Deno.test("every fault in the middle of a start, a stop and a deletion: all comes to its end, and nothing is lost", async () => {
  await using cluster = await startTestCluster();
  await using api = await startFaultyApi(cluster);
  const plain = hostOn(cluster);
  const faulty = hostOn(cluster, api.kubeconfig);
  await using client = await plain.kube();
  await using _faultyClient = await faulty.kube();
  let killed = 0;
  for (let round = 0; round < rounds; round++) {
    const random = numbers(round + 1);
    const name = `s-${round}`;
    const steps: [what: (host: Host) => Promise<unknown>, enough?: KodamaError["kind"]][] = [
      [(host) => brought(host, name)],
      [async (host) => {
        const options = { name, consent: consented, endTimeoutMs: 60_000, signal: never };
        const planned = await planStop(host, options, { checkTasks: false });
        for await (const _one of planned.run());
      }],
      [(host) => deleted(host, name), "notFound"],
    ];
    for (const [index, [work, enough]] of steps.entries()) {
      const kind = kinds[(round + index) % kinds.length] ?? "busy";
      const certain = [...certainFaults[kind]];
      api.choose = ({ method }) => {
        const [next] = certain;
        const drawn = random() < share ? faultOf(kind, random()) : "pass";
        return next === undefined || next === "conflict" && method !== "PUT"
          ? drawn
          : certain.shift() ?? drawn;
      };
      if (kind === "kill") {
        const calls = 1 + Math.floor(random() * 12);
        try {
          await work(dyingAfter(faulty, await faulty.kube(), calls, () => true));
        } catch (error) {
          if (!(error instanceof Killed)) throw error;
          killed++;
        }
      }
      // A failure is reported, and the same command resumes; meanwhile all objects can be found.
      await again(() => work(faulty), enough, () => assertFound(plain, client));
      api.choose = () => "pass";
      if (index === 0) {
        const { rows } = await list(plain, { allNamespaces: false, tasks: false }, never);
        assert.deepEqual(rows.map((row) => row.kind === "session" && row.live.status), ["Running"]);
      }
      await assertFound(plain, client);
    }
    assert.deepEqual(await sessionRemains(client, undefined, never), []);
  }
  const seen = [...api.counts].map(([fault, count]) => `${fault} ${count}`).sort();
  const reported = `${rounds} rounds: ${seen.join(", ")}, killed ${killed}`;
  // deno-lint-ignore no-console -- many rounds are done by hand, for these figures
  if (rounds > 50) console.log(reported);
  for (const fault of ["busy", "before", "behind", "conflict", "cut"]) {
    assert.match(reported, new RegExp(`${fault} \\d`));
  }
  assert.ok(killed > 0, reported);
});

function faultOf(kind: (typeof kinds)[number], chance: number): ApiFault {
  switch (kind) {
    case "busy":
    case "conflict":
    case "cut":
      return kind;
    case "error":
      return chance < 0.5 ? "before" : "behind";
    case "kill":
      return "pass";
  }
}

/** Everything that kodama has made is listed with its session, or reported by `doctor --sessions` with the way to clean it. */
async function assertFound(host: Host, client: KubeClient): Promise<void> {
  const findings = await Array.fromAsync(doctorSessions(host, { contexts: [], signal: never }));
  const { rows } = await list(host, { allNamespaces: false, tasks: false }, never);
  const listed = rows.map((row) => row.kind === "session" ? row.session.name : row.name);
  for (const resource of [PODS, SECRETS, CONFIG_MAPS, PERSISTENT_VOLUME_CLAIMS]) {
    const scope = { namespace: "default" };
    const { items } = await wholeList(() =>
      client.list<KubeObject>(resource, scope, { signal: never })
    );
    for (const { metadata: { name = "" } } of items) {
      if (!name.startsWith("kodama-") || listed.some((one) => name.endsWith(`-${one}`))) continue;
      const finding = findings.find(({ detail }) => detail.includes(name));
      assert.match(
        commandHint(finding?.advice ?? ""),
        /kodama delete s-\d+ /,
        `${name} is not found`,
      );
    }
  }
}

/** Does it until the faults let it, and looks around behind each that they didn't. */
async function again(
  work: () => Promise<unknown>,
  enough?: KodamaError["kind"],
  look: () => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  for (let attempt = 1;; attempt++) {
    try {
      return void await work();
    } catch (error) {
      if (!(error instanceof KodamaError) || attempt > 20) throw error;
      if (error.kind === enough) return;
      await look();
    }
  }
}

Deno.test("a client that is killed anywhere leaves nothing that `doctor` doesn't find", async () => {
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

/** A host whose process ends at its so-many-th call of a kind: nothing of it is carried out any more. */
function dyingAfter(
  host: Host,
  client: KubeClient,
  calls: number,
  counts: (name: PropertyKey) => boolean = isWrite,
): Host {
  let left = calls;
  const dying = new Proxy(client, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== "function") return value;
      return (...words: unknown[]): unknown => {
        if (left === 0 || (counts(name) && --left === 0)) throw new Killed();
        return Reflect.apply(value, target, words);
      };
    },
  });
  return { ...host, kube: () => Promise.resolve(dying) };
}

function isWrite(name: PropertyKey): boolean {
  return name === "create" || name === "update" || name === "delete";
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
  assert.match(commandHint(finding?.advice ?? ""), /^kodama delete lost -n default /);
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
