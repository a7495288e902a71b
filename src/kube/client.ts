/**
 * The port to a Kubernetes API server: all requests that kodama makes of one.
 *
 * One client is one context of one kubeconfig. Every call takes an `AbortSignal`; every failure is a `KodamaError`
 * whose kind distinguishes unreachable, forbidden and not found, so that no caller inspects an HTTP code.
 */
import type { ReadOnlyReason } from "./client_limits.ts";
import type { KubeObject, ObjectMeta, Status } from "./types.ts";

/** A collection of the API, as its path names it. */
export interface ApiResource {
  /** `""` is the core group. */
  group: string;
  version: string;
  /** Plural, lower case: `pods`, `statefulsets`. */
  plural: string;
  kind: string;
  namespaced: boolean;
}

/** The scope of a list or a watch. */
export interface ListScope {
  /** All namespaces if absent. */
  namespace?: string;
  labelSelector?: string;
  fieldSelector?: string;
}

/** One page of a list. */
export interface ListPage<T> {
  items: T[];
  /** The version at which a watch may start. Every page of one list carries the same. */
  resourceVersion: string;
  /** The server's estimate of the remaining items; absent on the last page. */
  remaining?: number;
}

/** A change reported by a watch, and the version after it; a bookmark is only a version. */
export type WatchEvent<T> =
  | { kind: "added" | "modified" | "deleted"; object: T; resourceVersion: string }
  | { kind: "bookmark"; resourceVersion: string };

/** Columns and rows of a terminal. */
export interface TerminalSize {
  columns: number;
  rows: number;
}

/** The command to run in a container, and its requested streams. */
export interface ExecRequest {
  namespace: string;
  pod: string;
  container: string;
  command: readonly string[];
  stdin: boolean;
  /** One pseudo-terminal instead of separate streams: standard error arrives in standard output. */
  tty: boolean;
  /**
   * For large transfers: uses the protocol that costs servers least, if they have it, over a link that costs least per
   * byte; the first byte comes 45 ms later if the proof is a certificate. Not for a terminal.
   */
  bulk?: boolean;
  /** The command is known to read only: a read-only client runs no other. */
  reads?: boolean;
}

/** The container to attach to: like {@link ExecRequest}, without a command. */
export type AttachRequest = Omit<ExecRequest, "command" | "bulk" | "reads">;

/** The requested part of a container's log. */
export interface LogRequest {
  namespace: string;
  pod: string;
  container: string;
  /** Continues until the container ends. */
  follow: boolean;
  /** Reads the log of the previous instance. */
  previous: boolean;
  /** RFC 3339. Servers cut it to whole seconds; not together with `sinceSeconds`. */
  sinceTime?: string;
  /** At least 1, counted by the server's clock. */
  sinceSeconds?: number;
  /** Lines from the end of the existing log. */
  tailLines?: number;
  /** Whether each line begins with its time and a blank; true by default. */
  timestamps?: boolean;
  /**
   * One of many logs, so each byte should cost little; if the proof is a certificate, the first byte comes 45 ms later.
   */
  bulk?: boolean;
}

/**
 * How a channel ended. Only `exited` with code 0 is a success: success is never assumed without the server's Status.
 */
export type ChannelEnd =
  /** The server's final Status reported an exit code. */
  | { kind: "exited"; exitCode: number }
  /** The server's final Status reported that the command could not be run, or not be followed to its end. */
  | { kind: "refused"; status: Status }
  /** The link ended before the server's final Status: nothing is known of the command. */
  | { kind: "cut"; reason: string };

/** Bytes from a container, in the order in which they arrived. */
export interface OutputChunk {
  stream: "stdout" | "stderr";
  bytes: Uint8Array;
}

/**
 * A running exec or attach. Output is pulled: unread output stays with the server, so a slow reader slows the command
 * and costs no memory.
 */
export interface ExecChannel extends AsyncDisposable {
  /** Ends when the server has sent all. It can be iterated once, and must be, for `end` to come. */
  readonly output: AsyncIterable<OutputChunk>;
  /** Resolves once, never rejects. */
  readonly end: Promise<ChannelEnd>;
  /** Resolves when the bytes are handed to the network: awaiting it is the back-pressure. */
  write(bytes: Uint8Array): Promise<void>;
  /** Closes standard input only. Returns false if the protocol (v4) can't: the command sees no end of file. */
  closeStdin(): Promise<boolean>;
  resize(size: TerminalSize): Promise<void>;
  /** Drops the link at once; `end` is then `cut`. The command in the container keeps running. */
  close(): Promise<void>;
}

/**
 * One TCP connection to a port of a pod. Bytes are pulled. Disposing of it before its end resets it. Calls reject with
 * a `PortError`.
 */
export interface PortStream extends Disposable {
  /** Returns what has arrived, owned by the reader; null after an orderly end. One call at a time. */
  read(): Promise<Uint8Array | null>;
  /** Resolves when the network has accepted it: awaiting it is the back-pressure. */
  write(bytes: Uint8Array): Promise<void>;
  /** Ends the bytes to the pod; those from the pod continue. */
  closeWrite(): Promise<void>;
}

/** A link that carries any number of connections to the ports of one pod. Disposing of it cuts them. */
export interface PortLink extends Disposable {
  /** Resolves when the request is sent; whether anything listens there is known when the stream is read. */
  open(port: number): Promise<PortStream>;
  /** One of its connections isn't read, which holds up the others. */
  readonly isBlocked: boolean;
  /**
   * The node has reported an error on it: it gets no new connections. The containerd of many nodes doesn't read what
   * was sent to a port that refused, and so holds up the connections behind it.
   */
  readonly isSpent: boolean;
  /** Resolves with the reason when the link has ended; never rejects. */
  readonly ended: Promise<string>;
  /** That reason; undefined while it is open. */
  readonly end: string | undefined;
  /** Drops the link unless the server answers within this time: after this machine was asleep. */
  probe(limitMs: number): void;
}

/** Bounds of a single call. */
export interface CallOptions {
  signal?: AbortSignal;
}

/** Options of a list. */
export interface ListOptions extends CallOptions {
  /** The items are {@link Tabled}. */
  as?: "table";
}

/** An object with the columns that the server prints of it. */
export interface Tabled {
  metadata?: ObjectMeta;
  object: Readonly<Record<string, unknown>>;
  /** Absent if the server prints no table of the kind. */
  printed?: { columns: readonly PrinterColumn[]; cells: readonly unknown[] };
}

/** A column of `kubectl get`. */
export interface PrinterColumn {
  name: string;
  /** OpenAPI's: `string`, `integer`, `date` … */
  type: string;
  /** It has the object's own name. Others may be titled so too. */
  isName: boolean;
  /** Printed only by `-o wide`. */
  isWide: boolean;
}

/** Options of a watch. */
export interface WatchOptions {
  /** The objects of the events are {@link Tabled}. */
  as?: "table";
  /** The version of a list, or of an event of an earlier watch. */
  resourceVersion: string;
  signal: AbortSignal;
}

/** Options of a creation. */
export interface CreateOptions extends CallOptions {
  /** The server only answers as if: with all of its checks, and the object that it would store. */
  dryRun?: true;
}

/** Options of a deletion. */
export interface DeleteOptions extends CallOptions {
  /** Deletes only the object with this uid: a replacement of the same name is a `conflict`. */
  uid?: string;
  /** Seconds that a pod's processes get to exit; the pod's own setting if absent. */
  graceSeconds?: number;
  /** Also deletes what it owns: of a Job, the API's default leaves that. */
  dependents?: true;
}

/** Options of a call that opens a stream. */
export interface StreamOptions extends CallOptions {
  /** Called before the request is sent: from then on it may be carried out, even if the call fails. */
  onSent?: () => void;
}

/** A program that is being asked for credentials. */
export interface AwaitedProgram {
  /** As messages name it: `the credential plugin login`. */
  text: string;
  /** The user may be prompted to log in, which takes as long as it takes. */
  mayPrompt: boolean;
}

/** The API server of one context, with the user's credentials. */
export interface KubeClient extends AsyncDisposable {
  readonly context: string;
  /** `https://host:port`, for messages. */
  readonly server: string;
  /** The context's namespace; `default` if it has none. */
  readonly defaultNamespace: string;
  /** Why this client sends nothing that could change something; absent if it may. */
  readonly readOnly?: ReadOnlyReason | undefined;
  /** What requests wait for before they are sent; absent if they wait for the server alone. */
  readonly awaited?: AwaitedProgram | undefined;
  /** Whether the server has answered a request: what takes long then is its work, as a list of all pods. */
  readonly hasAnswered?: boolean;
  /** When the client certificate of the latest request ends; absent if it had none. */
  readonly certificateEnd?: Date | undefined;

  get<T = KubeObject>(
    resource: ApiResource,
    name: string,
    scope: { namespace?: string },
    options?: CallOptions,
  ): Promise<T>;
  /** Pages of 500, each fetched on demand. */
  list<T = KubeObject>(
    resource: ApiResource,
    scope: ListScope,
    options?: ListOptions,
  ): AsyncIterable<ListPage<T>>;
  /**
   * Resolves when the server starts to send the changes after a version; it ends them after some minutes, and a link
   * that breaks rejects. An {@link ExpiredError} if it no longer has the version. `LiveList` resumes and lists again.
   */
  watch<T = KubeObject>(
    resource: ApiResource,
    scope: ListScope,
    options: WatchOptions,
  ): Promise<AsyncIterable<WatchEvent<T>>>;
  create<T = KubeObject>(
    resource: ApiResource,
    object: T,
    scope: { namespace?: string },
    options?: CreateOptions,
  ): Promise<T>;
  /**
   * Replaces an object. If its metadata has the `resourceVersion` that was read, a concurrent write is a `conflict`;
   * without one the last writer wins.
   */
  update<T = KubeObject>(
    resource: ApiResource,
    name: string,
    object: T,
    scope: { namespace?: string },
    options?: CallOptions,
  ): Promise<T>;
  delete(
    resource: ApiResource,
    name: string,
    scope: { namespace?: string },
    options?: DeleteOptions,
  ): Promise<void>;
  /** Returns the JSON document of any path, for APIs without a collection: `/version`, SelfSubjectAccessReview. */
  raw<T>(
    method: "GET" | "POST",
    path: string,
    options?: CallOptions & { body?: unknown },
  ): Promise<T>;

  /**
   * Resolves when the server starts to send. The bytes are pulled: unread bytes stay with the server. A link that
   * breaks midway rejects; many servers end the body orderly in that case, so an end alone doesn't prove that the log
   * is complete.
   */
  logs(request: LogRequest, options?: CallOptions): Promise<AsyncIterable<Uint8Array>>;
  /** Resolves when the stream is open. An error of the upgrade is a `KodamaError`. */
  exec(request: ExecRequest, options?: StreamOptions): Promise<ExecChannel>;
  attach(request: AttachRequest, options?: StreamOptions): Promise<ExecChannel>;
  /** Resolves when the pod's node has accepted the link. */
  portLink(
    pod: { namespace: string; pod: string },
    options?: CallOptions,
  ): Promise<PortLink>;
  /**
   * Returns the same client, for callers that read a pod and then transfer much through it: the link that reads the pod
   * is reused by a stream with {@link ExecRequest.bulk}.
   */
  forBulk(): KubeClient;
}
