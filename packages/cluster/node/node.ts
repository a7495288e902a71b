/**
 * The embedded cluster's node: a kubelet whose containers are processes of this machine.
 *
 * It watches the pods bound to it, runs them, and writes their status, its own Node object and events.
 * It shares the machine's network: every pod's ports are ports of the machine's loopback.
 */
import { KodamaError } from "../../../src/base/errors.ts";
import { Semaphore } from "../../../src/base/semaphore.ts";
import {
  type ContainerLogQuery,
  type ContainerProcess,
  type ContainerRef,
  NodeError,
  type NodeStreams,
  type Store,
  StoreError,
  type StreamRequest,
} from "../model.ts";
import { resources } from "../resources.ts";
import { type Clock, systemClock } from "../../../src/base/clock.ts";
import { EventRecorder } from "./events.ts";
import { machineFiles } from "./files.ts";
import { type Image, loadImages } from "./images.ts";
import { NodeRegistration } from "./node_object.ts";
import { asPod, type NodeParts, type StoredPod } from "./pod_context.ts";
import { podFolderOf, PodWorker } from "./pod_worker.ts";
import type { Capabilities, ContainerRuntime, ContainerSetup } from "./runtime.ts";
import { findTools, removeFolder, type Tools } from "./tools.ts";
import { defaultPath } from "./environment.ts";
import { startNamespaceRuntime } from "./namespaces.ts";
import { startPlainRuntime } from "./plain.ts";
import { randomId } from "./start_error.ts";
import { drain } from "./child_process.ts";
import type { ContainerInstance } from "./container_instance.ts";
import type { ContainerWorker } from "./container_worker.ts";
import { readLog } from "./log.ts";
import { type MeasuredContainer, UsageMeter } from "./usage.ts";

/** Options of {@link startNode}. */
export interface NodeOptions {
  store: Store;
  /** Absolute. The node's own: claims persist in it across starts, all else starts empty. */
  dataDir: string;
  /** Folders of images; a later one takes precedence. */
  imageRoots: readonly string[];
  clock?: Clock;
  nodeName?: string;
  /** That of {@link isolationVariable} by default. */
  isolation?: IsolationChoice;
  /** Replaces this machine. */
  machine?: NodeMachine;
}

/** What a node runs containers with. */
export type NodeMachine = Pick<NodeParts, "runtime" | "images" | "files">;

const isolations = ["best", "root", "userNamespace", "plain"] as const;

/** How containers are isolated. `best` tries the others in their order; a start fails if the machine can't do another. */
export type IsolationChoice = typeof isolations[number];

/** The environment variable with the choice, for trying out what other machines have. */
const isolationVariable = "KODAMA_CLUSTER_ISOLATION";

function chosenIsolation(): IsolationChoice {
  const given = Deno.env.get(isolationVariable) ?? "best";
  const found = isolations.find((isolation) => isolation === given);
  if (found === undefined) {
    throw new KodamaError("config", `${isolationVariable}=${given}: use ${isolations.join(", ")}`);
  }
  return found;
}

/** A running node. Disposing it ends every container and removes their files. */
export interface Node extends NodeStreams, AsyncDisposable {
  readonly name: string;
  readonly capabilities: Capabilities;
}

/** How many containers are created at once: more would only slow each of them. */
const simultaneousStarts = 8;
const hostIp = "127.0.0.1";

/** Starts a node and adopts the pods that are bound to it. */
export async function startNode(options: NodeOptions): Promise<Node> {
  const { store, dataDir, clock = systemClock, nodeName = "kodama" } = options;
  const machine = options.machine ?? await thisMachine(options);
  const parts: NodeParts = {
    store,
    clock,
    ...machine,
    nodeName,
    hostIp,
    dataDir,
    events: new EventRecorder(store, clock, nodeName),
    starts: new Semaphore(simultaneousStarts),
  };
  const { capabilities } = machine.runtime;
  return new RunningNode(parts, new NodeRegistration(store, clock, nodeName, capabilities));
}

async function thisMachine(
  { dataDir, imageRoots, isolation = chosenIsolation() }: NodeOptions,
): Promise<NodeMachine> {
  const images = await loadImages(imageRoots);
  await removeFolder(`${dataDir}/pods`);
  await removeFolder(`${dataDir}/runtime`);
  await Deno.mkdir(`${dataDir}/runtime`, { recursive: true, mode: 0o700 });
  return { runtime: await chooseRuntime(dataDir, isolation), images, files: machineFiles };
}

class RunningNode implements Node {
  readonly name: string;
  readonly capabilities: Capabilities;
  readonly exec: NodeStreams["exec"];
  readonly attach: NodeStreams["attach"];
  readonly logs: NodeStreams["logs"];
  readonly connect: NodeStreams["connect"];
  readonly usage: NodeStreams["usage"];
  readonly #runtime: ContainerRuntime;
  readonly #workers = new Map<string, PodWorker>();
  readonly #endings = new Set<Promise<void>>();
  readonly #addresses = new PodAddresses();
  readonly #stopping = new AbortController();
  readonly #watching: Promise<void>;
  #disposed: Promise<void> | undefined;

  constructor(private readonly parts: NodeParts, registration: NodeRegistration) {
    this.#runtime = parts.runtime;
    this.name = parts.nodeName;
    this.capabilities = parts.runtime.capabilities;
    const streams = new ContainerStreams((uid) => this.#workers.get(uid));
    this.exec = streams.exec;
    this.attach = streams.attach;
    this.logs = streams.logs;
    this.connect = streams.connect;
    const meter = new UsageMeter(parts.clock);
    this.usage = () => meter.measure(this.#measured());
    this.#watching = Promise.all([
      this.#watch(),
      registration.keepAlive(this.#stopping.signal),
    ]).then(() => {});
  }

  #measured(): MeasuredContainer[] {
    return [...this.#workers].flatMap(([uid, { containers }]) =>
      containers.flatMap(({ record, instance }) =>
        record.phase.kind === "running" && instance !== undefined
          ? [{
            uid,
            container: record.spec.name,
            id: record.containerId,
            startedAt: record.phase.startedAt,
            processes: instance.running.processes,
          }]
          : []
      )
    );
  }

  async #watch(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        this.#takeStock();
        const since = this.parts.store.resourceVersion;
        for await (const change of this.parts.store.watch([resources.pods], { since, signal })) {
          if (change.kind === "deleted") this.#podRemoved(asPod(change.object));
          else this.#seen(asPod(change.object));
        }
      } catch (error) {
        // More changes at once than the store's history holds: the whole state is equivalent.
        if (!(error instanceof StoreError) || error.reason !== "expired") throw error;
      }
    }
  }

  #takeStock(): void {
    const pods = this.parts.store.list(resources.pods).map(asPod);
    const present = new Set(pods.map(({ metadata }) => metadata.uid));
    for (const { pod } of this.#workers.values()) {
      if (!present.has(pod.metadata.uid)) this.#podRemoved(pod);
    }
    for (const pod of pods) this.#seen(pod);
  }

  #seen(pod: StoredPod): void {
    if (pod.spec?.nodeName !== this.name || this.#stopping.signal.aborted) return;
    const uid = pod.metadata.uid ?? "";
    let worker = this.#workers.get(uid);
    const leaving = pod.metadata.deletionTimestamp !== undefined;
    if (worker === undefined) {
      if (!leaving && isOver(pod)) return;
      if (leaving) return this.#remove(pod);
      worker = new PodWorker(pod, this.#addresses.take(), this.parts);
      this.#workers.set(uid, worker);
    }
    worker.update(pod);
    if (leaving) this.#end(worker, undefined);
  }

  #podRemoved(pod: StoredPod): void {
    const worker = this.#workers.get(pod.metadata.uid ?? "");
    if (worker !== undefined) this.#end(worker, 0);
  }

  #end(worker: PodWorker, graceMs: number | undefined): void {
    const ending = worker.stop(graceMs).then(() => this.#cleanUp(worker));
    this.#endings.add(ending);
    void ending.finally(() => this.#endings.delete(ending));
  }

  async #cleanUp(worker: PodWorker): Promise<void> {
    const { pod } = worker;
    const uid = pod.metadata.uid ?? "";
    if (!this.#workers.delete(uid)) return;
    this.#addresses.release(pod.status?.podIP ?? "");
    this.#remove(pod);
    await this.parts.files.removeFolder(podFolderOf(this.parts.dataDir, pod));
  }

  #remove(pod: StoredPod): void {
    const { store } = this.parts;
    const { namespace = "", name = "", uid } = pod.metadata;
    const present = store.get(resources.pods, namespace, name);
    if (present === undefined || present.metadata.uid !== uid) return;
    if ((present.metadata.finalizers ?? []).length > 0) {
      if (present.metadata.deletionGracePeriodSeconds === 0) return;
      const metadata = { ...present.metadata, deletionGracePeriodSeconds: 0 };
      store.update(resources.pods, { ...present, metadata });
      return;
    }
    store.remove(resources.pods, namespace, name);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#disposed ??= this.#dispose();
  }

  async #dispose(): Promise<void> {
    this.#stopping.abort();
    await this.#watching;
    await Promise.all([...this.#workers.values()].map((worker) => worker.stop(0)));
    await Promise.all(this.#endings);
    await this.#runtime[Symbol.asyncDispose]();
    await this.parts.files.removeFolder(`${this.parts.dataDir}/pods`);
    await this.parts.files.removeFolder(`${this.parts.dataDir}/runtime`);
  }
}

function isOver(pod: StoredPod): boolean {
  return pod.status?.phase === "Succeeded" || pod.status?.phase === "Failed";
}

/**
 * Addresses for pods, each assigned to one pod at a time. Nothing listens there: pods share the machine's loopback. The
 * range is the one that kubeadm's documentation uses for pods.
 */
export class PodAddresses {
  readonly #taken = new Set<number>();
  #next = 2;

  /** Returns an unused address. */
  take(): string {
    while (this.#taken.has(this.#next)) this.#advance();
    const index = this.#next;
    this.#taken.add(index);
    // The address of a deleted pod is not assigned again at once: it would be mistaken for that pod.
    this.#advance();
    return `10.244.${index >> 8}.${index & 0xff}`;
  }

  /** Releases the address of a deleted pod. */
  release(address: string): void {
    const [, , third, fourth] = address.split(".").map(Number);
    if (third !== undefined && fourth !== undefined) this.#taken.delete((third << 8) | fourth);
  }

  #advance(): void {
    do {
      this.#next = (this.#next + 1) & 0xffff;
    } while ((this.#next & 0xff) < 2 || (this.#next & 0xff) === 0xff);
  }
}

/* Detects, once, which runtime this machine supports. */

/** Returns the best runtime that works here: a container is really started, because nothing less proves it. */
async function chooseRuntime(
  dataDir: string,
  isolation: IsolationChoice,
): Promise<ContainerRuntime> {
  const tools = await findTools();
  const plain = (reason: string) => startPlainRuntime({ dataDir, tools, reason });
  if (isolation === "plain") return await plain("plain processes were requested");
  if (Deno.build.os !== "linux") return await plain(`${Deno.build.os} has no namespaces`);
  const reasons: string[] = [];
  // Root inside a container of another kind may lack the permissions, and still have user namespaces.
  const users = isolation !== "best"
    ? [isolation]
    : Deno.uid() === 0
    ? ["root", "userNamespace"] as const
    : ["userNamespace"] as const;
  for (const user of users) {
    const outcome = await tryNamespaces(`${dataDir}/runtime/${user}`, tools, user);
    if (typeof outcome !== "string") return outcome;
    reasons.push(outcome);
  }
  if (isolation !== "best") {
    throw new KodamaError(
      "environment",
      `this machine has no isolation "${isolation}": ${reasons}`,
    );
  }
  return await plain(reasons.join("; "));
}

async function tryNamespaces(
  folder: string,
  tools: Tools,
  user: "root" | "userNamespace",
): Promise<ContainerRuntime | string> {
  let runtime: ContainerRuntime | undefined;
  try {
    await Deno.mkdir(folder);
    runtime = await startNamespaceRuntime({ folder, tools, user });
    const container = await runtime.start(trial());
    drain(container.main.stdout);
    const complaint = new Response(container.main.stderr).text();
    const end = await container.main.end;
    await container.remove();
    if (end.kind === "exited" && end.exitCode === 0) return runtime;
    throw new Error(end.kind === "exited" ? (await complaint).trim() : end.message);
  } catch (error) {
    await runtime?.[Symbol.asyncDispose]();
    if (error instanceof Error) return error.message;
    throw error;
  }
}

function trial(): ContainerSetup {
  const image: Image = {
    names: [],
    base: "host",
    env: {},
    entrypoint: [],
    cmd: [],
    workingDir: "/",
    pause: false,
    rootfs: undefined,
    digest: "",
  };
  return {
    id: randomId(),
    image,
    command: ["/bin/sh", "-c", ":"],
    env: { PATH: defaultPath },
    workingDir: "/",
    hostname: "trial",
    mounts: [],
    stdin: false,
    tty: false,
  };
}

/** {@link NodeStreams} over the pods that `find` returns. */
class ContainerStreams implements Omit<NodeStreams, "usage"> {
  constructor(private readonly find: (uid: string) => PodWorker | undefined) {}

  exec = async (
    target: ContainerRef,
    command: readonly string[],
    streams: StreamRequest,
  ): Promise<ContainerProcess> => await this.#instance(target).running.exec({ command, streams });

  attach = (target: ContainerRef, streams: StreamRequest): Promise<ContainerProcess> =>
    Promise.resolve().then(() => {
      const instance = this.#running(target);
      if (instance !== undefined) return instance.attach(streams);
      const { container, pod, namespace } = target;
      throw new NodeError(500, `container ${container} not found in pod ${pod}_${namespace}`);
    });

  logs = (
    target: ContainerRef,
    query: ContainerLogQuery,
    signal: AbortSignal,
  ): Promise<ReadableStream<Uint8Array>> =>
    Promise.resolve().then(() => {
      const worker = this.#worker(target);
      const log = query.previous ? this.#previousLog(worker, target) : worker.log;
      if (log !== undefined) return readLog(log, query, signal);
      const { phase } = worker.record;
      const reason = phase.kind === "waiting" ? phase.reason : "ContainerCreating";
      throw new NodeError(
        400,
        `container "${target.container}" in pod "${target.pod}" is waiting to start: ${reason}`,
      );
    });

  connect = async (
    pod: Omit<ContainerRef, "container">,
    port: number,
  ): Promise<Deno.TcpConn> => {
    const worker = this.#pod(pod);
    try {
      return await worker.connect(port);
    } catch (error) {
      if (!(error instanceof Deno.errors.ConnectionRefused)) throw error;
      throw new NodeError(
        500,
        `error forwarding port ${port} to pod ${pod.uid}, uid : failed to execute portforward in network namespace "host": ` +
          `failed to connect to localhost:${port} inside namespace "host", IPv4: ${error.message}`,
      );
    }
  };

  /**
   * The log for `--previous`: the start before the present one, or the last one while the container waits for the next.
   */
  #previousLog(worker: ContainerWorker, { container, pod }: ContainerRef) {
    const { phase, last } = worker.record;
    const log = phase.kind === "waiting" && last !== undefined ? worker.log : worker.previousLog;
    if (log !== undefined) return log;
    throw new NodeError(
      400,
      `previous terminated container "${container}" in pod "${pod}" not found`,
    );
  }

  #pod({ uid }: { uid: string }): PodWorker {
    const worker = this.find(uid);
    if (worker === undefined) throw new NodeError(404, "pod does not exist");
    return worker;
  }

  #worker(target: ContainerRef): ContainerWorker {
    const worker = this.#pod(target).containers.find(({ record }) =>
      record.spec.name === target.container
    );
    if (worker !== undefined) return worker;
    throw new NodeError(404, `container not found ("${target.container}")`);
  }

  /** Returns undefined if its main process has ended, or was never started. */
  #running(target: ContainerRef): ContainerInstance | undefined {
    const { instance } = this.#worker(target);
    return instance?.ended === true ? undefined : instance;
  }

  #instance(target: ContainerRef): ContainerInstance {
    const instance = this.#running(target);
    if (instance !== undefined) return instance;
    throw new NodeError(500, `container not found ("${target.container}")`);
  }
}
