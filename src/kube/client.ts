/**
 * The port to a Kubernetes API server: what the rest of kodama may ask of one.
 *
 * One client is one context of one kubeconfig. Every call takes an `AbortSignal`; every failure is a
 * `KodamaError` whose kind tells unreachable from forbidden from not found, so that no caller ever
 * looks at an HTTP code.
 */
import type { KubeObject, Status } from "./types.ts";

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

/** What a list or a watch is narrowed to. */
export interface ListScope {
  /** All namespaces where it is absent. */
  namespace?: string;
  labelSelector?: string;
  fieldSelector?: string;
}

/** One page of a list. */
export interface ListPage<T> {
  items: T[];
  /** Where a watch may begin. Every page of one list carries the same. */
  resourceVersion: string;
  /** The server's estimate of what is still to come; absent on the last page. */
  remaining?: number;
}

/** A change told by a watch. `relisted` stands for all that was missed: the whole state follows from it. */
export type WatchEvent<T> =
  | { kind: "added" | "modified" | "deleted"; object: T }
  | { kind: "relisted"; objects: T[] };

/** Columns and rows of a terminal. */
export interface TerminalSize {
  columns: number;
  rows: number;
}

/** What to run in a container, and which of its streams are wanted. */
export interface ExecRequest {
  namespace: string;
  pod: string;
  container: string;
  command: readonly string[];
  stdin: boolean;
  /** One pseudo-terminal in place of separate streams: standard error arrives in standard output. */
  tty: boolean;
  /**
   * Much will pass: by the protocol that costs servers least, where they have it, over a link that costs least by the
   * byte, and 45 ms more until the first where the proof is a certificate. Not for a terminal.
   */
  bulk?: boolean;
}

/** Which container to attach to: as {@link ExecRequest}, without a command. */
export type AttachRequest = Omit<ExecRequest, "command" | "bulk">;

/** Which part of a container's log is requested. */
export interface LogRequest {
  namespace: string;
  pod: string;
  container: string;
  /** Goes on until the container ends. */
  follow: boolean;
  /** Of the instance before the current one. */
  previous: boolean;
  /** RFC 3339. Servers cut it to whole seconds; not together with `sinceSeconds`. */
  sinceTime?: string;
  /** At least 1, counted by the server's clock. */
  sinceSeconds?: number;
  /** Lines from the end of what there is. */
  tailLines?: number;
  /** Whether each line begins with its time and a blank; true by default. */
  timestamps?: boolean;
  /** One of many, so that each byte is to cost little; where the proof is a certificate, the first comes 45 ms later. */
  bulk?: boolean;
}

/** How a channel ended. Only `exited` with code 0 is a success: without the server's word there is none. */
export type ChannelEnd =
  /** The server's final Status told an exit code. */
  | { kind: "exited"; exitCode: number }
  /** The server's final Status told that the command could not be run, or could not be seen to its end. */
  | { kind: "refused"; status: Status }
  /** The link ended before the server's final Status: nothing is known of the command. */
  | { kind: "cut"; reason: string };

/** Bytes from a container, in the order in which they arrived. */
export interface OutputChunk {
  stream: "stdout" | "stderr";
  bytes: Uint8Array;
}

/**
 * A running exec or attach. Output is pulled: what nobody reads stays with the server, so a slow
 * reader slows the command and costs no memory.
 */
export interface ExecChannel extends AsyncDisposable {
  /** Ends when the server has sent all. It can be iterated once, and must be, for `end` to come. */
  readonly output: AsyncIterable<OutputChunk>;
  /** Resolves once, never rejects. */
  readonly end: Promise<ChannelEnd>;
  /** Resolves when the bytes are handed to the network: awaiting it is the back-pressure. */
  write(bytes: Uint8Array): Promise<void>;
  /** Closes standard input alone. False where the protocol (v4) can't: the command sees no end of file. */
  closeStdin(): Promise<boolean>;
  resize(size: TerminalSize): Promise<void>;
  /** Drops the link at once; `end` is then `cut`. What ran in the container goes on. */
  close(): Promise<void>;
}

/** One TCP connection to a port of a pod. */
export interface ForwardChannel extends AsyncDisposable {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
  /** Resolves with the server's words where the pod refused, or with undefined after an orderly end. */
  readonly failure: Promise<string | undefined>;
}

/** Bounds of a single call. */
export interface CallOptions {
  signal?: AbortSignal;
}

/** Of a deletion. */
export interface DeleteOptions extends CallOptions {
  /** Only the object with this uid: a namesake that took its place is a `conflict`. */
  uid?: string;
  /** Seconds that a pod's processes are given to end; the pod's own where it is absent. */
  graceSeconds?: number;
}

/** Of a call that opens a stream. */
export interface StreamOptions extends CallOptions {
  /** Called before the request leaves: from then on it may be carried out, whatever becomes of the call. */
  onSent?: () => void;
}

/** The API server of one context, with the user's credentials. */
export interface KubeClient extends AsyncDisposable {
  readonly context: string;
  /** `https://host:port`, for messages. */
  readonly server: string;
  /** The context's namespace, `default` where it names none. */
  readonly defaultNamespace: string;

  get<T = KubeObject>(
    resource: ApiResource,
    name: string,
    scope: { namespace?: string },
    options?: CallOptions,
  ): Promise<T>;
  /** Pages of 500, each fetched when it is asked for. */
  list<T = KubeObject>(
    resource: ApiResource,
    scope: ListScope,
    options?: CallOptions,
  ): AsyncIterable<ListPage<T>>;
  /**
   * Begins with `relisted`, or with the changes after the `resourceVersion` of a list that was read. Goes on until
   * the signal; a broken link or a 410 is mended inside, with back-off.
   */
  watch<T = KubeObject>(
    resource: ApiResource,
    scope: ListScope,
    options: { signal: AbortSignal; resourceVersion?: string },
  ): AsyncIterable<WatchEvent<T>>;
  create<T = KubeObject>(
    resource: ApiResource,
    object: T,
    scope: { namespace?: string },
    options?: CallOptions,
  ): Promise<T>;
  /**
   * Replaces an object. With the `resourceVersion` that was read in its metadata, a write of somebody else in
   * between is a `conflict`; without one the last writer wins.
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
  /** A JSON document of any path, for what has no collection: `/version`, SelfSubjectAccessReview. */
  raw<T>(
    method: "GET" | "POST",
    path: string,
    options?: CallOptions & { body?: unknown },
  ): Promise<T>;

  /**
   * Resolves when the server begins to send. The bytes are pulled: what nobody reads stays with the server.
   * A link that breaks in the middle rejects; many servers end the body orderly there, so that an end alone
   * doesn't say that the log is complete.
   */
  logs(request: LogRequest, options?: CallOptions): Promise<AsyncIterable<Uint8Array>>;
  /** Resolves when the stream is open. An error of the upgrade is a `KodamaError`. */
  exec(request: ExecRequest, options?: StreamOptions): Promise<ExecChannel>;
  attach(request: AttachRequest, options?: StreamOptions): Promise<ExecChannel>;
  forward(
    pod: { namespace: string; pod: string; port: number },
    options?: CallOptions,
  ): Promise<ForwardChannel>;
  /**
   * The same client, for who reads a pod to pass much through it next: the link that brings the pod is one that a
   * stream with {@link ExecRequest.bulk} goes on with.
   */
  forBulk(): KubeClient;
}
