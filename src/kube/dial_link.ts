/**
 * A byte stream to an API server, for what HTTP can't carry: TCP, and TLS over it.
 *
 * Why not the runtime's own WebSocket: it reads as fast as the server sends and keeps what nobody takes,
 * so a slow reader's memory grows without bound; and `WebSocketStream`, which waits, takes no client
 * certificate. Measured on Deno 2.9 against an OpenSSL server on the same machine, connection and upgrade:
 *
 *     Deno.connectTls               45 ms   where the server asks for a second hello, as those do that want a key
 *                                           exchange for the time after quantum computers (Go 1.24): Nagle's
 *                                           algorithm holds it until the delayed acknowledgement of what went before
 *                                           it, and can't be switched off
 *     Deno.connect + startTls        2 ms   but no client certificate, and a thread for 100 ms at the close
 *     Deno.connect + node:tls        3 ms   and 16 ms once to load it
 *
 * The thread is one of 32, which files need too: closing has its turns (tls_closers.ts).
 *
 * What node's decrypts costs three times the processor time, for its streams. So: `startTls` where a token is
 * enough, `connectTls` for a client certificate where nobody waits for the first byte; both for as many links as
 * can be closed in time. `node:tls` (loaded then) for the rest: what is more, client certificates, and servers
 * that are not to be verified. All read only when asked, which is the back-pressure.
 */
import { orAborted } from "../base/abort.ts";
import { systemClock } from "../base/clock.ts";
import type { Link, LinkTarget, LinkUse, TlsSettings } from "./link.ts";
import { closeQuietly, type TlsCloser, TlsClosers } from "./tls_closers.ts";
import { parseProxy, tunnel } from "./proxy_tunnel.ts";

/** Of the process, as the threads are. */
const closers = new TlsClosers(systemClock);

/** Resolves when every link that was given up is closed: of many, some wait their turn. A process may end before. */
export function linksClosed(): Promise<void> {
  return closers.settled();
}

/** How a link is dialled. */
export interface DialOptions {
  use: LinkUse;
  signal: AbortSignal;
}

/** Connects. Rejects with what the network or the proxy said, or with the signal's reason. */
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
  const byNode = tls !== undefined && closer === undefined
    // Loaded while the connection is made.
    ? import("./link_node.ts")
    : undefined;
  // Where connecting fails, that is told, and not this.
  byNode?.catch(() => {});
  const connection = await orAborted(
    Deno.connect({ hostname, port }),
    signal,
    (late) => late.close(),
  );
  try {
    connection.setNoDelay(true);
    const plain = new ConnectionLink(connection);
    if (proxy !== undefined) await orAborted(tunnel(plain, proxy, target), signal);
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

/** What carries the bytes of a link: no TLS, or the one that can do what is asked, and does it best. */
export function linkWay(
  { tls, proxyUrl }: LinkTarget,
  use: LinkUse,
): "plain" | "startTls" | "connectTls" | "node" {
  if (tls === undefined) return "plain";
  if (tls.insecure) return "node";
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

/** A wrong certificate is told here, and not by the first write. */
async function shaken(link: Deno.TlsConn, signal: AbortSignal): Promise<Deno.TlsConn> {
  try {
    await orAborted(link.handshake(), signal);
    return link;
  } catch (error) {
    // The connection below belongs to it now, and ends with it alone.
    closeQuietly(link);
    throw error;
  }
}

/**
 * Deno's TLS reads resolve at once while the peer goes on sending: without a pause, neither timers nor signals nor
 * other connections would get a turn.
 */
const bytesBeforePause = 8_388_608;

/** Most links carry a few kilobytes; thousands of them with room for a flood would be hundreds of megabytes. */
const bufferBytes = { first: 4096, largest: 262_144 };

class ConnectionLink implements Link {
  #buffer = new Uint8Array(bufferBytes.first);
  #bytesUntilPause = bytesBeforePause;
  #writing: Promise<void> = Promise.resolve();

  #closed = false;

  /** @param closer closes it, where that isn't done at once. */
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
    for (let rest = bytes; rest.length > 0;) {
      rest = rest.subarray(await this.connection.write(rest));
    }
  }

  [Symbol.dispose](): void {
    this.#closed = true;
    if (this.closer === undefined) closeQuietly(this.connection);
    else this.closer.close(this.connection);
  }
}
