/** Requests to one API server with the user's credentials: HTTP by `fetch`, streams by WebSocket. */
import type { Clock } from "../base/clock.ts";
import { KodamaError } from "../base/errors.ts";
import type { Connection } from "./connection.ts";
import type { ClientCertificate, Credentials, Proof } from "./credentials.ts";
import { dialLink } from "./dial_link.ts";
import { answerError, linkError, plainText, type Whereabouts } from "./failures.ts";
import { fetchByLink } from "./fetch_by_link.ts";
import type { Host } from "./host.ts";
import type { LinkTarget } from "./link.ts";
import { readPem } from "./open_credentials.ts";
import { Patience } from "./patience.ts";
import type { WebSocketLink } from "./websocket.ts";
import { openWebSocket, UpgradeRefused } from "./websocket_open.ts";

/** One HTTP request. */
export interface ApiRequest {
  method: "GET" | "POST" | "DELETE";
  /** Begins with a slash, with its query. */
  path: string;
  body?: unknown;
  signal: AbortSignal;
}

/** Characters. Far more than any page of 500 pods (some 20 kB each); less than the machine. */
const maxBody = 256 * 1024 * 1024;
const maxErrorBody = 64 * 1024;

/** Opens no connection by itself. */
export class Transport implements Disposable {
  #http: { client: Deno.HttpClient; certificate: ClientCertificate | undefined } | undefined;

  private constructor(
    private readonly connection: Connection,
    private readonly credentials: Credentials,
    private readonly certificateAuthority: string | undefined,
    private readonly clock: Clock,
  ) {}

  /** Reads what the connection names on disk. */
  static async open(
    connection: Connection,
    credentials: Credentials,
    host: Host,
  ): Promise<Transport> {
    const source = connection.certificateAuthority;
    const authority = source && await readPem(source, "certificate-authority", host);
    if (connection.insecure) {
      host.warn(
        `context ${connection.context}: the server's certificate is not verified (insecure-skip-tls-verify)`,
      );
    }
    return new Transport(connection, credentials, authority, host.clock);
  }

  get place(): Whereabouts {
    return { context: this.connection.context, server: this.connection.server };
  }

  /** A success, its body unread. Every other end is a `KodamaError`. */
  async request(request: ApiRequest): Promise<Response> {
    const { signal } = request;
    const patience = new Patience(this.clock, signal);
    for (;;) {
      const response = await this.#attempt(request);
      if (response.ok) return response;
      const again = response.status === 401
        ? patience.renewed(this.credentials)
        : await patience.waited(response.status, response.headers.get("retry-after"));
      if (!again) throw await this.#answerError(response, signal);
      await response.body?.cancel();
    }
  }

  /** The JSON of a success. `T` is the caller's word for what the API documents at this path. */
  async json<T>(request: ApiRequest): Promise<T> {
    const response = await this.request(request);
    const text = await this.#boundedText(response, maxBody, request.signal);
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

  /** The body of a response as it comes; a link that breaks is a `KodamaError`. */
  async *readBody(response: Response, signal: AbortSignal): AsyncGenerator<Uint8Array, void> {
    try {
      for await (const chunk of response.body ?? []) yield chunk;
    } catch (error) {
      throw this.#failure(error, signal);
    }
  }

  /** Loads what a stream will need, where that is worth loading early. */
  prepareStreams(): void {
    if (this.connection.clientCertificate !== undefined) {
      // What fails here fails again, and is told, when the stream is opened.
      import("./link_node.ts").catch(() => {});
    }
  }

  /** An open stream. Every other end is a `KodamaError`. */
  async webSocket(
    path: string,
    protocols: readonly string[],
    signal: AbortSignal,
  ): Promise<WebSocketLink> {
    const patience = new Patience(this.clock, signal);
    for (;;) {
      try {
        return await this.#upgrade(path, protocols, signal);
      } catch (error) {
        if (!(error instanceof UpgradeRefused)) throw this.#failure(error, signal);
        const again = error.code === 401
          ? patience.renewed(this.credentials)
          : await patience.waited(error.code, error.retryAfter);
        if (!again) throw answerError(error.code, error.body, this.place);
      }
    }
  }

  [Symbol.dispose](): void {
    this.#http?.client.close();
    this.#http = undefined;
  }

  async #attempt({ method, path, body, signal }: ApiRequest): Promise<Response> {
    try {
      const proof = await this.credentials.current(signal);
      const headers = this.#headers(proof.authorization);
      headers.set("accept", "application/json");
      if (body !== undefined) headers.set("content-type", "application/json");
      const text = body === undefined ? undefined : JSON.stringify(body);
      const target = this.#target(proof);
      if (target.tls?.insecure || target.tls?.serverName !== undefined) {
        const link = await dialLink(target, signal);
        const url = new URL(this.connection.server + path);
        return await fetchByLink(link, url, { method, headers, body: text }, signal);
      }
      return await fetch(this.connection.server + path, {
        method,
        headers,
        signal,
        redirect: "manual",
        client: this.#client(proof.clientCertificate),
        ...(text === undefined ? {} : { body: text }),
      });
    } catch (error) {
      throw this.#failure(error, signal);
    }
  }

  async #answerError(response: Response, signal: AbortSignal): Promise<KodamaError> {
    const body = await this.#boundedText(response, maxErrorBody, signal);
    return answerError(response.status, body, this.place);
  }

  /** Throws where there is more than the limit: a cut document would only be misread. */
  async #boundedText(response: Response, limit: number, signal: AbortSignal): Promise<string> {
    const decoder = new TextDecoder();
    const parts: string[] = [];
    let length = 0;
    for await (const chunk of this.readBody(response, signal)) {
      const part = decoder.decode(chunk, { stream: true });
      parts.push(part);
      length += part.length;
      if (length > limit) {
        throw new KodamaError(
          "server",
          `${this.connection.server} (context ${this.connection.context}) answered with more than ${limit} characters`,
        );
      }
    }
    return parts.join("");
  }

  async #upgrade(
    path: string,
    protocols: readonly string[],
    signal: AbortSignal,
  ): Promise<WebSocketLink> {
    const proof = await this.credentials.current(signal);
    const url = new URL(this.connection.server + path);
    const link = await dialLink(this.#target(proof), signal);
    const headers = this.#headers(proof.authorization);
    return await openWebSocket(link, { url, headers, protocols }, signal);
  }

  #target(proof: Proof): LinkTarget {
    const url = new URL(this.connection.server);
    const secure = url.protocol === "https:";
    const { tlsServerName: serverName, insecure, proxyUrl } = this.connection;
    return {
      hostname: url.hostname.replace(/^\[|\]$/g, ""),
      port: url.port === "" ? (secure ? 443 : 80) : Number(url.port),
      tls: secure
        ? {
          certificateAuthority: this.certificateAuthority,
          clientCertificate: proof.clientCertificate,
          serverName,
          insecure,
        }
        : undefined,
      proxyUrl,
    };
  }

  /** The signal's own reason where it is one of ours: a caller's time limit keeps its words. */
  #failure(error: unknown, signal: AbortSignal): unknown {
    if (signal.aborted && signal.reason instanceof KodamaError) return signal.reason;
    return linkError(signal.aborted ? signal.reason : error, this.place);
  }

  #headers(authorization: string | undefined): Headers {
    const headers = new Headers({ "user-agent": "kodama" });
    if (authorization !== undefined) headers.set("authorization", authorization);
    const { impersonate } = this.connection;
    if (impersonate === undefined) return headers;
    headers.set("impersonate-user", impersonate.user);
    if (impersonate.uid !== undefined) headers.set("impersonate-uid", impersonate.uid);
    for (const group of impersonate.groups) headers.append("impersonate-group", group);
    for (const [key, values] of Object.entries(impersonate.extra)) {
      for (const value of values) {
        headers.append(`impersonate-extra-${encodeURIComponent(key)}`, value);
      }
    }
    return headers;
  }

  /** One pool of connections, made anew when the certificate was renewed. */
  #client(certificate: ClientCertificate | undefined): Deno.HttpClient {
    const kept = this.#http;
    if (kept !== undefined && kept.certificate?.certificate === certificate?.certificate) {
      return kept.client;
    }
    kept?.client.close();
    const { proxyUrl } = this.connection;
    const client = Deno.createHttpClient({
      ...(this.certificateAuthority === undefined ? {} : { caCerts: [this.certificateAuthority] }),
      ...(proxyUrl === undefined ? {} : { proxy: { url: proxyUrl } }),
      ...(certificate === undefined ? {} : { cert: certificate.certificate, key: certificate.key }),
    });
    this.#http = { client, certificate };
    return client;
  }
}
