/**
 * A byte stream to an API server, for what HTTP can't carry: TCP, and TLS over it.
 *
 * Why not the runtime's own WebSocket: it reads as fast as the server sends and keeps what nobody takes,
 * so a slow reader's memory grows without bound; and `WebSocketStream`, which waits, takes no client
 * certificate. Measured on Deno 2.9 against an OpenSSL server on the same machine, connection and upgrade:
 *
 *     Deno.connectTls               45 ms   Nagle's algorithm holds the handshake's second packet until the
 *                                           server's delayed acknowledgement, and it can't be switched off
 *     Deno.connect + startTls        2 ms   but no client certificate
 *     Deno.connect + node:tls        3 ms   and 16 ms once to load it
 *
 * So: `startTls` where a token is enough, `node:tls` (loaded then) for client certificates and for
 * servers that are not to be verified. Both read only when asked, which is the back-pressure.
 */
import { orAborted } from "../base/abort.ts";
import type { Link, LinkTarget, TlsSettings } from "./link.ts";
import { parseProxy, tunnel } from "./proxy_tunnel.ts";

/** Connects. Rejects with what the network or the proxy said, or with the signal's reason. */
export async function dialLink(target: LinkTarget, signal: AbortSignal): Promise<Link> {
  signal.throwIfAborted();
  const { tls } = target;
  const proxy = target.proxyUrl === undefined ? undefined : parseProxy(target.proxyUrl);
  const { hostname, port } = proxy ?? target;
  const byNode = tls !== undefined && (tls.clientCertificate !== undefined || tls.insecure)
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
      return new ConnectionLink(await secured(connection, target.hostname, { tls, signal }));
    }
    const { secureByNode } = await byNode;
    return await secureByNode(plain, target.hostname, tls, signal);
  } catch (error) {
    closeQuietly(connection);
    throw error;
  }
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
  try {
    // A wrong certificate is told here, and not by the first write.
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
const bytesBeforePause = 1_048_576;

class ConnectionLink implements Link {
  readonly #buffer = new Uint8Array(65_536);
  #bytesUntilPause = bytesBeforePause;
  #writing: Promise<void> = Promise.resolve();

  constructor(private readonly connection: Deno.Conn) {}

  /** A copy: the buffer serves the next read. */
  async read(): Promise<Uint8Array | null> {
    if (this.#bytesUntilPause <= 0) {
      this.#bytesUntilPause = bytesBeforePause;
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
    const count = await this.connection.read(this.#buffer);
    this.#bytesUntilPause -= count ?? 0;
    return count === null ? null : this.#buffer.slice(0, count);
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
    closeQuietly(this.connection);
  }
}

function closeQuietly(connection: Deno.Conn): void {
  try {
    connection.close();
  } catch {
    // It was closed by its other end already, or handed over to TLS.
  }
}
