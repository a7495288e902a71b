/**
 * A byte stream to an API server, for uses that HTTP can't serve: TCP, and TLS over it.
 *
 * The runtime's own WebSocket isn't used: it reads as fast as the server sends and buffers unread data, so a slow
 * reader's memory grows without bound; and `WebSocketStream`, which applies back-pressure, takes no client certificate.
 * Measured on Deno 2.9 against an OpenSSL server on the same machine, connection and upgrade:
 *
 *     Deno.connectTls               45 ms   if the server requests a second hello, as those do that require a
 *                                           post-quantum key exchange (Go 1.24): Nagle's algorithm holds it until
 *                                           the delayed acknowledgement of the previous segment, and can't be
 *                                           switched off
 *     Deno.connect + startTls        2 ms   but no client certificate, and a thread for 100 ms at the close
 *     Deno.connect + node:tls        3 ms   and 16 ms once to load it
 *
 * The thread is one of 32, which file access needs too: closing is queued (tls_closers.ts).
 *
 * Decrypting with node costs three times the CPU time, because of its streams. So: `startTls` if a token is enough,
 * `connectTls` for a client certificate if no one waits for the first byte; both for as many links as can be closed in
 * time. `node:tls` (loaded then) for the others: further links, client certificates, and servers that are not verified.
 * All read only on demand, which is the back-pressure.
 */
import { orAborted } from "../../base/abort.ts";
import { type Clock, systemClock } from "../../base/clock.ts";
import { KodamaError } from "../../base/errors.ts";
import {
  type Link,
  type LinkTarget,
  type LinkUse,
  ProxyError,
  type TlsSettings,
} from "../link/link.ts";

/*
 * The threads that close connections of Deno's TLS: a close passes the connection to a thread that sleeps until the
 * last sent bytes have surely arrived. There are 32 in the process, which also read and write files.
 */

/** How long a thread sleeps, and can do nothing else. Deno 2.9. */
const sleepMs = 100;

/** The maximum for connections; the others are reserved for files. */
const maxThreads = 24;

/**
 * Connections that are open, or wait for a thread to close them. Each has 46 kB of memory; 130 kB if
 * `NODE_EXTRA_CA_CERTS` names the authorities of a whole system, of which each connection has its own copy.
 */
const maxConnections = 800;

/** The connection to close; `Deno.Conn`. */
export interface Closable {
  /** Sends the close message, and nothing after it. */
  closeWrite(): Promise<void>;
  close(): void;
}

/** Closes a connection. */
interface TlsCloser {
  /** Closes it; without effect if it was never made. The peer is notified at once; the remaining work may be queued. */
  close(connection?: Closable): void;
}

/** Limits the connections to the number that can be closed in time. */
export class TlsClosers {
  #threads = maxThreads;
  #slots = maxConnections;
  readonly #waiting: Closable[] = [];
  #drained: PromiseWithResolvers<void> | undefined;

  constructor(private readonly clock: Clock) {}

  /** Returns a closer for a new connection; undefined if there are too many already. */
  take(): TlsCloser | undefined {
    if (this.#slots === 0) return undefined;
    this.#slots--;
    let used = false;
    return {
      close: (connection) => {
        if (used) return;
        used = true;
        if (connection === undefined) this.#slots++;
        else this.#close(connection);
      },
    };
  }

  /** Resolves when the queue is empty. */
  drained(): Promise<void> {
    if (this.#waiting.length === 0) return Promise.resolve();
    this.#drained ??= Promise.withResolvers<void>();
    return this.#drained.promise;
  }

  #close(connection: Closable): void {
    if (this.#threads === 0) {
      // If it can't be sent any more, it needn't be.
      connection.closeWrite().catch(() => {});
      this.#waiting.push(connection);
      return;
    }
    this.#threads--;
    closeQuietly(connection);
    this.clock.timer(sleepMs, () => {
      this.#threads++;
      this.#slots++;
      const next = this.#waiting.shift();
      if (next !== undefined) this.#close(next);
      if (this.#waiting.length > 0) return;
      this.#drained?.resolve();
      this.#drained = undefined;
    });
  }
}

/** Closes the connections that may be closed already. */
function closeQuietly(connection: Pick<Closable, "close">): void {
  try {
    connection.close();
  } catch {
    // The link was closed by the peer, or handed over to TLS.
  }
}

/** A single set per process, like the threads. */
const closers = new TlsClosers(systemClock);

/** Resolves when every dropped link is closed: if there are many, some are queued. A process may exit before. */
export function linksClosed(): Promise<void> {
  return closers.drained();
}

/** Options of dialling a link. */
export interface DialOptions {
  use: LinkUse;
  signal: AbortSignal;
}

/** Connects. Rejects with the error of the network or the proxy, or with the signal's reason. */
export async function dialLink(target: LinkTarget, { use, signal }: DialOptions): Promise<Link> {
  signal.throwIfAborted();
  const { tls } = target;
  const way = linkWay(target, use);
  const closer = way === "startTls" || way === "connectTls" ? closers.take() : undefined;
  using unlessOpen = new DisposableStack();
  if (closer !== undefined) unlessOpen.defer(() => closer.close());
  if (tls !== undefined && closer !== undefined && way === "connectTls") {
    const conn = await connected(target, tls, signal);
    unlessOpen.move();
    return new ConnectionLink(conn, closer);
  }
  const proxy = target.proxyUrl === undefined ? undefined : parseProxy(target.proxyUrl);
  const { hostname, port } = proxy ?? target;
  const byNode = (tls !== undefined && closer === undefined) || proxy?.kind === "https"
    // Loaded while the connection is made.
    ? import("./link_node.ts")
    : undefined;
  // If connecting fails, that error is reported and not this error.
  byNode?.catch(() => {});
  const connecting = orAborted(
    Deno.connect({ hostname, port }),
    signal,
    (late) => late.close(),
  );
  const connection = await (proxy === undefined ? connecting : byProxy(proxy, signal, connecting));
  try {
    connection.setNoDelay(true);
    let plain: Link = new ConnectionLink(connection);
    if (proxy?.kind === "https" && byNode !== undefined) {
      const { secureByNode } = await byNode;
      const settings = tls ?? withoutSettings;
      plain = await byProxy(proxy, signal, secureByNode(plain, proxy.hostname, settings, signal));
    }
    if (proxy !== undefined) {
      await byProxy(proxy, signal, orAborted(tunnel(plain, proxy, target), signal));
    }
    if (tls === undefined) return plain;
    if (byNode === undefined) {
      const conn = await secured(connection, target.hostname, { tls, signal });
      unlessOpen.move();
      return new ConnectionLink(conn, closer);
    }
    const { secureByNode } = await byNode;
    return await secureByNode(plain, target.hostname, tls, signal);
  } catch (error) {
    closeQuietly(connection);
    throw error;
  }
}

/** The settings of a proxy's TLS if the server has none: the runtime's own authorities count. */
const withoutSettings: TlsSettings = {
  certificateAuthority: undefined,
  clientCertificate: undefined,
  serverName: undefined,
  insecure: false,
  needsNode: true,
};

/** Returns the carrier of a link's bytes: no TLS, or the implementation that supports the request at the least cost. */
export function linkWay(
  { tls, proxyUrl }: LinkTarget,
  use: LinkUse,
): "plain" | "startTls" | "connectTls" | "node" {
  if (tls === undefined) return "plain";
  // Only node's TLS goes over any link.
  const isSecureProxy = proxyUrl !== undefined && parseProxy(proxyUrl).kind === "https";
  if (tls.insecure || tls.needsNode || isSecureProxy) return "node";
  if (tls.clientCertificate === undefined) return "startTls";
  const direct = proxyUrl === undefined && tls.serverName === undefined;
  return use === "bulk" && direct ? "connectTls" : "node";
}

async function connected(
  { hostname, port }: LinkTarget,
  { certificateAuthority, clientCertificate }: TlsSettings,
  signal: AbortSignal,
): Promise<Deno.TlsConn> {
  const connecting = Deno.connectTls({
    hostname,
    port,
    caCerts: certificateAuthority === undefined ? [] : [certificateAuthority],
    ...(clientCertificate === undefined
      ? {}
      : { cert: clientCertificate.certificate, key: clientCertificate.key }),
  });
  return await shaken(await orAborted(connecting, signal, closeQuietly), signal);
}

async function secured(
  connection: Deno.TcpConn,
  hostname: string,
  { tls, signal }: { tls: TlsSettings; signal: AbortSignal },
): Promise<Deno.TlsConn> {
  const link = await Deno.startTls(connection, {
    hostname: tls.serverName ?? hostname,
    caCerts: tls.certificateAuthority === undefined ? [] : [tls.certificateAuthority],
  });
  return await shaken(link, signal);
}

/** Reports a wrong certificate here, and not at the first write. */
async function shaken(link: Deno.TlsConn, signal: AbortSignal): Promise<Deno.TlsConn> {
  try {
    await orAborted(link.handshake(), signal);
    return link;
  } catch (error) {
    // The connection below now belongs to it, and ends only with it.
    closeQuietly(link);
    throw error;
  }
}

/**
 * Deno's TLS reads resolve at once while the peer keeps sending: without a pause, timers, signals and other connections
 * would starve.
 */
const bytesBeforePause = 8_388_608;

/** Most links carry a few kilobytes; large buffers for thousands of them would take hundreds of megabytes. */
const bufferBytes = { first: 4096, largest: 262_144 };

class ConnectionLink implements Link {
  #buffer = new Uint8Array(bufferBytes.first);
  #bytesUntilPause = bytesBeforePause;
  #writing: Promise<void> = Promise.resolve();

  #closed = false;

  /** @param closer closes the connection, if that isn't done at once. */
  constructor(private readonly connection: Deno.Conn, private readonly closer?: TlsCloser) {}

  /** A copy: the buffer serves the next read. */
  async read(): Promise<Uint8Array | null> {
    if (this.#bytesUntilPause <= 0) {
      this.#bytesUntilPause = bytesBeforePause;
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
    if (this.#closed) return null;
    const buffer = this.#buffer;
    const count = await this.connection.read(buffer);
    if (count === null) return null;
    this.#bytesUntilPause -= count;
    const chunk = buffer.slice(0, count);
    if (count === buffer.length && count < bufferBytes.largest) {
      this.#buffer = new Uint8Array(count * 4);
    }
    return chunk;
  }

  write(bytes: Uint8Array): Promise<void> {
    const written = this.#writing.then(() => this.#writeAll(bytes));
    this.#writing = written.catch(() => {});
    return written;
  }

  async #writeAll(bytes: Uint8Array): Promise<void> {
    for (let remaining = bytes; remaining.length > 0;) {
      remaining = remaining.subarray(await this.connection.write(remaining));
    }
  }

  [Symbol.dispose](): void {
    this.#closed = true;
    if (this.closer === undefined) closeQuietly(this.connection);
    else this.closer.close(this.connection);
  }
}

/* Connects through a proxy to a server: HTTP CONNECT (RFC 9110, 9.3.6) or SOCKS5 (RFC 1928, 1929). */

/** The proxy's address and protocol. */
interface Proxy {
  /** `https`: it speaks TLS, which kubectl verifies by the settings of the cluster. */
  kind: "http" | "https" | "socks5";
  hostname: string;
  port: number;
  username: string;
  password: string;
}

const maxAnswer = 16 * 1024;

const standardPorts = { http: 80, https: 443, socks5: 1080 };

/**
 * Parses `proxy-url`. Throws a `config` error, without its user name and password, for a text that isn't the address of
 * a proxy or can't be used.
 */
export function parseProxy(text: string): Proxy {
  const url = URL.parse(text.includes("://") ? text : `http://${text}`);
  const kinds: Record<string, Proxy["kind"]> = {
    "http:": "http",
    "https:": "https",
    "socks5:": "socks5",
    "socks5h:": "socks5",
  };
  const kind = kinds[url?.protocol ?? ""];
  if (url === null || kind === undefined) {
    throw proxyConfigError(text, "is neither an http, https nor socks5 address");
  }
  let [username, password] = [url.username, url.password];
  try {
    [username, password] = [decodeURIComponent(username), decodeURIComponent(password)];
  } catch {
    throw proxyConfigError(text, "has a % in its user name or password that must be written %25");
  }
  return {
    kind,
    hostname: url.hostname.replace(/^\[|\]$/g, ""),
    port: url.port === "" ? standardPorts[kind] : Number(url.port),
    username,
    password,
  };
}

function proxyConfigError(text: string, problem: string): KodamaError {
  const shown = JSON.stringify(text.replace(/^([^/]*\/\/)?.*@/s, "$1").slice(0, 100));
  return new KodamaError("config", `the proxy ${shown} ${problem}`, {
    hint: "proxy-url in the kubeconfig, or HTTPS_PROXY, names it",
  });
}

/** Names the proxy in the error of its part of the way, unless the signal is the reason. */
async function byProxy<T>(proxy: Proxy, signal: AbortSignal, part: Promise<T>): Promise<T> {
  try {
    return await part;
  } catch (error) {
    if (signal.aborted) throw error;
    const host = proxy.hostname.includes(":") ? `[${proxy.hostname}]` : proxy.hostname;
    throw new ProxyError(`${proxy.kind}://${host}:${proxy.port}`, error);
  }
}

/** Connects the link through the proxy to the server. Rejects with the proxy's refusal. */
export async function tunnel(
  link: Link,
  proxy: Proxy,
  to: { hostname: string; port: number },
): Promise<void> {
  if (proxy.kind === "socks5") await connectBySocks(link, proxy, to);
  else await connectByHttp(link, proxy, to);
}

async function connectByHttp(
  link: Link,
  { username, password }: Proxy,
  { hostname, port }: { hostname: string; port: number },
): Promise<void> {
  const host = `${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}`;
  const lines = [`CONNECT ${host} HTTP/1.1`, `Host: ${host}`];
  if (username !== "") {
    const pair = new TextEncoder().encode(`${username}:${password}`).toBase64();
    lines.push(`Proxy-Authorization: Basic ${pair}`);
  }
  await link.write(new TextEncoder().encode(`${lines.join("\r\n")}\r\n\r\n`));
  let answer = "";
  while (!answer.includes("\r\n\r\n")) {
    const chunk = await link.read();
    if (chunk === null || answer.length > maxAnswer) throw new Error("no answer");
    answer += new TextDecoder("latin1").decode(chunk);
  }
  const code = /^HTTP\/1\.[01] (\d{3})/.exec(answer)?.[1];
  if (code !== "200") {
    throw new Error(code === undefined ? "not an HTTP answer" : `refused with ${code}`);
  }
}

async function connectBySocks(
  link: Link,
  { username, password }: Proxy,
  { hostname, port }: { hostname: string; port: number },
): Promise<void> {
  const encoder = new TextEncoder();
  const read = exactReader(link);
  const byName = username === "" ? 0 : 2;
  await link.write(Uint8Array.of(5, 1, byName));
  if ((await read(2))[1] !== byName) throw new Error("refused the way of logging in");
  if (byName === 2) {
    const [name, secret] = [encoder.encode(username), encoder.encode(password)];
    await link.write(Uint8Array.of(1, name.length, ...name, secret.length, ...secret));
    if ((await read(2))[1] !== 0) throw new Error("refused the user name or password");
  }
  const host = encoder.encode(hostname);
  await link.write(Uint8Array.of(5, 1, 0, 3, host.length, ...host, port >> 8, port & 255));
  const [, reply, , addressKind = 0] = await read(4);
  if (reply !== 0) throw new Error(`refused with SOCKS reply ${reply}`);
  const addressLength = addressKind === 1 ? 4 : addressKind === 4 ? 16 : (await read(1))[0] ?? 0;
  await read(addressLength + 2);
}

/** Reads exactly `count` bytes; buffers excess bytes for the next call. */
function exactReader(link: Link): (count: number) => Promise<Uint8Array> {
  let buffered: number[] = [];
  return async (count) => {
    while (buffered.length < count) {
      const chunk = await link.read();
      if (chunk === null) throw new Error("closed the connection");
      buffered = [...buffered, ...chunk];
    }
    return Uint8Array.from(buffered.splice(0, count));
  };
}
