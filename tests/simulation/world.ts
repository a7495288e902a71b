/**
 * A client and a server in one process: kodama's own client and the embedded cluster's own API and node, over simulated
 * connections, containers that are scripts, and a clock that moves only when nothing else can happen. Nothing in it
 * depends on the machine, so that a history happens again in the same way.
 */
// The client loads these modules when it needs them. A load takes real time, in which the history's clock would go on, so
// that what happens would depend on the machine: they are loaded before the first history.
import "../../src/actions/exec/record_run.ts";
import "../../src/actions/logs/follow.ts";
import "../../src/exec/diff_groups.ts";
import "../../src/kube/streams/spdy_socket.ts";
import "../../src/workflow/record.ts";
import "diff";
import { createHash } from "node:crypto";
import type { Host } from "../../src/actions/host.ts";
import { simulatedHost } from "../../src/actions/testing/simulated_host.ts";
import type { Clock } from "../../src/base/clock.ts";
import { ManualClock, quiet } from "../../src/base/testing/manual_clock.ts";
import { createTokens } from "../../packages/cluster/api/tokens.ts";
import type { CommandEnd, Store } from "../../packages/cluster/model.ts";
import { type Node, startNode } from "../../packages/cluster/node/node.ts";
import {
  type ScriptedMachine,
  scriptedMachine,
  type ScriptedProcess,
} from "../../packages/cluster/node/testing/scripted_machine.ts";
import { resources } from "../../packages/cluster/resources.ts";
import { createStore } from "../../packages/cluster/store/store.ts";
import type { Connection as ServerAddress } from "../../src/kube/connection.ts";
import { Transport } from "../../src/kube/http/transport.ts";
import { HttpKubeClient } from "../../src/kube/http_client.ts";
import { findTargets } from "../../src/kube/select/find_targets.ts";
import { testHost } from "../../src/kube/testing/test_host.ts";
import { type LinkPlan, SimulatedNetwork } from "./network.ts";
import { type AnswerPlan, SimulatedServer } from "./server.ts";

/** What is given of a world. */
export interface WorldPlan {
  /** One for each of the pods `pod-0`, `pod-1` …, which run from the start. */
  pods: readonly unknown[];
  connections: readonly LinkPlan[];
  answers: readonly AnswerPlan[];
  incidents: readonly Incident[];
}

/** What happens to the world at some moment. */
export type Incident =
  & { atMs: number }
  & (
    /** Every connection is reset. */
    | { kind: "cut" }
    /** The server ends, and refuses connections until it is back. `inOrder`: it closes its streams. */
    | { kind: "restart"; downMs: number; inOrder: boolean }
    /** The streams that are open then get no final Status. */
    | { kind: "statusesLost" }
    /** The streams of running commands end; some servers report success then. */
    | { kind: "kubeletLost"; reports: "success" | "error" }
    /** A pod is deleted at once, and another one has its name. */
    | { kind: "podReplaced"; pod: number }
    /** The date changes; durations don't. */
    | { kind: "clockJumped"; byMs: number }
    /** The client's machine sleeps: what was due meanwhile happens at once. */
    | { kind: "slept"; forMs: number }
  );

/** The behaviour of every process. */
type WorldScript = (process: ScriptedProcess, world: World) => Promise<number>;

/** A wait that nothing can end. */
export class StalledError extends Error {
  override readonly name = "StalledError";
}

/** One world. Dispose of it after its history. */
export class World implements Disposable {
  readonly clock = new ManualClock();
  readonly server: SimulatedServer;
  readonly network: SimulatedNetwork;
  readonly store: Store;
  readonly #machine: ScriptedMachine;
  readonly clientClock = new CountingClock(this.clock);
  readonly #cleanup = new DisposableStack();
  #uids = 0;

  private constructor(readonly plan: WorldPlan, run: WorldScript) {
    const { clock } = this;
    this.#cleanup.use(synchronousDigests());
    this.#cleanup.use(constantRandom());
    const newUid = () => `uid-${++this.#uids}`;
    this.store = createStore({ now: () => clock.now(), newUid });
    this.#machine = scriptedMachine({ clock, run: (process) => run(process, this) });
    const node = () => this.#node as Node;
    const grants = [{ token: "t", user: { name: "admin", groups: ["system:masters"] } }];
    this.server = new SimulatedServer({
      store: this.store,
      node: {
        exec: (...request) => node().exec(...request),
        attach: (...request) => node().attach(...request),
        logs: (...request) => node().logs(...request),
        connect: (...request) => node().connect(...request),
        usage: () => node().usage(),
      },
      clock,
      tokens: createTokens({ grants, now: () => clock.now(), newToken: newUid }),
      random: () => 0.5,
      newUid,
      version: "v1.32.0",
    }, plan.answers);
    this.network = new SimulatedNetwork(
      clock,
      plan.connections,
      (connection) => this.server.serve(connection),
    );
  }

  #node: Node | undefined;

  /** Creates a world whose pods run; `run` is the script of every process. */
  static async create(plan: WorldPlan, run: WorldScript): Promise<World> {
    const world = new World(plan, run);
    const { store, clock } = world;
    const machine = world.#machine;
    world.#node = await startNode({ store, clock, machine, dataDir: "/node", imageRoots: [] });
    plan.pods.forEach((_plan, index) => world.#createPod(index));
    await quiet();
    for (const incident of plan.incidents) {
      clock.timer(incident.atMs, () => world.#befall(incident));
    }
    return world;
  }

  /** Returns a client of the world, and a host of actions that has no other. */
  async open(): Promise<{ host: Host; client: HttpKubeClient }> {
    const { host } = simulatedHost({}, { clock: this.clock });
    const kubeHost = { ...testHost(), clock: this.clientClock, dial: this.network.dial };
    const transport = await Transport.open(address, token, kubeHost);
    const client = new HttpKubeClient(address, transport, kubeHost);
    const select: Host["select"] = (_client, selection, options) =>
      findTargets(client, selection, {
        ...options,
        random: () => 0.5,
        signal: options.signal ?? never,
      });
    return {
      host: { ...host, clock: this.clientClock, kube: () => Promise.resolve(client), select },
      client,
    };
  }

  /** The client's timers that are pending. */
  get clientTimers(): number {
    return this.clientClock.pending;
  }

  /**
   * Lets the history happen until the promise settles.
   *
   * @throws StalledError if nothing is left that could settle it, or the time limit passed.
   */
  async until<T>(promise: Promise<T>, limitMs: number): Promise<T> {
    const { clock } = this;
    let settled = false;
    const watched = promise.finally(() => settled = true);
    watched.catch(() => {});
    const endMs = clock.elapsedMs() + limitMs;
    for (let idle = 0; !settled;) {
      await quiet();
      if (settled) break;
      if (clock.elapsedMs() > endMs) throw new StalledError(`it still waits after ${limitMs} ms`);
      if (clock.step()) idle = 0;
      // A module may still be loading, which takes real time.
      else if (idle++ > idleTurns) {
        throw new StalledError("it waits for what can't happen any more");
      } else await new Promise((resolve) => setTimeout(resolve));
    }
    return await watched;
  }

  /** Resolves after a time of the history. */
  passed(durationMs: number): Promise<void> {
    return new Promise((resolve) => void this.clock.timer(durationMs, resolve));
  }

  /** Lets all incidents happen, and what follows them within a time. */
  async settle(durationMs: number): Promise<void> {
    // A machine that sleeps leaves out the rest of the first of them.
    await this.pass(incidentsMs);
    await this.pass(durationMs);
  }

  /** Lets a time pass. */
  async pass(durationMs: number): Promise<void> {
    await this.until(this.passed(durationMs), Infinity);
    await quiet();
  }

  /** Leaves everything as it is: nothing in it would happen by itself any more. */
  [Symbol.dispose](): void {
    this.#cleanup.dispose();
  }

  #createPod(index: number): void {
    const name = `pod-${index}`;
    this.store.create(resources.pods, {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name, namespace: "default" },
      spec: { nodeName: "kodama", containers: [{ name: "main", image: "scripted" }] },
      status: { phase: "Pending" },
    });
  }

  #befall(incident: Incident): void {
    switch (incident.kind) {
      case "cut":
        return this.network.cut();
      case "restart":
        return void this.#restart(incident);
      case "statusesLost":
        return this.server.loseStatuses();
      case "kubeletLost":
        return this.#machine.loseStreams(lostEnds[incident.reports]);
      case "podReplaced": {
        const index = incident.pod % this.plan.pods.length;
        this.store.remove(resources.pods, "default", `pod-${index}`);
        return this.#createPod(index);
      }
      case "clockJumped":
        return this.clock.jump(incident.byMs);
      case "slept":
        return this.clock.advance(incident.forMs);
    }
  }

  async #restart({ downMs, inOrder }: { downMs: number; inOrder: boolean }): Promise<void> {
    this.network.isDown = true;
    this.clock.timer(downMs, () => this.network.isDown = false);
    if (inOrder) {
      await this.server.shutDown();
      await this.passed(shutdownMs);
    }
    this.network.cut();
  }
}

const never = new AbortController().signal;
const idleTurns = 100;
/** Every incident begins by then. */
const incidentsMs = 20_000;
/** How long a server that ends waits for the answers to its close frames. */
const shutdownMs = 100;

/** What API servers report of a command whose kubelet is lost. */
const lostEnds: Record<"success" | "error", CommandEnd> = {
  // Kubernetes 1.30 and later, over WebSockets.
  success: { kind: "exited", exitCode: 0 },
  error: { kind: "notStarted", message: "error reading from error stream: EOF" },
};

const address: ServerAddress = {
  context: "sim",
  namespace: "default",
  server: "http://api.test:6443",
  certificateAuthority: undefined,
  tlsServerName: undefined,
  insecure: false,
  proxyUrl: undefined,
  clientCertificate: undefined,
  bearer: { kind: "token", token: "t" },
  impersonate: undefined,
};

const token = {
  current: () => Promise.resolve({ authorization: "Bearer t", clientCertificate: undefined }),
  rejected: () => false,
};

/** The client's clock: shows whether it still waits for something. */
class CountingClock implements Clock {
  pending = 0;

  constructor(private readonly clock: Clock) {}

  now(): Date {
    return this.clock.now();
  }

  elapsedMs(): number {
    return this.clock.elapsedMs();
  }

  timer(delayMs: number, fire: () => void): Disposable {
    this.pending++;
    let isPending = true;
    const over = () => {
      if (isPending) this.pending--;
      isPending = false;
    };
    const timer = this.clock.timer(delayMs, () => {
      over();
      fire();
    });
    return {
      [Symbol.dispose]() {
        over();
        timer[Symbol.dispose]();
      },
    };
  }
}

function constantRandom(): Disposable {
  const { random } = Math;
  Math.random = () => 0.5;
  return { [Symbol.dispose]: () => void (Math.random = random) };
}

/** The runtime computes digests in other threads, which take a time of their own. */
function synchronousDigests(): Disposable {
  const { subtle } = crypto;
  const own = Object.getOwnPropertyDescriptor(subtle, "digest");
  const digest: SubtleCrypto["digest"] = (algorithm, data) => {
    if (algorithm !== "SHA-1") throw new Error(`the digest ${algorithm} isn't simulated`);
    const hash = createHash("sha1").update(new Uint8Array(data as ArrayBuffer)).digest();
    return Promise.resolve(new Uint8Array(hash).buffer);
  };
  Object.defineProperty(subtle, "digest", { value: digest, configurable: true, writable: true });
  return {
    [Symbol.dispose]() {
      if (own === undefined) Reflect.deleteProperty(subtle, "digest");
      else Object.defineProperty(subtle, "digest", own);
    },
  };
}
