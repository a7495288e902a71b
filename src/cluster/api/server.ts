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
import type { Clock } from "../../base/clock.ts";
import type { CertificateAndKey } from "../tls/authority.ts";
import { createApi } from "./api.ts";
import type { AuditEvent } from "./audit.ts";
import type { ApiContext } from "./context.ts";
import { createGate } from "./gate.ts";
import { answer } from "./http.ts";
import { createDefaultRoles } from "./rbac/bootstrap.ts";
import { createTokens, type TokenGrant, type TokenIssuer } from "./tokens.ts";
import { createUpgrades } from "./upgrade.ts";

/** The parts of a server. */
export interface ApiServerOptions {
  /** Read and written. */
  store: Store;
  /** Opens streams into containers. */
  node: NodeStreams;
  /** The server's own certificate, and the authority of its clients. PEM. */
  identity: { server: CertificateAndKey; certificateAuthority: string };
  clock: Clock;
  /** Each request's line of the audit log. Called when its answer is complete. */
  audit?: (event: AuditEvent) => void;
  /** Any free one if it is absent or 0. */
  port?: number;
  /** Bearer tokens that are valid from the start. */
  tokens?: readonly TokenGrant[];
  /** The version that `/version` reports. */
  version?: string;
  /** Of [0, 1): for generated names and addresses. */
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

/** The version whose behaviour is emulated. */
const servedVersion = "v1.32.0";

const hostname = "127.0.0.1";

/** Go's own limit: the args of an exec are part of its URL. https://pkg.go.dev/net/http#DefaultMaxHeaderBytes */
const headLimitBytes = 1024 * 1024;

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
  createDefaultRoles(options.store);
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
