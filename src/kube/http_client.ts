/** {@link KubeClient} over a {@link Transport}. */
import type {
  ApiResource,
  AttachRequest,
  AwaitedProgram,
  CallOptions,
  CreateOptions,
  DeleteOptions,
  ExecChannel,
  ExecRequest,
  KubeClient,
  ListOptions,
  ListPage,
  ListScope,
  LogRequest,
  PortLink,
  StreamOptions,
  WatchEvent,
  WatchOptions,
} from "./client.ts";
import { channelProtocols, type ChannelSocket, WebSocketSocket } from "./streams/channel_socket.ts";
import type { Connection } from "./connection.ts";
import { SocketExecChannel } from "./streams/exec_channel.ts";
import type { KubeHost } from "./host.ts";
import type { LinkUse } from "./link/link.ts";
import { listPages } from "./http/list.ts";
import { PODS, resourcePath } from "./resources.ts";
import type { Transport } from "./http/transport.ts";
import type { ReadOnlyReason } from "./client_limits.ts";
import type { KubeObject } from "./types.ts";
import { UpgradeRefused } from "./streams/upgrade.ts";
import { openWatch } from "./http/watch.ts";
import { LinkError, refusesSpdy, upgradeError } from "./failures.ts";

/** Never aborts: for calls without a signal of their own. */
const never = new AbortController().signal;

/** Calls of one context. */
export class HttpKubeClient implements KubeClient {
  constructor(
    private readonly connection: Connection,
    private readonly transport: Transport,
    private readonly host: KubeHost,
    /** The next use of links that read a pod. */
    private readonly use: LinkUse = "prompt",
    private readonly streams: PodStreams = new PodStreams(transport),
  ) {}

  get context(): string {
    return this.connection.context;
  }

  get server(): string {
    return this.connection.server;
  }

  get readOnly(): ReadOnlyReason | undefined {
    return this.transport.readOnly;
  }

  get awaited(): AwaitedProgram | undefined {
    return this.transport.awaited;
  }

  get hasAnswered(): boolean {
    return this.transport.hasAnswered;
  }

  get certificateEnd(): Date | undefined {
    return this.transport.certificateEnd;
  }

  get defaultNamespace(): string {
    return this.connection.namespace;
  }

  get<T = KubeObject>(
    resource: ApiResource,
    name: string,
    scope: { namespace?: string },
    options: CallOptions = {},
  ): Promise<T> {
    const { signal = never } = options;
    const path = resourcePath(resource, scope.namespace, name);
    // A caller that reads one pod mostly opens a stream into it next.
    const carrier = resource === PODS ? { pooledFor: this.use } : "shared";
    return this.transport.json<T>({ method: "GET", path, signal, carrier });
  }

  list<T = KubeObject>(
    resource: ApiResource,
    scope: ListScope,
    { signal = never, as }: ListOptions = {},
  ): AsyncIterable<ListPage<T>> {
    return listPages<T>(this.transport, resource, scope, { signal, isTable: as === "table" });
  }

  watch<T = KubeObject>(
    resource: ApiResource,
    scope: ListScope,
    options: WatchOptions,
  ): Promise<AsyncIterable<WatchEvent<T>>> {
    const random = () => this.host.random();
    return openWatch<T>(this.transport, resource, scope, { ...options, random });
  }

  create<T = KubeObject>(
    resource: ApiResource,
    object: T,
    scope: { namespace?: string },
    { dryRun, ...options }: CreateOptions = {},
  ): Promise<T> {
    const path = resourcePath(resource, scope.namespace);
    const query = dryRun === undefined ? "" : "?dryRun=All";
    return this.raw("POST", `${path}${query}`, { ...options, body: object });
  }

  update<T = KubeObject>(
    resource: ApiResource,
    name: string,
    object: T,
    scope: { namespace?: string },
    options: CallOptions = {},
  ): Promise<T> {
    const path = resourcePath(resource, scope.namespace, name);
    const { signal = never } = options;
    return this.transport.json<T>({ method: "PUT", path, signal, body: object });
  }

  async delete(
    resource: ApiResource,
    name: string,
    scope: { namespace?: string },
    options: DeleteOptions = {},
  ): Promise<void> {
    const path = resourcePath(resource, scope.namespace, name);
    const { signal = never } = options;
    await this.transport.json({ method: "DELETE", path, signal, body: deleteBody(options) });
  }

  raw<T>(
    method: "GET" | "POST",
    path: string,
    options: CallOptions & { body?: unknown } = {},
  ): Promise<T> {
    const { signal = never, body } = options;
    return this.transport.json<T>({ method, path, signal, body });
  }

  logs(request: LogRequest, options: CallOptions = {}): Promise<AsyncIterable<Uint8Array>> {
    return openLog(this.transport, request, options.signal ?? never);
  }

  exec(request: ExecRequest, options: StreamOptions = {}): Promise<ExecChannel> {
    const query = streamQuery(request);
    for (const arg of request.command) query.append("command", arg);
    return this.#command("exec", request, query, options);
  }

  attach(request: AttachRequest, options: StreamOptions = {}): Promise<ExecChannel> {
    return this.#command("attach", request, streamQuery(request), options);
  }

  async portLink(
    pod: { namespace: string; pod: string },
    { signal = never }: CallOptions = {},
  ): Promise<PortLink> {
    const path = `${podPath(pod)}/portforward`;
    const { portTunnelProtocol } = await import("./streams/port_link.ts");
    return await this.streams.open<PortLink>({
      resource: { namespace: pod.namespace, subresource: "portforward" },
      prefersSpdy: true,
      startsNothing: true,
      webSocket: () => this.transport.portTunnel(path, portTunnelProtocol, { signal }),
      spdy: () => this.transport.portLink(path, { signal, use: "prompt" }),
    });
  }

  forBulk(): KubeClient {
    return new HttpKubeClient(this.connection, this.transport, this.host, "bulk", this.streams);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.transport[Symbol.dispose]();
    return Promise.resolve();
  }

  async #command(
    subresource: "exec" | "attach",
    { namespace, pod, stdin, tty, bulk = false, reads = false }: AttachRequest & {
      bulk?: boolean;
      reads?: boolean;
    },
    query: URLSearchParams,
    options: StreamOptions,
  ): Promise<ExecChannel> {
    const path = `${podPath({ namespace, pod })}/${subresource}?${query}`;
    const streamOptions = { signal: never, reads, ...options };
    const prefersSpdy = bulk && !tty;
    const socket = await this.streams.open<ChannelSocket>({
      resource: { namespace, subresource },
      prefersSpdy,
      webSocket: async () => {
        const link = await this.transport.webSocket(path, channelProtocols, streamOptions);
        return link instanceof UpgradeRefused ? link : new WebSocketSocket(link);
      },
      spdy: async () => {
        const { commandStreams } = await import("./streams/spdy_socket.ts");
        return await this.transport.spdy(
          path,
          { protocol: "v4.channel.k8s.io", streams: commandStreams({ stdin, tty }) },
          { ...streamOptions, use: prefersSpdy ? "bulk" : "prompt" },
        );
      },
    });
    return new SocketExecChannel(socket);
  }
}

/** https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/delete-options/ */
function deleteBody({ uid, graceSeconds, dependents }: DeleteOptions): unknown {
  if (uid === undefined && graceSeconds === undefined && dependents === undefined) return undefined;
  return {
    apiVersion: "v1",
    kind: "DeleteOptions",
    ...(uid === undefined ? {} : { preconditions: { uid } }),
    ...(graceSeconds === undefined ? {} : { gracePeriodSeconds: graceSeconds }),
    ...(dependents === undefined ? {} : { propagationPolicy: "Background" }),
  };
}

function podPath({ namespace, pod }: { namespace: string; pod: string }): string {
  return resourcePath(PODS, namespace, pod);
}

function streamQuery({ container, stdin, tty }: AttachRequest): URLSearchParams {
  return new URLSearchParams({
    container,
    stdin: String(stdin),
    stdout: "true",
    // Under a terminal both arrive in one stream; servers refuse a request for standard error too.
    stderr: String(!tty),
    tty: String(tty),
  });
}

/* Reading a container's log. https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/#get-read-log-of-the-specified-pod */

/** Returns the path of a log, with its query. */
function logPath(request: LogRequest): string {
  const { namespace, pod, container, follow, previous, timestamps = true } = request;
  const query = new URLSearchParams({ container });
  if (timestamps) query.set("timestamps", "true");
  if (follow) query.set("follow", "true");
  if (previous) query.set("previous", "true");
  if (request.sinceTime !== undefined) query.set("sinceTime", request.sinceTime);
  if (request.sinceSeconds !== undefined) query.set("sinceSeconds", String(request.sinceSeconds));
  if (request.tailLines !== undefined) query.set("tailLines", String(request.tailLines));
  return `${resourcePath(PODS, namespace, pod)}/log?${query}`;
}

/** Returns the log's bytes as they arrive, from the moment when the server starts to send. */
async function openLog(
  transport: Transport,
  request: LogRequest,
  signal: AbortSignal,
): Promise<AsyncIterable<Uint8Array>> {
  const path = logPath(request);
  const carrier = request.bulk ? "bulk" : { pooledFor: "prompt" } as const;
  const response = await transport.request({ method: "GET", path, carrier, signal });
  return transport.readBody(response, signal);
}

/*
 * Opens streams into pods: by WebSocket, or by SPDY.
 *
 * To RBAC a WebSocket is a `get` of `pods/exec`, since it starts with a GET; SPDY is a `create`, since it starts with a
 * POST. Many roles grant `create` alone, and proxies that pass one protocol on answer the other with any status. So
 * every refused upgrade is followed by the other protocol's, as by kubectl's:
 * https://github.com/kubernetes/kubernetes/blob/v1.34.0/staging/src/k8s.io/client-go/tools/remotecommand/fallback.go
 * A refused upgrade has started nothing in the pod; no other failure is retried.
 */

/** One stream, by either protocol. */
interface StreamAttempts<S> {
  /** The RBAC inputs that are worth remembering. */
  resource: { namespace: string; subresource: "exec" | "attach" | "portforward" };
  /** SPDY first, if the server has it: it is cheaper for many bytes. */
  prefersSpdy: boolean;
  /** The request alone starts nothing: it may be repeated although it was sent. */
  startsNothing?: boolean;
  webSocket: () => Promise<S | UpgradeRefused>;
  spdy: () => Promise<S | UpgradeRefused>;
}

/** Stores which protocol a server accepts. */
class PodStreams {
  /** The protocol that was refused to a stream for which the other one was accepted then. */
  #refused: "SPDY" | "WebSocket" | undefined;
  /**
   * `NAMESPACE/SUBRESOURCE` of which a GET was forbidden: the next stream starts with the POST, so that a thousand
   * pods don't cost a thousand refusals. Only roles with `resourceNames` could differ within one.
   */
  readonly #forbiddenGets = new Set<string>();

  constructor(private readonly transport: Transport) {}

  /** Rejects with a `KodamaError`. */
  async open<S>(
    { resource, prefersSpdy, startsNothing = false, webSocket, spdy }: StreamAttempts<S>,
  ): Promise<S> {
    const { subresource } = resource;
    const key = `${resource.namespace}/${subresource}`;
    const getIsForbidden = this.#forbiddenGets.has(key);
    const spdyFirst = getIsForbidden || this.#refused === "WebSocket" ||
      (prefersSpdy && this.#refused !== "SPDY");
    const trace = (text: string) => this.transport.trace?.(7, `${subresource}: ${text}`);
    if (spdyFirst) {
      const reason = getIsForbidden
        ? "a GET is forbidden"
        : this.#refused === "WebSocket"
        ? "a WebSocket was refused"
        : "for many bytes";
      trace(`SPDY first, ${reason}`);
      const post = await spdy().catch((error: unknown) => {
        // Some proxies close the connection: the next stream, which may be the next attempt of this, is a WebSocket.
        const isUnanswered = error instanceof LinkError && error.failure.sent === "all";
        if (isUnanswered && !getIsForbidden) this.#refused = "SPDY";
        if (isUnanswered && startsNothing) return error;
        throw error;
      });
      if (post instanceof LinkError) {
        trace("WebSocket, SPDY was not answered");
        const get = await webSocket();
        if (get instanceof UpgradeRefused) throw post;
        return get;
      }
      if (!(post instanceof UpgradeRefused)) return post;
      if (getIsForbidden && !refusesSpdy(post)) throw this.#error({ post });
      trace(`WebSocket, SPDY was refused with ${post.code}`);
      const get = await webSocket();
      if (!(get instanceof UpgradeRefused)) {
        if (post.code !== 403) this.#refused = "SPDY";
        return get;
      }
      if (get.code === 403) this.#forbiddenGets.add(key);
      throw this.#error({ get, post });
    }
    trace("WebSocket");
    const get = await webSocket();
    if (!(get instanceof UpgradeRefused)) return get;
    if (get.code === 403) this.#forbiddenGets.add(key);
    trace(`SPDY, the WebSocket was refused with ${get.code}`);
    const post = await spdy();
    if (post instanceof UpgradeRefused) throw this.#error({ get, post });
    if (get.code !== 403) this.#refused = "WebSocket";
    return post;
  }

  #error(refusals: { get?: UpgradeRefused; post?: UpgradeRefused }): Error {
    return upgradeError(refusals, this.transport.failureRef);
  }
}
