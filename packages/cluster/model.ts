/**
 * The interfaces between the three parts of the embedded cluster:
 *
 *     api/ (HTTP, discovery, patches, tables)  ->  store/  <-  controllers/, node/ (processes)
 *
 * The store holds objects and emits changes. The API writes what clients request; controllers and the node watch, act,
 * and write back status. None of them calls another, except that the API opens streams into a container at the node.
 */
import type { KubeObject } from "../../src/kube/types.ts";

/** A kind that this cluster serves. Data: all generic code is driven by it. */
export interface ResourceType {
  /** `""` is the core group. */
  group: string;
  version: string;
  plural: string;
  singular: string;
  kind: string;
  shortNames: readonly string[];
  categories: readonly string[];
  namespaced: boolean;
  /** The columns of its table, if a CustomResourceDefinition describes it. */
  columns?: readonly { name: string; type: string; jsonPath: string }[];
}

/** An object as the store holds it: never changed in place, so that a reader may retain it. */
export type Stored = Readonly<KubeObject>;

/** A change. `object` is the state after it, or for a deletion the last state with the deletion's version. */
export interface StoreEvent {
  kind: "added" | "modified" | "deleted";
  type: ResourceType;
  object: Stored;
  /** The state before, so that a watch with a selector can report an object that no longer matches as deleted. */
  previous?: Stored;
  resourceVersion: number;
}

/** The store's errors; the API turns them into a `Status`, a controller retries. */
type StoreErrorReason = "notFound" | "alreadyExists" | "conflict" | "expired";

/** Objects by type, namespace and name, with one version counter over all, as etcd has. Synchronous. */
export interface Store {
  readonly resourceVersion: number;
  get(type: ResourceType, namespace: string, name: string): Stored | undefined;
  /** Returns objects ordered by namespace, then name. All namespaces if it is undefined. */
  list(type: ResourceType, namespace?: string): readonly Stored[];
  /** Fills in uid, creationTimestamp, resourceVersion and generation. */
  create(type: ResourceType, object: KubeObject): Stored;
  /**
   * Replaces an object. A resourceVersion in `object` that isn't the present one is a conflict; without one the write
   * is unconditional. Generation rises when anything but metadata and status changed. An object whose deletionTimestamp
   * is set and which has no finalizers is removed.
   */
  update(type: ResourceType, object: KubeObject): Stored;
  /** Removes at once; the API and the node handle graceful deletion. */
  remove(type: ResourceType, namespace: string, name: string): Stored;
  /** Emits changes after `since` (now, if absent). `expired` if they are no longer stored. Ends with the signal. */
  watch(
    types: readonly ResourceType[],
    options: { since?: number; signal: AbortSignal },
  ): AsyncIterable<StoreEvent>;
}

/** A container of a pod. The uid guards against a new pod of the same name. */
export interface ContainerRef {
  namespace: string;
  pod: string;
  uid: string;
  container: string;
}

/** A command to run beside a container's own, or the streams of its own. */
export interface StreamRequest {
  stdin: boolean;
  stdout: boolean;
  stderr: boolean;
  tty: boolean;
}

/** How a process ended, as in an exec's final Status. */
export type CommandEnd =
  | { kind: "exited"; exitCode: number }
  /** It could not be started: no such file, not executable, no such directory. The message is containerd's form. */
  | { kind: "notStarted"; message: string };

/** A process in a container with its streams. Reading is the back-pressure; nothing is buffered without bound. */
export interface ContainerProcess {
  readonly stdin: WritableStream<Uint8Array> | undefined;
  readonly stdout: ReadableStream<Uint8Array>;
  /** Empty under a terminal. */
  readonly stderr: ReadableStream<Uint8Array>;
  readonly end: Promise<CommandEnd>;
  resize(columns: number, rows: number): Promise<void>;
  /** Releases the streams of a client that disconnected. As on a real node, the process itself continues. */
  release(): Promise<void>;
}

/**
 * The query of a log request. https://kubernetes.io/docs/reference/generated/kubernetes-api/
 * `read log of the specified Pod`
 */
export interface ContainerLogQuery {
  follow: boolean;
  previous: boolean;
  timestamps: boolean;
  tailLines?: number;
  limitBytes?: number;
  sinceTime?: Date;
}

/**
 * The API's interface to the node that runs the pods. Each function throws {@link NodeError} with kubelet's message.
 */
export interface NodeStreams {
  exec(
    target: ContainerRef,
    command: readonly string[],
    streams: StreamRequest,
  ): Promise<ContainerProcess>;
  attach(target: ContainerRef, streams: StreamRequest): Promise<ContainerProcess>;
  logs(
    target: ContainerRef,
    query: ContainerLogQuery,
    signal: AbortSignal,
  ): Promise<ReadableStream<Uint8Array>>;
  /** Opens a TCP connection to a port of the pod. */
  connect(pod: Omit<ContainerRef, "container">, port: number): Promise<Deno.TcpConn>;
  /** Measures what containers use now; undefined if the machine doesn't tell. */
  usage(): Promise<UsageReport | undefined>;
}

/** What processes have used: of a container, or of the whole machine. */
export interface ProcessUsage {
  /** The mean number of cores over the window. */
  cores: number;
  memoryBytes: number;
}

/** What running containers use. */
export interface UsageReport {
  timestamp: Date;
  /** How long the processor time was measured, milliseconds. */
  windowMs: number;
  machine: ProcessUsage;
  /** The usage by the uid of the pod, then by the name of the container. */
  pods: ReadonlyMap<string, ReadonlyMap<string, ProcessUsage>>;
}

/** The node refuses: `code` is the HTTP status that a kubelet gives. */
export class NodeError extends Error {
  override readonly name = "NodeError";

  constructor(readonly code: 400 | 404 | 500, message: string) {
    super(message);
  }
}

/** A write or a watch that the store refuses. The message is for logs; the API creates its own `Status`. */
export class StoreError extends Error {
  override readonly name = "StoreError";

  constructor(readonly reason: StoreErrorReason, message: string) {
    super(message);
  }
}

/** Returns RFC 3339 with seconds: metav1.Time. */
export function timestamp(date: Date): string {
  return date.toISOString().replace(/\.\d+Z$/, "Z");
}

/** Returns the value at a path of an object: `spec.nodeName`. */
export function valueAt(object: unknown, path: string): unknown {
  return path.split(".").reduce<unknown>(
    (value, field) =>
      typeof value === "object" && value !== null
        ? (value as Record<string, unknown>)[field]
        : undefined,
    object,
  );
}
