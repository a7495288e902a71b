/**
 * The API server: HTTPS on loopback, for clients with a certificate or a token.
 *
 *     await using server = await startApiServer({ store, node, identity, clock: systemClock });
 *     server.url // "https://127.0.0.1:41234"
 */
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import type { NodeStreams, Store } from "../model.ts";
import type { Clock } from "../../../src/base/clock.ts";
import type { CertificateAndKey } from "../tls/authority.ts";
import { type Api, createApi } from "./api.ts";
import type { ApiContext } from "./context.ts";
import { asApiError, createGate, type RequestFacts, type RequestGate } from "./gate.ts";
import { createInitialObjects } from "./rbac/bootstrap.ts";
import { createTokens, type TokenGrant, type TokenIssuer } from "./tokens.ts";
import { createUpgrades } from "./upgrade.ts";
import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { ApiResponse } from "./message.ts";
import { type ApiError, failedStatus } from "./status.ts";

/** The parts of a server. */
interface ApiServerOptions {
  /** Read and written. */
  store: Store;
  /** Opens streams into containers. */
  node: NodeStreams;
  /** The server's own certificate, and the authority of its clients. PEM. */
  identity: { server: CertificateAndKey; certificateAuthority: string };
  clock: Clock;
  /** Called for each request when its answer is complete. */
  audit?: (facts: RequestFacts) => void;
  /** Any free one if it is absent or 0. */
  port?: number;
  /** Bearer tokens that are valid from the start. */
  tokens?: readonly TokenGrant[];
  /** The version that `/version` reports. */
  version?: string;
  /** Returns a random number in [0, 1), for generated names and addresses. */
  random?: () => number;
  /** Names for audit events, tokens and pages. */
  newUid?: () => string;
}

/** A server that listens. Disposing of it ends every connection. */
export interface ApiServer extends AsyncDisposable {
  readonly port: number;
  /** `https://127.0.0.1:port`, for a kubeconfig. */
  readonly url: string;
  /** For tokens that the cluster itself issues. */
  readonly tokens: TokenIssuer;
}

/** The version whose behaviour is emulated, and whose server this is. */
const servedVersion = "v1.32.0+kodama";

const hostname = "127.0.0.1";

/** Go's own limit: the args of an exec are part of its URL. https://pkg.go.dev/net/http#DefaultMaxHeaderBytes */
const headLimitBytes = 1024 * 1024;

/** Longer than clients keep idle connections: a request on one that was just closed would fail. */
const idleTimeoutMs = 90_000;

/** Starts a server. Rejects if the port is in use. */
export async function startApiServer(options: ApiServerOptions): Promise<ApiServer> {
  const newUid = options.newUid ?? (() => crypto.randomUUID());
  const now = () => options.clock.now();
  const tokens = createTokens({ grants: options.tokens ?? [], now, newToken: newUid });
  const context: ApiContext = {
    store: options.store,
    node: options.node,
    clock: options.clock,
    tokens,
    random: options.random ?? Math.random,
    newUid,
    version: options.version ?? servedVersion,
  };
  createInitialObjects(options.store);
  const ending = new AbortController();
  const server = createServer({
    ca: options.identity.certificateAuthority,
    cert: options.identity.server.certificate,
    key: options.identity.server.key,
    requestCert: true,
    // A client without a valid certificate gets a 401.
    rejectUnauthorized: false,
    ALPNProtocols: ["http/1.1"],
    maxHeaderSize: headLimitBytes,
    keepAliveTimeout: idleTimeoutMs,
  });
  const connections = track(server);
  const port = await listen(server, options.port ?? 0);
  const api = createApi(context, { serverAddress: () => `${hostname}:${port}` });
  const gate = createGate(context, options.audit);
  const upgrades = createUpgrades(context, gate, ending.signal);
  server.on("request", (request, response) => {
    // Only the audit log can still fail: its fault must not end the server.
    answer({ api, gate, ending: ending.signal }, request, response).catch(() => response.destroy());
  });
  server.on("upgrade", (request, socket, head) => upgrades.accept(request, socket, head));
  return {
    port,
    url: `https://${hostname}:${port}`,
    tokens,
    async [Symbol.asyncDispose]() {
      ending.abort();
      await upgrades.settled();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of connections) socket.destroy();
      await closed;
    },
  };
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, hostname, () => {
      server.off("error", reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

/** Every open connection, including upgraded ones, which a server doesn't track. */
function track(server: Server): ReadonlySet<Duplex> {
  const connections = new Set<Duplex>();
  server.on("secureConnection", (socket) => {
    connections.add(socket);
    socket.on("close", () => connections.delete(socket));
    // A client that breaks off isn't a fault of the server; `close` follows.
    socket.on("error", () => {});
  });
  return connections;
}

/* HTTP requests and answers. */

/** The context in which every request is answered. */
interface Answering {
  api: Api;
  gate: RequestGate;
  /** The server ends: so does every answer. */
  ending: AbortSignal;
}

/** As on a real server: etcd's limit, and a little more. */
const bodyLimitBytes = 3 * 1024 * 1024;

/** Answers a request in any case: an error becomes its Status. */
async function answer(
  { api, gate, ending }: Answering,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const closed = new AbortController();
  response.on("close", () => closed.abort());
  const signal = AbortSignal.any([closed.signal, ending]);
  const record = gate.record(request);
  try {
    const { user, route, path, query, headers } = gate.enter(request, record);
    const body = await readBody(request);
    const method = request.method ?? "GET";
    const answered = await api({ method, path, query, headers, user, body, signal }, route);
    await send(response, answered, signal);
    record.end(answered.kind === "stream" ? 200 : answered.code);
  } catch (error) {
    const refusal = asApiError(error);
    sendError(response, refusal);
    record.end(refusal.code, refusal.status.reason);
  }
}

async function readBody(request: IncomingMessage): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Uint8Array>) {
    size += chunk.length;
    if (size > bodyLimitBytes) {
      const message = `limit is ${bodyLimitBytes}`;
      throw failedStatus(413, "RequestEntityTooLarge", `Request entity too large: ${message}`);
    }
    chunks.push(chunk);
  }
  const body = new Uint8Array(size);
  let offset = 0;
  for (const chunk of chunks) {
    body.set(chunk, offset);
    offset += chunk.length;
  }
  return body;
}

function sendError(response: ServerResponse, error: ApiError): void {
  // The answer had started: only cutting it off still informs the client.
  if (response.headersSent) {
    response.destroy();
    return;
  }
  sendJson(response, error.code, error.status, {});
}

function sendJson(
  response: ServerResponse,
  code: number,
  body: unknown,
  headers: Record<string, string | string[]>,
): void {
  const bytes = new TextEncoder().encode(`${JSON.stringify(body)}\n`);
  response.writeHead(code, {
    "content-type": "application/json",
    "cache-control": "no-cache, private",
    "content-length": bytes.length,
    ...headers,
  });
  response.end(bytes);
}

async function send(
  response: ServerResponse,
  answered: ApiResponse,
  signal: AbortSignal,
): Promise<void> {
  switch (answered.kind) {
    case "json": {
      const { contentType, warnings = [] } = answered;
      sendJson(response, answered.code, answered.body, {
        ...(contentType ? { "content-type": contentType } : {}),
        ...(warnings.length > 0 ? { warning: warnings.map(warningLine) } : {}),
      });
      return;
    }
    case "text":
      response.writeHead(answered.code, { "content-type": "text/plain; charset=utf-8" });
      response.end(answered.text);
      return;
    case "bytes":
      response.writeHead(answered.code, { "content-type": answered.contentType });
      response.end(answered.bytes);
      return;
    case "stream":
      return await sendStream(response, answered, signal);
  }
}

/** https://www.rfc-editor.org/rfc/rfc7234#section-5.5 with the code that Kubernetes uses. */
function warningLine(text: string): string {
  return `299 - ${JSON.stringify(text)}`;
}

async function sendStream(
  response: ServerResponse,
  { contentType, chunks }: Extract<ApiResponse, { kind: "stream" }>,
  signal: AbortSignal,
): Promise<void> {
  response.writeHead(200, { "content-type": contentType, "cache-control": "no-cache, private" });
  // A watch sends its headers at once, though nothing may change for hours.
  response.flushHeaders();
  try {
    for await (const chunk of chunks) {
      if (signal.aborted) return;
      if (!response.write(chunk)) await once(response, "drain", { signal });
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    response.end();
  }
}
