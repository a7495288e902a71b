/**
 * The threads that close connections of Deno's TLS: a close passes the connection to a thread that sleeps until the
 * last sent bytes have surely arrived. There are 32 in the process, which also read and write files.
 */
import type { Clock } from "../../base/clock.ts";

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

/** Closes one connection. */
export interface TlsCloser {
  /** Closes it; without effect if it was never made. The peer is notified at once; the remaining work may be queued. */
  close(connection?: Closable): void;
}

/** Limits the connections to the number that can be closed in time. */
export class TlsClosers {
  #threads = maxThreads;
  #places = maxConnections;
  readonly #waiting: Closable[] = [];
  #settled: PromiseWithResolvers<void> | undefined;

  constructor(private readonly clock: Clock) {}

  /** Returns one for a new connection; undefined if there are too many already. */
  take(): TlsCloser | undefined {
    if (this.#places === 0) return undefined;
    this.#places--;
    let used = false;
    return {
      close: (connection) => {
        if (used) return;
        used = true;
        if (connection === undefined) this.#places++;
        else this.#close(connection);
      },
    };
  }

  /** Resolves when the queue is empty. */
  settled(): Promise<void> {
    if (this.#waiting.length === 0) return Promise.resolve();
    this.#settled ??= Promise.withResolvers<void>();
    return this.#settled.promise;
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
      this.#places++;
      const next = this.#waiting.shift();
      if (next !== undefined) this.#close(next);
      if (this.#waiting.length > 0) return;
      this.#settled?.resolve();
      this.#settled = undefined;
    });
  }
}

/** Closes the connections that may be closed already. */
export function closeQuietly(connection: Pick<Closable, "close">): void {
  try {
    connection.close();
  } catch {
    // It was closed by the peer, or handed over to TLS.
  }
}
