/**
 * The threads that close connections of Deno's TLS: whoever closes one leaves it to a thread that sleeps until what
 * was sent last has surely arrived. There are 32 in the process, and files are read and written by the same ones.
 */
import type { Clock } from "../base/clock.ts";

/** So long a thread sleeps, and can do nothing else. Deno 2.9. */
const sleepMs = 100;

/** As many as are left to connections; files keep the others. */
const maxThreads = 24;

/**
 * Connections that are open, or wait for a thread to close them. Each has 46 kB of memory; 130 kB where
 * `NODE_EXTRA_CA_CERTS` names the authorities of a whole system, of which each connection has its own copy.
 */
const maxConnections = 800;

/** What is closed; `Deno.Conn`. */
export interface Closable {
  /** Says goodbye, and sends no more. */
  closeWrite(): Promise<void>;
  close(): void;
}

/** What one connection is closed by. */
export interface TlsCloser {
  /** Closes it, or nothing where none came to be. The peer hears of it at once; what is left may wait its turn. */
  close(connection?: Closable): void;
}

/** Lets no more connections be than can be closed in time. */
export class TlsClosers {
  #threads = maxThreads;
  #places = maxConnections;
  readonly #waiting: Closable[] = [];
  #settled: PromiseWithResolvers<void> | undefined;

  constructor(private readonly clock: Clock) {}

  /** One for a connection that is to be; undefined where there are too many already. */
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

  /** Resolves when none waits for its turn. */
  settled(): Promise<void> {
    if (this.#waiting.length === 0) return Promise.resolve();
    this.#settled ??= Promise.withResolvers<void>();
    return this.#settled.promise;
  }

  #close(connection: Closable): void {
    if (this.#threads === 0) {
      // Where it can't be told any more, it need not be.
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

/** Closes what may be closed already. */
export function closeQuietly(connection: Pick<Closable, "close">): void {
  try {
    connection.close();
  } catch {
    // It was closed by its other end, or handed over to TLS.
  }
}
