/**
 * The embedded cluster: a store, an API server over it, controllers and a node, put together.
 *
 *     await using cluster = await startCluster({ folder, world, imageRoots, worldsFolder });
 *     await cluster.ready();
 *     // kubectl with cluster.kubeconfig
 */
import { KodamaError } from "../../src/base/errors.ts";
import type { RequestFacts } from "./api/gate.ts";
import type { ApiServer } from "./api/server.ts";
import { type ControllersOptions, runControllers } from "./controllers/driver.ts";
import { contextNameOf, type Credential } from "./tls/kubeconfig.ts";
import { type NodeStreams, type ResourceType, type Store, StoreError } from "./model.ts";
import type { SavedState } from "./saved_state.ts";
import { type Clock, systemClock } from "../../src/base/clock.ts";
import type { IsolationChoice, Node, NodeMachine } from "./node/node.ts";
import type { Authority } from "./tls/authority.ts";
import type { WorldChoice } from "./worlds/world.ts";
import { ClusterSnapshot } from "./controllers/state.ts";
import { apiVersionOf, resources, resourceTypes } from "./resources.ts";
import type { Pod } from "kubernetes-types/core/v1.d.ts";
import { isActive, isFinished, isReady } from "./controllers/pods.ts";
import type { KubeObject } from "../../src/kube/types.ts";
import type { ApiContext } from "./api/context.ts";
import { applyCreationDefaults, applyDefaults } from "./api/defaults.ts";
import { createTokens } from "./api/tokens.ts";
import { ApiError } from "./api/status.ts";
import { createObject } from "./api/stored_object.ts";

/** What {@link startCluster} needs. Paths are absolute. */
export interface EmbeddedClusterOptions {
  /** The cluster's own folder. Its authority persists across starts; all else only with `keep`. */
  folder: string;
  world: WorldChoice;
  /** Objects, claims and port persist. `world` as it was requested: a different one is refused. */
  keep?: { world: string };
  /** The folder of the shipped worlds. */
  worldsFolder: string;
  /** Folders of images; a later one takes precedence. */
  imageRoots: readonly string[];
  /** The saved one if it is absent, else any free one. */
  port?: number;
  clock?: Clock;
  /** Called for each request when its answer is complete. */
  audit?: (facts: RequestFacts) => void;
  /** Is given the error of a controller that threw: a bug. */
  onError?: ControllersOptions["onError"];
  /** The number of changes of each kind that a watch can reach back; the store's default if it is absent. */
  historyPerKind?: number;
  /** The isolation of containers; that of `KODAMA_CLUSTER_ISOLATION` by default. */
  isolation?: IsolationChoice;
  /** Replaces this machine as the one that runs the containers. */
  machine?: NodeMachine;
}

/** A cluster that runs. Disposing of it ends its pods, its connections and its controllers. */
export interface EmbeddedCluster extends AsyncDisposable {
  /** The context's name in {@link kubeconfig}. */
  readonly context: string;
  /** `https://127.0.0.1:port` */
  readonly server: string;
  /** The text of a kubeconfig with the administrator's token. */
  readonly kubeconfig: string;
  /** For tests that inspect the parts behind the API. */
  readonly store: Store;
  /** The runtime of containers on this machine. */
  readonly isolation: Node["capabilities"];
  /** Returns the text of a kubeconfig with a client certificate for another user, in any groups. */
  kubeconfigFor(user: string, groups: readonly string[]): Promise<string>;
  /** Waits until all that can run does. Each snapshot that differs is reported. */
  ready(options?: { signal?: AbortSignal; onProgress?: (now: Readiness) => void }): Promise<void>;
}

/**
 * Starts a cluster.
 *
 * @throws KodamaError `environment` if the port is in use; `config` and UsageError for a world that can't be created;
 * `conflict` if a persistent cluster was created with another.
 */
export async function startCluster(options: EmbeddedClusterOptions): Promise<EmbeddedCluster> {
  const clock = options.clock ?? systemClock;
  await Deno.mkdir(options.folder, { recursive: true, mode: 0o700 });
  await using stack = new AsyncDisposableStack();
  const savedState = await openSaved(options);
  if (savedState !== undefined) stack.use(savedState);
  const [authority, store] = await Promise.all([
    openAuthority(`${options.folder}/authority.json`, clock),
    newStore(clock, options, savedState),
  ]);
  const { startNode } = await import("./node/node.ts");
  // A new store doesn't have the names that the claims of the last start belong to.
  if (savedState === undefined) {
    await removeFolder(claimsFolder(options));
    await removeFolder(snapshotsFolder(options));
  }
  // Disposed of in reverse: first requests, then controllers, then pods.
  const node = stack.use(
    await startNode({
      store,
      dataDir: `${options.folder}/node`,
      imageRoots: options.imageRoots,
      clock,
      ...(options.isolation === undefined ? {} : { isolation: options.isolation }),
      ...(options.machine === undefined ? {} : { machine: options.machine }),
    }),
  );
  stack.use(await startSnapshots(store, clock, options));
  if (savedState !== undefined) stack.defer(() => savedState.freeze());
  const admission = createAdmission({ store, node, clock });
  const { certificate: certificateAuthority } = authority;
  stack.use(await startControllers(store, { admission, certificateAuthority, clock }, options));
  const port = options.port ?? savedState?.saved?.port;
  const api = stack.use(await startApi({ store, node, authority, clock }, { ...options, port }));
  if (savedState?.saved === undefined) await putWorld(store, admission, options);
  if (options.keep !== undefined) await savedState?.save({ ...options.keep, port: api.port });
  const owned = stack.move();
  const context = contextNameOf(options.folder, { isPersistent: savedState !== undefined });
  return {
    context,
    server: api.url,
    kubeconfig: await kubeconfigWith(
      { kind: "token", token: await administratorToken(authority) },
      { authority, api, name: context },
    ),
    store,
    isolation: node.capabilities,
    kubeconfigFor: async (user, groups) => {
      const pair = await authority.issueClient({ user, groups });
      return await kubeconfigWith({ kind: "certificate", pair }, { authority, api, name: context });
    },
    ready: (wait = {}) => waitUntilReady(store, clock, wait),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

const administrator = { name: "kubernetes-admin", groups: ["system:masters"] };

/** Valid as long as the authority is, and can't be guessed without the authority's key. */
async function administratorToken({ secret }: Authority): Promise<string> {
  const bytes = new TextEncoder().encode(`token of the administrator\n${secret.key}`);
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}

async function openSaved(
  { keep, folder }: EmbeddedClusterOptions,
): Promise<SavedState | undefined> {
  if (keep === undefined) return undefined;
  const { openSavedState: openKeptState } = await import("./saved_state.ts");
  return await openKeptState(folder, keep.world);
}

function claimsFolder({ folder }: EmbeddedClusterOptions): string {
  return `${folder}/node/claims`;
}

function snapshotsFolder({ folder }: EmbeddedClusterOptions): string {
  return `${folder}/node/snapshots`;
}

async function removeFolder(path: string): Promise<void> {
  try {
    await Deno.remove(path, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** Returns the saved authority, or creates it: a kubeconfig that was copied elsewhere remains valid for this folder. */
async function openAuthority(path: string, clock: Clock): Promise<Authority> {
  const { createAuthority, loadAuthority } = await import("./tls/authority.ts");
  const now = () => clock.now();
  try {
    return await loadAuthority(JSON.parse(await Deno.readTextFile(path)), { now });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  const authority = await createAuthority({ now });
  await Deno.writeTextFile(path, JSON.stringify(authority.secret), { mode: 0o600 });
  return authority;
}

async function newStore(
  clock: Clock,
  { historyPerKind }: EmbeddedClusterOptions,
  savedState: SavedState | undefined,
): Promise<Store> {
  const { createStore } = await import("./store/store.ts");
  return createStore({
    now: () => clock.now(),
    newUid: () => crypto.randomUUID(),
    ...(historyPerKind === undefined ? {} : { historyPerKind }),
    ...(savedState === undefined
      ? {}
      : { initial: savedState.snapshot, onChange: (event) => savedState.record(event) }),
  });
}

async function startSnapshots(
  store: Store,
  clock: Clock,
  options: EmbeddedClusterOptions,
): Promise<AsyncDisposable> {
  const { runVolumeSnapshots } = await import("./node/volume_snapshots.ts");
  const { provisioner: driver } = await import("./controllers/volume_binder.ts");
  const folders = {
    claimsFolder: claimsFolder(options),
    snapshotsFolder: snapshotsFolder(options),
  };
  return runVolumeSnapshots({ store, clock, driver, ...folders });
}

async function startControllers(
  store: Store,
  settings: { admission: Admission; certificateAuthority: string; clock: Clock },
  options: EmbeddedClusterOptions,
): Promise<AsyncDisposable> {
  const { allControllers } = await import("./controllers/controllers.ts");
  const { admission, certificateAuthority, clock } = settings;
  return runControllers({
    store,
    clock,
    controllers: allControllers({
      certificateAuthority,
      volumeFolder: claimsFolder(options),
    }),
    admit: admission.admit,
    onError: options.onError ?? (() => {}),
  });
}

async function startApi(
  parts: { store: Store; node: Node; authority: Authority; clock: Clock },
  { port, audit }: { port: number | undefined } & Pick<EmbeddedClusterOptions, "audit">,
): Promise<ApiServer> {
  const { startApiServer } = await import("./api/server.ts");
  const { authority, ...rest } = parts;
  const identity = {
    server: await authority.issueServer(),
    certificateAuthority: authority.certificate,
  };
  const tokens = [{ token: await administratorToken(authority), user: administrator }];
  try {
    return await startApiServer({
      ...rest,
      identity,
      tokens,
      ...(port === undefined ? {} : { port }),
      ...(audit === undefined ? {} : { audit }),
    });
  } catch (error) {
    if ((error as { code?: unknown }).code !== "EADDRINUSE") throw error;
    throw new KodamaError("environment", `port ${port} of this machine is taken`, {
      hint: "end what listens there, or choose another with --port",
      cause: error,
    });
  }
}

async function kubeconfigWith(
  credential: Credential,
  { authority, api, name }: { authority: Authority; api: ApiServer; name: string },
): Promise<string> {
  const { kubeconfig } = await import("./tls/kubeconfig.ts");
  return kubeconfig({
    name,
    server: api.url,
    certificateAuthority: authority.certificate,
    credential,
  });
}

async function putWorld(
  store: Store,
  admission: Admission,
  { world, worldsFolder, clock = systemClock }: EmbeddedClusterOptions,
): Promise<void> {
  const { loadWorld } = await import("./worlds/world.ts");
  const objects = await loadWorld(world, worldsFolder);
  // A controller creates the initial namespaces; nothing can be created in them before.
  await until(store, clock, {}, (state) => state.list("serviceAccounts").length >= 4);
  for (const object of objects) {
    try {
      admission.create(object);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      throw new KodamaError(
        "config",
        `the world ${world.source}: ${object.kind} ${object.metadata.name}: ${error.message}`,
        error.code === 404
          ? { hint: "a namespace comes before its objects, as an object of kind Namespace" }
          : {},
      );
    }
  }
}

/* Waits for a state of the embedded cluster. */

/** Waits until every pod of the world is in its final state. Rejects with the signal's reason. */
async function waitUntilReady(
  store: Store,
  clock: Clock,
  { signal, onProgress }: { signal?: AbortSignal; onProgress?: (now: Readiness) => void },
): Promise<void> {
  let last = "";
  await until(store, clock, signal === undefined ? {} : { signal }, (state) => {
    const now = readinessOf(state);
    const text = JSON.stringify(now.pods);
    if (text !== last) onProgress?.(now);
    last = text;
    return now.stable;
  });
}

/** Waits for a condition on the state, checked after every change. Rejects with the signal's reason. */
export async function until(
  store: Store,
  clock: Clock,
  { signal = new AbortController().signal }: { signal?: AbortSignal },
  holds: (state: ClusterSnapshot) => boolean,
): Promise<void> {
  while (!signal.aborted) {
    const changes = store.watch(watched, { signal });
    if (holds(new ClusterSnapshot(store, clock.now()))) return;
    try {
      for await (const _change of changes) {
        if (holds(new ClusterSnapshot(store, clock.now()))) return;
      }
    } catch (error) {
      // More has changed meanwhile than the history holds: only the resulting state counts.
      if (!(error instanceof StoreError && error.reason === "expired")) throw error;
    }
  }
  throw signal.reason;
}

const watched = [
  resources.pods,
  resources.nodes,
  resources.statefulSets,
  resources.deployments,
  resources.serviceAccounts,
];

/* Whether a world is ready: all pods that can run do. */

/** The readiness of a world. */
export interface Readiness {
  /** The final state. A pod that can't be scheduled, or that crashes repeatedly, gets no further. */
  stable: boolean;
  pods: { ready: number; expected: number };
}

/** Reasons of a waiting container that time alone doesn't cure. */
const stuck = new Set([
  "CrashLoopBackOff",
  "CreateContainerConfigError",
  "CreateContainerError",
  "ErrImageNeverPull",
  "ErrImagePull",
  "ImagePullBackOff",
  "InvalidImageName",
  "RunContainerError",
]);

/** Computes the readiness of a state. */
export function readinessOf(state: ClusterSnapshot): Readiness {
  const nodeReady = state.list("nodes").some((node) =>
    node.status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True")
  );
  const desired = wantedReplicas(state);
  const pods = state.list("pods").filter(isActive);
  const placed = pods.filter((pod) => !isUnplaceable(pod));
  const ready = placed.filter(isReady).length;
  const unplaceable = pods.length - placed.length;
  const stable = nodeReady && pods.length >= desired &&
    placed.every((pod) => isReady(pod) || isStuck(pod));
  return { stable, pods: { ready, expected: Math.max(desired - unplaceable, placed.length) } };
}

function wantedReplicas(state: ClusterSnapshot): number {
  const sized = [
    ...state.list("deployments"),
    ...state.list("statefulSets"),
  ].map(({ spec }) => spec?.replicas ?? 1);
  return sized.reduce((sum, replicas) => sum + replicas, 0);
}

function isUnplaceable(pod: Pod): boolean {
  return pod.status?.conditions?.some(({ type, reason }) =>
    type === "PodScheduled" && reason === "Unschedulable"
  ) ?? false;
}

function isStuck(pod: Pod): boolean {
  if (isFinished(pod)) return true;
  const statuses = [
    ...pod.status?.initContainerStatuses ?? [],
    ...pod.status?.containerStatuses ?? [],
  ];
  return statuses.some(({ state, lastState, restartCount }) =>
    // A container that was lost with an earlier run of the node did not crash.
    (restartCount > 0 && lastState?.terminated?.reason !== "Unknown") ||
    stuck.has(state?.waiting?.reason ?? "")
  );
}

/* Admission: what every new object passes through, from the API or from the cluster itself. */

/** Validated ways to write into the store. */
interface Admission {
  /** Returns the object that the API would make of a controller's object. */
  admit(type: ResourceType, object: KubeObject): KubeObject;
  /** Creates an object of a manifest as a client would: with defaults, validated, in its namespace or `default`. */
  create(manifest: KubeObject): void;
}

/** The field manager of a world's objects. */
const manager = { name: "kodama-world", operation: "Update", subresource: "" } as const;

/** Returns the admission functions. */
function createAdmission(
  parts: { store: Store; node: NodeStreams; clock: Clock },
): Admission {
  const now = () => parts.clock.now();
  const newUid = () => crypto.randomUUID();
  const context: ApiContext = {
    ...parts,
    tokens: createTokens({ grants: [], now, newToken: newUid }),
    random: Math.random,
    newUid,
    version: "",
  };
  return {
    admit(type, object) {
      const draft = structuredClone(object);
      applyDefaults(type, draft);
      applyCreationDefaults(context, type, draft);
      return draft;
    },
    create(manifest) {
      const type = resourceTypes.find((each) =>
        each.kind === manifest.kind && apiVersionOf(each) === manifest.apiVersion
      );
      if (type === undefined) {
        const { apiVersion, kind, metadata } = manifest;
        throw new KodamaError(
          "config",
          `the world's ${kind} ${metadata.name}: ${kind} of ${apiVersion} isn't served`,
        );
      }
      const namespace = type.namespaced ? manifest.metadata.namespace ?? "default" : "";
      createObject(context, type, manifest, { namespace, dryRun: false, manager });
    },
  };
}
