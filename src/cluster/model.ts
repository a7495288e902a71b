/**
 * The seams inside the embedded cluster, between its three parts:
 *
 *     api/ (HTTP, discovery, patches, tables)  ->  store/  <-  controllers/, node/ (processes)
 *
 * The store holds objects and tells changes. The API writes what clients ask for; controllers and
 * the node watch, act, and write back status. None of them calls another; the API alone asks the
 * node, for streams into a container.
 */
import type { KubeObject } from "../kube/types.ts";

/** A kind that this cluster serves. Data: everything generic is driven by it. */
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
}

/** An object as the store holds it: never changed in place, so that a reader may keep it. */
export type Stored = Readonly<KubeObject>;

/** A change. `object` is the state after it, or the last state with the deletion's version where it is gone. */
export interface StoreEvent {
  kind: "added" | "modified" | "deleted";
  type: ResourceType;
  object: Stored;
  /** The state before, so that a watch with a selector can tell "left the selection" as deleted. */
  previous?: Stored;
  resourceVersion: number;
}

/** What the store throws; the API turns it into a `Status`, a controller tries again. */
export type StoreErrorReason = "notFound" | "alreadyExists" | "conflict" | "expired";

/** Objects by type, namespace and name, with one version counter over all, as etcd has. Synchronous. */
export interface Store {
  readonly resourceVersion: number;
  get(type: ResourceType, namespace: string, name: string): Stored | undefined;
  /** Ordered by namespace, then name. All namespaces where it is undefined. */
  list(type: ResourceType, namespace?: string): readonly Stored[];
  /** Fills in uid, creationTimestamp, resourceVersion and generation. */
  create(type: ResourceType, object: KubeObject): Stored;
  /**
   * Replaces an object. A resourceVersion in `object` that isn't the present one is a conflict; without one
   * the write is unconditional. Generation rises when anything but metadata and status changed.
   * An object whose deletionTimestamp is set and whose finalizers are gone is removed.
   */
  update(type: ResourceType, object: KubeObject): Stored;
  /** Removes at once; graceful deletion is the API's and the node's concern. */
  remove(type: ResourceType, namespace: string, name: string): Stored;
  /** Changes after `since` (now, where absent). `expired` when they are no longer remembered. Ends with the signal. */
  watch(
    types: readonly ResourceType[],
    options: { since?: number; signal: AbortSignal },
  ): AsyncIterable<StoreEvent>;
}

/** Which container of which pod. The uid guards against a namesake that took its place. */
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

/** How a process ended, in the words of an exec's final Status. */
export type ProcessEnd =
  | { kind: "exited"; exitCode: number }
  /** It could not be started: no such file, not executable, no such directory. The message is containerd's form. */
  | { kind: "notStarted"; message: string };

/** A process in a container with its streams. Reading is the back-pressure; nothing is buffered without bound. */
export interface ContainerProcess {
  readonly stdin: WritableStream<Uint8Array> | undefined;
  readonly stdout: ReadableStream<Uint8Array>;
  /** Empty under a terminal. */
  readonly stderr: ReadableStream<Uint8Array>;
  readonly end: Promise<ProcessEnd>;
  resize(columns: number, rows: number): Promise<void>;
  /** The client went away: streams are let go of. As on a real node, the process itself goes on. */
  release(): Promise<void>;
}

/** The query of a log request. https://kubernetes.io/docs/reference/generated/kubernetes-api/ `read log of the specified Pod` */
export interface LogQuery {
  follow: boolean;
  previous: boolean;
  timestamps: boolean;
  tailLines?: number;
  limitBytes?: number;
  sinceTime?: Date;
}

/** What the API asks of the node that runs the pods. Each throws {@link NodeError} with kubelet's words. */
export interface NodeStreams {
  exec(
    target: ContainerRef,
    command: readonly string[],
    streams: StreamRequest,
  ): Promise<ContainerProcess>;
  attach(target: ContainerRef, streams: StreamRequest): Promise<ContainerProcess>;
  logs(
    target: ContainerRef,
    query: LogQuery,
    signal: AbortSignal,
  ): Promise<ReadableStream<Uint8Array>>;
  /** A TCP connection to a port of the pod. */
  connect(pod: Omit<ContainerRef, "container">, port: number): Promise<Deno.TcpConn>;
}

/** The node can't: `code` is the HTTP status that a kubelet gives. */
export class NodeError extends Error {
  override readonly name = "NodeError";

  constructor(readonly code: 400 | 404 | 500, message: string) {
    super(message);
  }
}
