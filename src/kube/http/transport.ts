/** Requests to an API server with the user's credentials: HTTP by `fetch`, streams by WebSocket. */
import type { Clock } from "../../base/clock.ts";
import { KodamaError } from "../../base/errors.ts";
import { plainText } from "../../base/plain_text.ts";
import type { AwaitedProgram, PortLink, StreamOptions } from "../client.ts";
import type { ClientCertificate, Connection, Credentials, Proof } from "../connection.ts";
import { noAuthority, readCertificates, usableAuthorities } from "../tls/certificates.ts";
import type { DialOptions } from "../tls/dial_link.ts";
import { linkError, noResponseError, responseError, type ServerRef } from "../failures.ts";
import {
  fetchByLink,
  header,
  type HeaderPairs,
  type HttpResponse,
  type LinkRequest,
} from "../link/http.ts";
import type { KubeHost } from "../host.ts";
import type { Link, LinkUse } from "../link/link.ts";
import { LinkPool, LinkTargets } from "../tls/link_pool.ts";
import { readPem } from "../config/open_credentials.ts";
import { fetchLooksForProxy } from "../config/proxy_environment.ts";
import { type KeepAlive, keepAliveTimes } from "../streams/keepalive.ts";
import {
  type ReadOnlyReason,
  type RequestLine,
  requireReading,
  requireWithin,
} from "../client_limits.ts";
import type { SpdyRequest, SpdySocket } from "../streams/spdy_socket.ts";
import { type Trace, traced } from "../trace.ts";
import { UpgradeRefused, UpgradeUnanswered } from "../streams/upgrade.ts";
import { openWebSocket, type WebSocketLink } from "../streams/websocket.ts";
import { passed } from "../../base/abort.ts";
import { Backoff, type RetryPolicy } from "../../base/retry.ts";

/** Characters. Far more than any page of 500 pods (some 20 kB each); less than the machine. */
const maxBody = 256 * 1024 * 1024;
const maxErrorBody = 64 * 1024;
/**
 * Until the head of a non-stream answer, and between the pieces of its body. A loaded server takes seconds for a page
 * of 500 pods; above half a minute a user thinks it hangs, and a server that only accepts connections would never time
 * out.
 */
const defaultHeadLimitMs = 30_000;

/** The status of a successful upgrade. */
const switchingProtocols = 101;

/** Opens a stream on a link that is ready for a request; rejects like `openWebSocket`. */
type OpenStream<T> = (
  link: Link,
  request: { url: URL; headers: HeaderPairs; keepAlive: KeepAlive },
  signal: AbortSignal,
) => Promise<T>;

/** `reads`: the command of the stream is known to read only. */
type TransportStreamOptions = StreamOptions & { reads?: boolean };

/** Requests that aren't sent. */
interface Restrictions {
  /** Why nothing is sent that could change something. */
  readOnly?: ReadOnlyReason;
  /** Requests to other namespaces are refused. */
  onlyNamespace?: string;
}

/** Opens no connection by itself. */
export class Transport implements Disposable {
  readonly #pool: FetchPool;
  readonly #links: LinkPool;
  readonly #targets: LinkTargets;
  /** The proof of the latest request. */
  #proof: Proof | undefined;
  #hasAnswered = false;
  readonly trace: Trace | undefined;
  readonly readOnly: ReadOnlyReason | undefined;

  private constructor(
    private readonly connection: Connection,
    private readonly credentials: Credentials,
    private readonly host: KubeHost,
    private readonly options: {
      authority: string | undefined;
      /** The runtime's `fetch` can't be configured for this server. */
      linkOnly: boolean;
    } & Restrictions,
  ) {
    const { authority } = options;
    const usable = authority && usableAuthorities(authority, host.clock.now().getTime());
    this.#pool = new FetchPool(usable);
    this.#links = new LinkPool(host.clock, host.dial);
    this.#targets = new LinkTargets(connection, { given: authority, usable });
    this.trace = host.trace;
    this.readOnly = options.readOnly;
  }

  /** Reads the files that the connection names. */
  static async open(
    connection: Connection,
    credentials: Credentials,
    host: KubeHost,
    restrictions: Restrictions = {},
  ): Promise<Transport> {
    const authority = await authorityOf(connection, host);
    if (connection.insecure) {
      host.warn(
        `context ${connection.context}: the server's certificate is not verified (insecure-skip-tls-verify)`,
      );
    }
    const { insecure, tlsServerName, proxyUrl } = connection;
    const linkOnly = host.dial !== undefined || insecure || tlsServerName !== undefined ||
      proxyUrl !== undefined ||
      fetchLooksForProxy(host.env);
    return new Transport(connection, credentials, host, { authority, linkOnly, ...restrictions });
  }

  /** Whether the server has answered a request, with whatever status. */
  get hasAnswered(): boolean {
    return this.#hasAnswered;
  }

  get awaited(): AwaitedProgram | undefined {
    return this.credentials.awaited;
  }

  get serverRef(): ServerRef {
    return { context: this.connection.context, server: this.connection.server };
  }

  /** When the client certificate of the latest request ends; undefined if it had none. */
  get certificateEnd(): Date | undefined {
    const [certificate] = readCertificates(this.#proof?.clientCertificate?.certificate ?? "");
    return certificate && new Date(certificate.notAfterMs);
  }

  /** With the current credentials' explanation of a failure. */
  get failureRef(): ServerRef {
    const expiredAt = this.certificateEnd;
    const isExpired = expiredAt !== undefined && expiredAt < this.host.clock.now();
    return isExpired ? { ...this.serverRef, expiredAt } : this.serverRef;
  }

  /**
   * Returns a success, its body unread. Throws a `KodamaError` otherwise.
   *
   * @param limitMs until the answer starts; none for a watch or a log, which may be silent for long.
   */
  async request(request: ApiRequest, limitMs?: number): Promise<HttpResponse> {
    this.#requireAllowed(request, false);
    const { signal } = request;
    const retries = new RequestRetries(this.host.clock, signal);
    for (;;) {
      const response = await this.#traced(
        request.method,
        request.path,
        () => this.#attempt(request, limitMs),
        ({ code }) => code,
      );
      this.#hasAnswered = true;
      const { code, headers } = response;
      if (code >= 200 && code < 300) return response;
      const again = code === 401
        ? retries.afterUnauthorized(this.credentials)
        : await retries.afterThrottle(code, headers.get("retry-after"));
      if (!again) throw await this.#responseError(response, signal);
      this.trace?.(7, retryText(code));
      response.drop();
    }
  }

  /** Returns the JSON of a success. `T` is the caller's claim of the type that the API documents at this path. */
  async json<T>(request: ApiRequest): Promise<T> {
    const { requestTimeoutMs = defaultHeadLimitMs } = this.connection;
    const limitMs = requestTimeoutMs === 0 ? undefined : requestTimeoutMs;
    using limit = new AnswerLimit(this.host.clock, limitMs, this.serverRef);
    const signal = AbortSignal.any([request.signal, limit.signal]);
    const response = await this.request({ ...request, signal }, limitMs);
    const text = await boundedText(
      limit.between(this.readBody(response, signal)),
      maxBody,
      this.serverRef,
    );
    try {
      return JSON.parse(text) as T;
    } catch (error) {
      const excerpt = plainText(text, 80);
      throw new KodamaError(
        "server",
        `${this.connection.server} (context ${this.connection.context}) answered with something other than JSON: ${excerpt}`,
        { hint: "is this the address of a Kubernetes API server?", cause: error },
      );
    }
  }

  /** Returns the body of an answer as it arrives; a link that breaks is a `KodamaError`. */
  async *readBody(response: HttpResponse, signal: AbortSignal): AsyncGenerator<Uint8Array, void> {
    try {
      yield* response.body;
    } catch (error) {
      throw this.#failure(error, signal);
    }
  }

  #requireAllowed(request: RequestLine, isKnownToRead: boolean): void {
    const { readOnly, connection: { context }, options: { onlyNamespace: namespace } } = this;
    if (namespace !== undefined) requireWithin({ context, namespace }, request);
    requireReading({ context, readOnly }, request, isKnownToRead);
  }

  /** Returns an open stream, or the server's refusal. Throws a `KodamaError` otherwise. */
  webSocket(
    path: string,
    protocols: readonly string[],
    options: TransportStreamOptions & { signal: AbortSignal },
  ): Promise<WebSocketLink | UpgradeRefused> {
    return this.#upgrade(
      "GET",
      path,
      (link, request, signal) => openWebSocket(link, { ...request, protocols }, signal),
      { ...options, use: "prompt" },
    );
  }

  /** The same over SPDY, by POST. */
  async spdy(
    path: string,
    { protocol, streams }: Pick<SpdyRequest, "protocol" | "streams">,
    options: TransportStreamOptions & DialOptions,
  ): Promise<SpdySocket | UpgradeRefused> {
    const { openSpdy } = await import("../streams/spdy_socket.ts");
    return await this.#upgrade(
      "POST",
      path,
      (link, request, signal) => openSpdy(link, { ...request, protocol, streams }, signal),
      options,
    );
  }

  /** The same for the ports of a pod. */
  async portLink(path: string, options: DialOptions): Promise<PortLink | UpgradeRefused> {
    const [{ upgradeToSpdy }, { SpdyPortLink }] = await Promise.all([
      import("../streams/spdy_socket.ts"),
      import("../streams/port_link.ts"),
    ]);
    return await this.#upgrade(
      "POST",
      path,
      async (link, request, signal) => {
        const spdy = { ...request, protocol: "portforward.k8s.io" } as const;
        return new SpdyPortLink(link, await upgradeToSpdy(link, spdy, signal), request.keepAlive);
      },
      options,
    );
  }

  /** The same within a WebSocket. */
  async portTunnel(
    path: string,
    protocol: string,
    options: { signal: AbortSignal },
  ): Promise<PortLink | UpgradeRefused> {
    const { SpdyPortLink, tunnelLink } = await import("../streams/port_link.ts");
    return await this.#upgrade(
      "GET",
      path,
      async (link, request, signal) => {
        const socket = await openWebSocket(link, { ...request, protocols: [protocol] }, signal);
        return new SpdyPortLink(tunnelLink(socket), new Uint8Array(0), request.keepAlive);
      },
      { ...options, use: "prompt" },
    );
  }

  /** Rejects with a `KodamaError`. */
  async #upgrade<T>(
    method: "GET" | "POST",
    path: string,
    open: OpenStream<T>,
    options: TransportStreamOptions & DialOptions,
  ): Promise<T | UpgradeRefused> {
    this.#requireAllowed({ method, path }, options.reads ?? false);
    const { signal } = options;
    const retries = new RequestRetries(this.host.clock, signal);
    for (;;) {
      try {
        return await this.#traced(
          method,
          path,
          () => this.#upgradeOnce(path, open, options),
          () => switchingProtocols,
        );
      } catch (error) {
        if (error instanceof UpgradeUnanswered) throw this.#failure(error.cause, signal, true);
        if (!(error instanceof UpgradeRefused)) throw this.#failure(error, signal);
        const again = error.code === 401
          ? retries.afterUnauthorized(this.credentials)
          : await retries.afterThrottle(error.code, error.retryAfter);
        if (!again) return error;
        this.trace?.(7, retryText(error.code));
      }
    }
  }

  #traced<T>(
    method: string,
    path: string,
    send: () => Promise<T>,
    statusOf: (response: T) => number,
  ): Promise<T> {
    const elapsedMs = () => this.host.clock.elapsedMs();
    const request = { method, server: this.connection.server, path, elapsedMs };
    return traced(this.trace, request, send, statusOf);
  }

  [Symbol.dispose](): void {
    this.#links[Symbol.dispose]();
    this.#pool[Symbol.dispose]();
  }

  async #attempt(request: ApiRequest, limitMs?: number): Promise<HttpResponse> {
    const { method, path, body, carrier = "shared", accept = "application/json" } = request;
    try {
      const proof = this.#proof = await this.credentials.current(request.signal);
      // A user may have been prompted to log in: the server's time starts now.
      using limit = new AnswerLimit(this.host.clock, limitMs, this.serverRef);
      limit.start();
      // The request's own signal also applies to the body.
      const signal = AbortSignal.any([request.signal, limit.signal]);
      const headers = [
        ...identityHeaders(this.connection, proof.authorization),
        header("accept", accept),
      ];
      if (body !== undefined) headers.push(header("content-type", "application/json"));
      const text = body === undefined ? undefined : JSON.stringify(body);
      const linkRequest = { method, headers, body: text };
      const target = this.#targets.of(proof);
      if (carrier !== "shared" || this.options.linkOnly || target.tls?.needsNode === true) {
        const use = typeof carrier === "object"
          ? carrier.pooledFor
          : carrier === "bulk"
          ? "bulk"
          : "prompt";
        const link = await this.#links.take(target, { use, signal });
        const url = new URL(this.connection.server + path);
        const finished = carrier === "bulk"
          ? () => link[Symbol.dispose]()
          : () => this.#links.release(link, target, use);
        return await fetchByLink(link, url, linkRequest, { signal, finished });
      }
      const url = this.connection.server + path;
      return await this.#pool.fetch(url, linkRequest, { proof, signal });
    } catch (error) {
      throw this.#failure(error, request.signal);
    }
  }

  async #responseError(response: HttpResponse, signal: AbortSignal): Promise<KodamaError> {
    const body = await boundedText(this.readBody(response, signal), maxErrorBody, this.serverRef);
    return responseError(response.code, body, this.failureRef);
  }

  async #upgradeOnce<T>(
    path: string,
    open: OpenStream<T>,
    { use, signal, onSent }: StreamOptions & DialOptions,
  ): Promise<T> {
    const proof = this.#proof = await this.credentials.current(signal);
    const url = new URL(this.connection.server + path);
    const headers = identityHeaders(this.connection, proof.authorization);
    const link = await this.#links.take(this.#targets.of(proof), { use, signal });
    const keepAlive = {
      ...keepAliveTimes,
      clock: this.host.clock,
      serverAnswers: (limit: AbortSignal) => this.#serverResponds(limit),
    };
    onSent?.();
    return await open(link, { url, headers, keepAlive }, signal);
  }

  /** Returns whether the server answers at all: a refusal is an answer too. */
  async #serverResponds(signal: AbortSignal): Promise<boolean> {
    try {
      const response = await this.#attempt({ method: "GET", path: "/version", signal });
      response.drop();
      return true;
    } catch {
      return false;
    }
  }

  /** Returns the signal's own reason if it is an error of ours: a caller's time limit keeps its message. */
  #failure(error: unknown, signal: AbortSignal, sentAll = false): unknown {
    if (!signal.aborted) return linkError(error, this.failureRef, sentAll);
    const { reason } = signal;
    if (reason instanceof KodamaError) return reason;
    const timeout = reason instanceof DOMException && reason.name === "TimeoutError";
    return linkError(timeout ? reason : new DOMException("", "AbortError"), this.serverRef);
  }
}

function retryText(code: number): string {
  return code === 401
    ? "retrying with renewed credentials after 401"
    : `retrying after ${code}, when the server asked for it`;
}

/**
 * Returns the authorities that must sign the server's certificate, as PEM; undefined if nothing is verified, or none is
 * known.
 */
async function authorityOf(connection: Connection, host: KubeHost): Promise<string | undefined> {
  const { certificateAuthority, insecure, server } = connection;
  if (certificateAuthority !== undefined) {
    const pem = await readPem(certificateAuthority, "certificate-authority", host);
    const problem = noAuthority(pem, host.clock.now().getTime());
    if (problem === undefined || !server.startsWith("https:")) return pem;
    throw new KodamaError(
      "config",
      `the certificate-authority of context ${connection.context} can't be used: ${problem}`,
    );
  }
  if (insecure || !server.startsWith("https:")) return undefined;
  const { systemAuthorities } = await import("../config/system_authorities.ts");
  return await systemAuthorities(host);
}

/** Returns the user's proof and the impersonated user. Throws `config` for a value that a header can't carry. */
function identityHeaders(
  { impersonate }: Connection,
  authorization: string | undefined,
): HeaderPairs {
  const headers = [header("user-agent", "kodama")];
  if (authorization !== undefined) headers.push(header("authorization", authorization));
  if (impersonate === undefined) return headers;
  headers.push(header("impersonate-user", impersonate.user));
  if (impersonate.uid !== undefined) headers.push(header("impersonate-uid", impersonate.uid));
  for (const group of impersonate.groups) headers.push(header("impersonate-group", group));
  for (const [key, values] of Object.entries(impersonate.extra)) {
    const name = `impersonate-extra-${encodeURIComponent(key)}`;
    headers.push(...values.map((value) => header(name, value)));
  }
  return headers;
}

/** Aborts a request with a `KodamaError` when the time is up; once disposed of, never. */
class AnswerLimit implements Disposable {
  readonly #controller = new AbortController();
  #timer: Disposable | undefined;

  /** @param limitMs no limit if undefined. */
  constructor(
    private readonly clock: Clock,
    private readonly limitMs: number | undefined,
    private readonly at: ServerRef,
  ) {}

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** The time starts now. */
  start(): void {
    const { clock, limitMs, at } = this;
    this[Symbol.dispose]();
    if (limitMs === undefined) return;
    this.#timer = clock.timer(limitMs, () => this.#controller.abort(noResponseError(at, limitMs)));
  }

  /** Returns the pieces of a body, for each of which the time starts again: a link may fall silent within it. */
  async *between(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
    this.start();
    for await (const piece of pieces) {
      this.start();
      yield piece;
    }
  }

  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]();
  }
}

/* A request to an API server, and the connection that carries it. */

interface ApiRequest {
  method: "GET" | "POST" | "PUT" | "DELETE";
  /** Starts with a slash; includes the query. */
  path: string;
  body?: unknown;
  signal: AbortSignal;
  /** `shared` if absent. */
  carrier?: Carrier;
  /** JSON if absent. */
  accept?: string;
}

/** Which connection carries a request and its answer. */
type Carrier =
  /** The runtime's own, shared by many requests if the server speaks HTTP/2. */
  | "shared"
  /** A link of our own, pooled for the likely next use: a stream into the pod that was read, or its log. */
  | { pooledFor: LinkUse }
  /**
   * A link for this request alone, for a large response or for many responses. A caller that merges logs leaves some
   * unread until their time comes: on a shared HTTP/2 connection that fills the window of all of them, and the very
   * response it waits for would never arrive. And `fetch` emits each piece that a server flushes separately, at two to
   * three times the CPU time (measured with the logs of 50 pods, 1.4 kB a piece).
   */
  | "bulk";

/**
 * Returns a body as text. Throws a `server` error if it is longer than the limit, in characters: a truncated document
 * would be misread.
 */
export async function boundedText(
  chunks: AsyncIterable<Uint8Array>,
  limit: number,
  { context, server }: ServerRef,
): Promise<string> {
  const decoder = new TextDecoder();
  const parts: string[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    const part = decoder.decode(chunk, { stream: true });
    parts.push(part);
    length += part.length;
    if (length > limit) {
      throw new KodamaError(
        "server",
        `${server} (context ${context}) answered with more than ${limit} characters`,
      );
    }
  }
  return parts.join("");
}

/* When a refused request is repeated: once with new credentials, and after the time that a busy server requests. */

/** A throttled request is repeated after the server's `Retry-After`, or, without that, after a second. */
const throttled: RetryPolicy = { delayMs: 1000, factor: 1, attempts: 6 };
/** A server that requests a longer delay gets no other attempt. */
const maxRetryAfterMs = 10_000;

/** Counts the repetitions of a request. */
class RequestRetries {
  #renewals = 0;
  readonly #backoff: Backoff;

  constructor(private readonly clock: Clock, private readonly signal: AbortSignal) {
    this.#backoff = new Backoff(throttled, { clock });
  }

  /** Returns, after a 401, whether the request may be repeated with other credentials. */
  afterUnauthorized(credentials: Credentials): boolean {
    return credentials.rejected() && this.#renewals++ === 0;
  }

  /**
   * Returns, after any other refusal, whether the request may be repeated, once the server's `Retry-After` is over.
   * A 429 was never carried out, so that repeating it is safe for writes too.
   * https://kubernetes.io/docs/concepts/cluster-administration/flow-control/
   */
  async afterThrottle(code: number, retryAfter: string | null): Promise<boolean> {
    if (code !== 429) return false;
    const ownDelayMs = this.#backoff.next();
    if (ownDelayMs === undefined) return false;
    const delayMs = retryAfter === null ? ownDelayMs : Number(retryAfter) * 1000;
    if (!(delayMs >= 0 && delayMs <= maxRetryAfterMs)) return false;
    // If the signal aborts meanwhile, the next attempt throws its reason.
    await passed(this.clock, delayMs, { signal: this.signal });
    return true;
  }
}

/* HTTP by the runtime's `fetch`: a pool of connections, HTTP/2 if the server supports it, bodies unpacked. */

interface Pool {
  client: Deno.HttpClient;
  certificate: ClientCertificate | undefined;
}

/** Opens no connection by itself. */
class FetchPool implements Disposable {
  #pool: Pool | undefined;

  constructor(private readonly certificateAuthority: string | undefined) {}

  /** Rejects as `fetch` does. */
  async fetch(
    url: string,
    { method, headers, body }: LinkRequest,
    { proof, signal }: { proof: Proof; signal: AbortSignal },
  ): Promise<HttpResponse> {
    // Named, for a program with the types of a browser: its `fetch` knows no client.
    const init: RequestInit & { client: Deno.HttpClient } = {
      method,
      headers: headers.map(([name, value]): [string, string] => [name, value]),
      signal,
      redirect: "manual",
      client: this.#client(proof.clientCertificate),
      ...(body === undefined ? {} : { body }),
    };
    const response = await fetch(url, init);
    return {
      code: response.status,
      headers: response.headers,
      body: response.body ?? ReadableStream.from([]),
      // The failure of a dropped body doesn't matter.
      drop: () => void response.body?.cancel().catch(() => {}),
    };
  }

  [Symbol.dispose](): void {
    this.#pool?.client.close();
    this.#pool = undefined;
  }

  /** Created again when the certificate was renewed. */
  #client(certificate: ClientCertificate | undefined): Deno.HttpClient {
    if (
      this.#pool !== undefined && this.#pool.certificate?.certificate === certificate?.certificate
    ) {
      return this.#pool.client;
    }
    this.#pool?.client.close();
    const { certificateAuthority } = this;
    const client = Deno.createHttpClient({
      ...(certificateAuthority === undefined ? {} : { caCerts: [certificateAuthority] }),
      ...(certificate === undefined ? {} : { cert: certificate.certificate, key: certificate.key }),
    });
    this.#pool = { client, certificate };
    return client;
  }
}
