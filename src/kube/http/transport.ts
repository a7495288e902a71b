/** Requests to one API server with the user's credentials: HTTP by `fetch`, streams by WebSocket. */
import type { Clock } from "../../base/clock.ts";
import { KodamaError } from "../../base/errors.ts";
import { plainText } from "../../base/plain_text.ts";
import type { ApiRequest } from "./api_request.ts";
import { boundedText } from "./bounded_text.ts";
import type { StreamOptions } from "../client.ts";
import type { Connection } from "../connection.ts";
import type { Credentials } from "../credentials.ts";
import type { DialOptions } from "../tls/dial_link.ts";
import { answerError, linkError, type Whereabouts } from "../failures.ts";
import { fetchByLink } from "../link/fetch_by_link.ts";
import { FetchPool } from "./fetch_pool.ts";
import { HeadLimit } from "./head_limit.ts";
import type { HttpAnswer } from "../link/http_response.ts";
import { header, type HeaderPairs } from "../link/http_request.ts";
import { identityHeaders } from "./identity_headers.ts";
import type { Host } from "../host.ts";
import type { Link } from "../link/link.ts";
import { LinkPool } from "../tls/link_pool.ts";
import { LinkTargets } from "../tls/link_target.ts";
import { readPem } from "../config/open_credentials.ts";
import { RequestRetries } from "./request_retries.ts";
import { fetchLooksForProxy } from "../config/proxy_environment.ts";
import { type KeepAlive, keepAliveTimes } from "../streams/keepalive.ts";
import type { SpdyRequest } from "../streams/spdy_open.ts";
import type { SpdySocket } from "../streams/spdy_socket.ts";
import { type Trace, traced } from "../trace.ts";
import { UpgradeRefused, UpgradeUnanswered } from "../streams/upgrade.ts";
import type { WebSocketLink } from "../streams/websocket.ts";
import { openWebSocket } from "../streams/websocket_open.ts";

/** Characters. Far more than any page of 500 pods (some 20 kB each); less than the machine. */
const maxBody = 256 * 1024 * 1024;
const maxErrorBody = 64 * 1024;
/**
 * Until the head of a non-stream answer. A loaded server takes seconds for a page of 500 pods; above half a minute a
 * user thinks it hangs, and a server that only accepts connections would never time out.
 */
const headLimitMs = 30_000;

/** The status of a successful upgrade. */
const switchingProtocols = 101;

/** Opens a stream on a link that is ready for a request; rejects like `openWebSocket`. */
type OpenStream<T> = (
  link: Link,
  request: { url: URL; headers: HeaderPairs; keepAlive: KeepAlive },
  signal: AbortSignal,
) => Promise<T>;

/** Opens no connection by itself. */
export class Transport implements Disposable {
  readonly #pool: FetchPool;
  readonly #links: LinkPool;
  readonly #targets: LinkTargets;

  private constructor(
    private readonly connection: Connection,
    private readonly credentials: Credentials,
    certificateAuthority: string | undefined,
    private readonly clock: Clock,
    readonly trace: Trace | undefined,
    /** The runtime's `fetch` can't be configured for this server. */
    private readonly byLinkAlone: boolean,
  ) {
    this.#pool = new FetchPool(certificateAuthority);
    this.#links = new LinkPool(clock);
    this.#targets = new LinkTargets(connection, certificateAuthority);
  }

  /** Reads the files that the connection names. */
  static async open(
    connection: Connection,
    credentials: Credentials,
    host: Host,
  ): Promise<Transport> {
    const authority = await authorityOf(connection, host);
    if (connection.insecure) {
      host.warn(
        `context ${connection.context}: the server's certificate is not verified (insecure-skip-tls-verify)`,
      );
    }
    const { insecure, tlsServerName, proxyUrl } = connection;
    const byLinkAlone = insecure || tlsServerName !== undefined || proxyUrl !== undefined ||
      fetchLooksForProxy(host.env);
    return new Transport(connection, credentials, authority, host.clock, host.trace, byLinkAlone);
  }

  get place(): Whereabouts {
    return { context: this.connection.context, server: this.connection.server };
  }

  /**
   * Returns a success, its body unread. Throws a `KodamaError` otherwise.
   *
   * @param limitMs until the answer starts; none for a watch or a log, which may be silent for long.
   */
  async request(request: ApiRequest, limitMs?: number): Promise<HttpAnswer> {
    const { signal } = request;
    const retries = new RequestRetries(this.clock, signal);
    for (;;) {
      const answer = await this.#traced(
        request.method,
        request.path,
        () => this.#attempt(request, limitMs),
        ({ code }) => code,
      );
      const { code, headers } = answer;
      if (code >= 200 && code < 300) return answer;
      const again = code === 401
        ? retries.mayRenew(this.credentials)
        : await retries.waitIfBusy(code, headers.get("retry-after"));
      if (!again) throw await this.#answerError(answer, signal);
      this.trace?.(7, retryText(code));
      answer.drop();
    }
  }

  /** Returns the JSON of a success. `T` is the caller's claim of the type that the API documents at this path. */
  async json<T>(request: ApiRequest): Promise<T> {
    const answer = await this.request(request, headLimitMs);
    const text = await boundedText(this.readBody(answer, request.signal), maxBody, this.place);
    try {
      return JSON.parse(text) as T;
    } catch (error) {
      const said = plainText(text, 80);
      throw new KodamaError(
        "server",
        `${this.connection.server} (context ${this.connection.context}) answered with something other than JSON: ${said}`,
        { hint: "is this the address of a Kubernetes API server?", cause: error },
      );
    }
  }

  /** Returns the body of an answer as it arrives; a link that breaks is a `KodamaError`. */
  async *readBody(answer: HttpAnswer, signal: AbortSignal): AsyncGenerator<Uint8Array, void> {
    try {
      yield* answer.body;
    } catch (error) {
      throw this.#failure(error, signal);
    }
  }

  /** Returns an open stream, or the server's refusal. Throws a `KodamaError` otherwise. */
  webSocket(
    path: string,
    protocols: readonly string[],
    options: StreamOptions & { signal: AbortSignal },
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
    options: StreamOptions & DialOptions,
  ): Promise<SpdySocket | UpgradeRefused> {
    const { openSpdy } = await import("../streams/spdy_open.ts");
    return await this.#upgrade(
      "POST",
      path,
      (link, request, signal) => openSpdy(link, { ...request, protocol, streams }, signal),
      options,
    );
  }

  /** Rejects with a `KodamaError`. */
  async #upgrade<T>(
    method: "GET" | "POST",
    path: string,
    open: OpenStream<T>,
    options: StreamOptions & DialOptions,
  ): Promise<T | UpgradeRefused> {
    const { signal } = options;
    const retries = new RequestRetries(this.clock, signal);
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
          ? retries.mayRenew(this.credentials)
          : await retries.waitIfBusy(error.code, error.retryAfter);
        if (!again) return error;
        this.trace?.(7, retryText(error.code));
      }
    }
  }

  #traced<T>(
    method: string,
    path: string,
    send: () => Promise<T>,
    statusOf: (answer: T) => number,
  ): Promise<T> {
    const elapsedMs = () => this.clock.elapsedMs();
    const request = { method, server: this.connection.server, path, elapsedMs };
    return traced(this.trace, request, send, statusOf);
  }

  [Symbol.dispose](): void {
    this.#links[Symbol.dispose]();
    this.#pool[Symbol.dispose]();
  }

  async #attempt(request: ApiRequest, limitMs?: number): Promise<HttpAnswer> {
    const { method, path, body, carrier = "shared" } = request;
    try {
      const proof = await this.credentials.current(request.signal);
      // A user may have been prompted to log in: the server's time starts now.
      using limit = new HeadLimit(this.clock, limitMs, this.place);
      // The request's own signal also applies to the body.
      const signal = AbortSignal.any([request.signal, limit.signal]);
      const headers = [
        ...identityHeaders(this.connection, proof.authorization),
        header("accept", "application/json"),
      ];
      if (body !== undefined) headers.push(header("content-type", "application/json"));
      const text = body === undefined ? undefined : JSON.stringify(body);
      const asked = { method, headers, body: text };
      const target = this.#targets.of(proof);
      if (carrier !== "shared" || this.byLinkAlone) {
        const use = typeof carrier === "object"
          ? carrier.pooledFor
          : carrier === "bulk"
          ? "bulk"
          : "prompt";
        const link = await this.#links.take(target, { use, signal });
        const url = new URL(this.connection.server + path);
        const finished = carrier === "bulk"
          ? () => link[Symbol.dispose]()
          : () => this.#links.keep(link, target, use);
        return await fetchByLink(link, url, asked, { signal, finished });
      }
      const url = this.connection.server + path;
      return await this.#pool.fetch(url, asked, { proof, signal });
    } catch (error) {
      throw this.#failure(error, request.signal);
    }
  }

  async #answerError(answer: HttpAnswer, signal: AbortSignal): Promise<KodamaError> {
    const body = await boundedText(this.readBody(answer, signal), maxErrorBody, this.place);
    return answerError(answer.code, body, this.place);
  }

  async #upgradeOnce<T>(
    path: string,
    open: OpenStream<T>,
    { use, signal, onSent }: StreamOptions & DialOptions,
  ): Promise<T> {
    const proof = await this.credentials.current(signal);
    const url = new URL(this.connection.server + path);
    const headers = identityHeaders(this.connection, proof.authorization);
    const link = await this.#links.take(this.#targets.of(proof), { use, signal });
    const keepAlive = {
      ...keepAliveTimes,
      clock: this.clock,
      serverAnswers: (limit: AbortSignal) => this.#answers(limit),
    };
    onSent?.();
    return await open(link, { url, headers, keepAlive }, signal);
  }

  /** Returns whether the server answers at all: a refusal is an answer too. */
  async #answers(signal: AbortSignal): Promise<boolean> {
    try {
      const answer = await this.#attempt({ method: "GET", path: "/version", signal });
      answer.drop();
      return true;
    } catch {
      return false;
    }
  }

  /** Returns the signal's own reason if it is one of ours: a caller's time limit keeps its message. */
  #failure(error: unknown, signal: AbortSignal, sentAll = false): unknown {
    if (!signal.aborted) return linkError(error, this.place, sentAll);
    const { reason } = signal;
    if (reason instanceof KodamaError) return reason;
    const timeout = reason instanceof DOMException && reason.name === "TimeoutError";
    return linkError(timeout ? reason : new DOMException("", "AbortError"), this.place);
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
async function authorityOf(connection: Connection, host: Host): Promise<string | undefined> {
  const { certificateAuthority, insecure, server } = connection;
  if (certificateAuthority !== undefined) {
    return await readPem(certificateAuthority, "certificate-authority", host);
  }
  if (insecure || !server.startsWith("https:")) return undefined;
  const { systemAuthorities } = await import("../config/system_authorities.ts");
  return await systemAuthorities(host);
}
