/** For the node's tests: a store, a clock, pods, and waits for their state. */
import { waitingFor } from "../../../../src/base/testing/waits.ts";
import type { ContainerProcess, ContainerRef, Store, StreamRequest } from "../../model.ts";
import { resources } from "../../resources.ts";
import { createStore } from "../../store/store.ts";
import type { Clock } from "../../../../src/base/clock.ts";
import { ManualClock } from "../../../../src/base/testing/manual_clock.ts";
import { type Node, type NodeOptions, startNode } from "../node.ts";
import { asPod, type StoredPod } from "../pod_context.ts";
import type { Pod } from "../../../../src/kube/types.ts";

/** A node with its environment. */
export interface NodeFixture extends AsyncDisposable {
  store: Store;
  clock: ManualClock;
  node: Node;
  dataDir: string;
  /** Creates a pod bound to the node. */
  run(spec: Partial<NonNullable<Pod["spec"]>>, name?: string): StoredPod;
  /** Returns the pod, as soon as it fulfils the condition. */
  pod(name: string, desired: (pod: StoredPod) => boolean): Promise<StoredPod>;
  /**
   * Returns the pod, when its containers run and the first of them has written something: until then it may not handle
   * a signal.
   */
  begun(name: string): Promise<StoredPod>;
  /** Resolves when the pod is removed from the store. */
  gone(name: string): Promise<void>;
  /** Deletes a pod as a client does, gracefully. */
  delete(name: string, graceSeconds?: number): void;
  /** Reasons and messages of the events about a pod, with their counts. */
  events(name: string): string[];
}

const imageRoot = decodeURIComponent(new URL("../../images", import.meta.url).pathname);

/** Starts a node over an empty store. */
export async function startFixture(options: Partial<NodeOptions> = {}): Promise<NodeFixture> {
  const clock = new ManualClock();
  const store = createStore({ now: () => clock.now(), newUid: () => crypto.randomUUID() });
  const dataDir = await Deno.makeTempDir();
  const node = await startNode({
    store,
    dataDir,
    clock,
    nodeName: "node",
    imageRoots: [imageRoot],
    ...options,
  });
  return {
    store,
    clock,
    node,
    dataDir,
    run: (spec, name = "web") => createPod(store, name, spec),
    pod: (name, desired) =>
      waitingFor(() => `a state of ${podState(store, name)}`, untilPod(store, name, desired)),
    begun: (name) =>
      waitingFor(() => `output of ${podState(store, name)}`, untilBegun(store, node, name)),
    gone: (name) => waitingFor(() => `the end of ${podState(store, name)}`, untilGone(store, name)),
    delete: (name, graceSeconds = 30) => markDeleted(store, clock, name, graceSeconds),
    events: (name) => eventsOf(store, name),
    async [Symbol.asyncDispose]() {
      await node[Symbol.asyncDispose]();
      await Deno.remove(dataDir, { recursive: true });
    },
  };
}

function createPod(store: Store, name: string, spec: Partial<NonNullable<Pod["spec"]>>): StoredPod {
  return asPod(store.create(resources.pods, {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace: "default" },
    spec: { nodeName: "node", containers: [], ...spec },
    status: { phase: "Pending" },
  }));
}

function podState(store: Store, name: string): string {
  const status = store.get(resources.pods, "default", name)?.["status"];
  return `pod ${name}: ${JSON.stringify(status)}\n${eventsOf(store, name).join("\n")}`;
}

async function untilPod(
  store: Store,
  name: string,
  desired: (pod: StoredPod) => boolean,
): Promise<StoredPod> {
  const stop = new AbortController();
  const since = store.resourceVersion;
  const present = store.get(resources.pods, "default", name);
  if (present !== undefined && desired(asPod(present))) return asPod(present);
  for await (const { object } of store.watch([resources.pods], { since, signal: stop.signal })) {
    if (object.metadata.name !== name || !desired(asPod(object))) continue;
    stop.abort();
    return asPod(object);
  }
  throw new Error(`the watch ended before pod ${name} was in the expected state`);
}

async function untilBegun(store: Store, node: Node, name: string): Promise<StoredPod> {
  const pod = await untilPod(store, name, isRunning);
  const query = { follow: true, previous: false, timestamps: false, limitBytes: 1 };
  const container = pod.spec?.containers[0]?.name ?? "";
  const log = await node.logs(refOf(pod, container), query, new AbortController().signal);
  await new Response(log).text();
  return pod;
}

async function untilGone(store: Store, name: string): Promise<void> {
  const stop = new AbortController();
  const since = store.resourceVersion;
  if (store.get(resources.pods, "default", name) === undefined) return;
  for await (const event of store.watch([resources.pods], { since, signal: stop.signal })) {
    if (event.kind === "deleted" && event.object.metadata.name === name) stop.abort();
  }
}

function markDeleted(store: Store, clock: Clock, name: string, graceSeconds: number): void {
  const pod = store.get(resources.pods, "default", name);
  if (pod === undefined) throw new Error(`no pod ${name}`);
  const metadata = {
    ...pod.metadata,
    deletionTimestamp: clock.now().toISOString(),
    deletionGracePeriodSeconds: graceSeconds,
  };
  store.update(resources.pods, { ...pod, metadata });
}

function eventsOf(store: Store, name: string): string[] {
  return store.list(resources.events, "default")
    .filter((event) => (event["involvedObject"] as { name: string }).name === name)
    .toSorted((a, b) => Number(a.metadata.resourceVersion) - Number(b.metadata.resourceVersion))
    .map((event) => `${event["count"]} ${event["reason"]}: ${event["message"]}`);
}

/** Returns the container's reference, for the node's streams. */
export function refOf(pod: StoredPod, container = "main"): ContainerRef {
  const { namespace = "", name = "", uid = "" } = pod.metadata;
  return { namespace, pod: name, uid, container };
}

/** Returns all output of a process, and its end. */
export async function outcome(process: ContainerProcess) {
  const [stdout, stderr, end] = await waitingFor(
    "the end of a command in a container",
    Promise.all([
      new Response(process.stdout).text(),
      new Response(process.stderr).text(),
      process.end,
    ]),
  );
  return { stdout, stderr, end };
}

/** Streams of a plain exec. */
export const outputOnly: StreamRequest = { stdin: false, stdout: true, stderr: true, tty: false };

/** Returns whether the pod's containers all run. */
export function isRunning(pod: StoredPod): boolean {
  return pod.status?.phase === "Running" &&
    (pod.status.containerStatuses ?? []).every(({ state }) => state?.running !== undefined);
}
