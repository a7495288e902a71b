/** Local ports and sockets, and the programs' connections to them. */
import { KodamaError } from "../base/errors.ts";
import { hint, option } from "../base/hint.ts";
import type { LocalAddress } from "./model.ts";

/** An end of a connection. */
export interface Duplex {
  /** Returns the received bytes, valid until the next call; null at the end. One call at a time. */
  read(): Promise<Uint8Array | null>;
  write(bytes: Uint8Array): Promise<void>;
  /** Ends the bytes to this end; those from it continue. */
  closeWrite(): Promise<void>;
  close(): void;
}

/** A listening address. Disposing of it closes it; connections that it has accepted continue. */
export interface LocalListener extends Disposable {
  readonly address: LocalAddress;
  /** Yields connections until it is disposed of. */
  connections(): AsyncIterable<Duplex>;
}

/** The address to listen on. */
export type RequestedAddress =
  /** Port 0: any free port. */
  | { kind: "tcp"; hostname: string; port: number; isFallbackAllowed: boolean }
  | { kind: "unix"; path: string };

/** Both addresses of the loopback, as kubectl listens for `localhost`. */
const loopback = ["127.0.0.1", "::1"] as const;

/** With `isFallbackAllowed`, this many higher ports are tried, then any free port. */
const fallbacks = 20;

/**
 * Listens. `localhost` is both addresses of the loopback, as far as this machine has them.
 *
 * @throws KodamaError `conflict` if the address is in use; `environment` if it can't be used.
 */
export async function listen(requested: RequestedAddress): Promise<LocalListener> {
  if (requested.kind === "unix") return await listenUnix(requested.path);
  const { hostname, port, isFallbackAllowed } = requested;
  const ports = isFallbackAllowed && port !== 0
    ? [...Array.from({ length: fallbacks }, (_, more) => port + more), 0]
    : [port];
  let error: unknown;
  for (const each of ports.filter((one) => one <= 65_535)) {
    try {
      return new TcpListener(hostname, listenAt(hostname, each));
    } catch (problem) {
      error ??= problem;
    }
  }
  throw listenError(error, `${hostname}:${port}`, port);
}

function listenAt(hostname: string, port: number): Deno.TcpListener[] {
  if (hostname !== "localhost") return [Deno.listen({ hostname, port })];
  const [first, second] = loopback;
  const listener = Deno.listen({ hostname: first, port });
  try {
    return [listener, Deno.listen({ hostname: second, port: listener.addr.port })];
  } catch (error) {
    // A machine without IPv6; a port that another program has there is not ours.
    if (!(error instanceof Deno.errors.AddrInUse)) return [listener];
    listener.close();
    throw error;
  }
}

function listenError(error: unknown, address: string, port: number): KodamaError {
  if (error instanceof Deno.errors.AddrInUse) {
    return new KodamaError("conflict", `${address} is in use by another program`, {
      hint: hint`another local port is written as in ${String(port + 10_000)}:PORT; with :PORT or ${
        option("free")
      } it is a free one`,
      cause: error,
    });
  }
  if (error instanceof Deno.errors.PermissionDenied) {
    return new KodamaError("environment", `${address} may not be used`, {
      hint: port < 1024
        ? `ports below 1024 need root on many machines: ${port + 8000}:${port} needs nothing`
        : "",
      cause: error,
    });
  }
  const reason = error instanceof Error ? error.message : String(error);
  return new KodamaError("environment", `cannot listen on ${address}: ${reason}`, { cause: error });
}

class TcpListener implements LocalListener {
  readonly address: LocalAddress;

  constructor(hostname: string, private readonly listeners: readonly Deno.TcpListener[]) {
    const [first] = listeners;
    this.address = { kind: "tcp", hostname, port: first?.addr.port ?? 0 };
  }

  async *connections(): AsyncGenerator<Duplex, void> {
    if (this.listeners.length === 1) {
      for await (const connection of this.listeners[0] ?? []) yield tcpDuplex(connection);
      return;
    }
    const next = this.listeners.map((listener, index) => ({ index, got: accepted(listener) }));
    while (next.length > 0) {
      const { index, connection } = await Promise.race(
        next.map(({ index, got }) => got.then((connection) => ({ index, connection }))),
      );
      const at = next.findIndex((one) => one.index === index);
      const listener = this.listeners[index];
      if (connection === undefined || listener === undefined) {
        next.splice(at, 1);
        continue;
      }
      next[at] = { index, got: accepted(listener) };
      yield tcpDuplex(connection);
    }
  }

  [Symbol.dispose](): void {
    for (const listener of this.listeners) listener.close();
  }
}

/** Returns undefined when the listener is closed. */
async function accepted(listener: Deno.TcpListener): Promise<Deno.TcpConn | undefined> {
  for (;;) {
    try {
      return await listener.accept();
    } catch (error) {
      if (error instanceof Deno.errors.BadResource || error instanceof Deno.errors.Interrupted) {
        return undefined;
      }
      // The program has gone before it was accepted.
      if (error instanceof Deno.errors.ConnectionAborted) continue;
      throw error;
    }
  }
}

/** @throws KodamaError as {@link listen}. */
async function listenUnix(path: string): Promise<LocalListener> {
  await removeStale(path);
  let listener: Deno.UnixListener;
  try {
    listener = Deno.listen({ transport: "unix", path });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new KodamaError("environment", `cannot listen on ${path}: ${reason}`, { cause: error });
  }
  // Only its owner may connect, as others couldn't use a kubeconfig of this user either.
  await Deno.chmod(path, 0o600);
  return {
    address: { kind: "unix", path },
    async *connections() {
      for await (const connection of listener) yield duplexOf(connection);
    },
    [Symbol.dispose]() {
      listener.close();
      try {
        Deno.removeSync(path);
      } catch {
        // Someone has removed it.
      }
    },
  };
}

/** Removes the socket of a process that was killed; refuses to replace anything else. */
async function removeStale(path: string): Promise<void> {
  const info = await Deno.lstat(path).catch((error: unknown) => {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  });
  if (info === undefined) return;
  if (info.isSocket !== true) {
    throw new KodamaError("conflict", `${path} exists, and is not a socket`);
  }
  try {
    using _live = await Deno.connect({ transport: "unix", path });
  } catch (error) {
    if (!(error instanceof Deno.errors.ConnectionRefused)) throw error;
    return await Deno.remove(path);
  }
  throw new KodamaError("conflict", `${path} is in use by another program`);
}

function tcpDuplex(connection: Deno.TcpConn): Duplex {
  connection.setNoDelay(true);
  return duplexOf(connection);
}

/** Large enough for a stream, and small enough for a thousand idle connections. */
const bufferBytes = { first: 4096, largest: 65_536 };

function duplexOf(connection: Deno.Conn): Duplex {
  let buffer = new Uint8Array(bufferBytes.first);
  return {
    async read() {
      const count = await connection.read(buffer);
      if (count === null) return null;
      const bytes = buffer.subarray(0, count);
      if (count === buffer.length && count < bufferBytes.largest) {
        buffer = new Uint8Array(bufferBytes.largest);
      }
      return bytes;
    },
    async write(bytes) {
      for (let remaining = bytes; remaining.length > 0;) {
        remaining = remaining.subarray(await connection.write(remaining));
      }
    },
    closeWrite: () => connection.closeWrite(),
    close() {
      try {
        connection.close();
      } catch {
        // The connection is closed already.
      }
    },
  };
}
