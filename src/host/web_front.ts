/**
 * The connections of `kodama web`: counted, and given a time for the head of their first request, before the HTTP server
 * sees them. Deno's server has neither limit: a client that never finishes its request would stay for ever.
 *
 * Bytes go to a socket that only this user can open, as they are. A client that isn't signed in gets `Connection: close`
 * (`src/web/server.ts`), so that a second request can't be slow either. Deno's server keeps even such a connection until
 * the body of its request has arrived; here it is ended.
 */
import { Deadline, onAbort } from "../base/abort.ts";
import type { Clock } from "../base/clock.ts";

/** The limits of connections. */
interface FrontLimits {
  /** At the same time. */
  connections: number;
  /** At the same time, of one address of another machine. */
  perAddress: number;
  /** For TLS and the head of the first request, and again for the end after a refusal. */
  headMs: number;
  headBytes: number;
  /** Without a byte in either direction. */
  idleMs: number;
}

/** The limits of a server. Streams are connections too; they send something each 15 s. */
export const frontLimits: FrontLimits = {
  connections: 1300,
  perAddress: 64,
  headMs: 10_000,
  headBytes: 64 * 1024,
  idleMs: 120_000,
};

/** Small, as there may be more than a thousand connections, each with two of them. */
const blockBytes = 16 * 1024;

/** An answer after which the server expects nothing. */
const refusal =
  /^(?:HTTP\/1\.1 100 [^\r]*\r\n\r\n)?HTTP\/1\.[01] [45]\d\d [^]*\r\nconnection: close\r\n/i;
const isInterim = /^HTTP\/1\.1 100 [^\r]*\r\n\r\n$/;

/** HTTP/2 without TLS: many requests in one connection, which no browser uses. */
const otherProtocol = /^PRI /;

/** Passes the connections of a listener to the socket at `path` until the signal aborts, and then ends them. */
export async function passConnections(
  listener: Deno.Listener | Deno.TlsListener,
  { path, limits, clock, signal }: {
    path: string;
    limits: FrontLimits;
    clock: Clock;
    signal: AbortSignal;
  },
): Promise<void> {
  const open = new Set<Promise<void>>();
  const idle = new Set<Deno.Conn>();
  const addresses = new Map<string, number>();
  using _closed = onAbort(signal, () => listener.close());
  while (!signal.aborted) {
    let connection: Deno.Conn;
    try {
      connection = await listener.accept();
    } catch (error) {
      if (signal.aborted) break;
      // A client that is gone already, or too many files of this process: others may come.
      if (error instanceof Deno.errors.BadResource) throw error;
      continue;
    }
    const { hostname } = connection.remoteAddr as Deno.NetAddr;
    const count = (addresses.get(hostname) ?? 0) + 1;
    const isRemote = !/^(?:127\.|::1$)/.test(hostname);
    // Clients that wait with their requests make room for one that may not.
    const [oldest] = idle;
    const isFull = open.size >= limits.connections;
    if ((isFull && oldest === undefined) || (isRemote && count > limits.perAddress)) {
      connection.close();
      continue;
    }
    if (isFull && oldest !== undefined) {
      idle.delete(oldest);
      close(oldest);
    }
    addresses.set(hostname, count);
    const passing = pass(connection, { path, limits, clock, signal, idle }).finally(() => {
      open.delete(passing);
      const others = (addresses.get(hostname) ?? 1) - 1;
      if (others === 0) addresses.delete(hostname);
      else addresses.set(hostname, others);
    });
    open.add(passing);
  }
  await Promise.all(open);
}

/**
 * Passes one connection. Never rejects: what breaks a connection ends it.
 *
 * @param idle has it as long as it has sent no request, and after a refusal.
 */
async function pass(
  client: Deno.Conn,
  { path, limits, clock, signal, idle }: Parameters<typeof passConnections>[1] & {
    idle: Set<Deno.Conn>;
  },
): Promise<void> {
  using cleanup = new DisposableStack();
  idle.add(client);
  cleanup.defer(() => idle.delete(client));
  cleanup.defer(() => close(client));
  cleanup.use(onAbort(signal, () => close(client)));
  let server: Deno.Conn;
  try {
    const head = await readHead(client, { limits, clock, signal });
    if (head === undefined) return;
    idle.delete(client);
    server = await Deno.connect({ transport: "unix", path });
    cleanup.defer(() => close(server));
    await writeAll(server, head);
  } catch {
    return;
  }
  let activeAtMs = clock.elapsedMs();
  let timer: Disposable | undefined;
  const check = () => {
    const restMs = activeAtMs + limits.idleMs - clock.elapsedMs();
    if (restMs > 0) timer = clock.timer(restMs, check);
    else close(client);
  };
  check();
  cleanup.defer(() => timer?.[Symbol.dispose]());
  const active = () => void (activeAtMs = clock.elapsedMs());
  let isAnswered = false;
  const answered = (bytes: Uint8Array) => {
    active();
    if (isAnswered) return;
    const head = new TextDecoder("latin1").decode(bytes);
    isAnswered = !isInterim.test(head);
    if (!refusal.test(head)) return;
    idle.add(client);
    cleanup.use(clock.timer(limits.headMs, () => close(client)));
  };
  await Promise.allSettled([
    // A client that has only ended its requests still gets the answers.
    copy(client, server, active).catch(() => close(server)),
    copy(server, client, answered).finally(() => close(client)),
  ]);
}

/** Reads until the head of a request is complete; undefined if that takes too long, or isn't one. */
async function readHead(
  client: Deno.Conn,
  { limits, clock, signal }: { limits: FrontLimits; clock: Clock; signal: AbortSignal },
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  using deadline = new Deadline(clock, limits.headMs, signal);
  using _late = onAbort(deadline.signal, () => close(client));
  if ("handshake" in client) await (client as Deno.TlsConn).handshake();
  const bytes = new Uint8Array(limits.headBytes);
  const decoder = new TextDecoder("latin1");
  for (let length = 0; length < bytes.length;) {
    const count = await client.read(bytes.subarray(length));
    if (count === null) return undefined;
    const from = Math.max(0, length - 3);
    length += count;
    if (otherProtocol.test(decoder.decode(bytes.subarray(0, 4)))) return undefined;
    if (decoder.decode(bytes.subarray(from, length)).includes("\r\n\r\n")) {
      return bytes.slice(0, length);
    }
  }
  return undefined;
}

/** @param active is called with each block before it is written, and after it. */
async function copy(
  from: Deno.Conn,
  to: Deno.Conn,
  active: (bytes: Uint8Array) => void,
): Promise<void> {
  const block = new Uint8Array(blockBytes);
  for (;;) {
    const count = await from.read(block);
    if (count === null) break;
    const bytes = block.subarray(0, count);
    active(bytes);
    await writeAll(to, bytes);
    active(bytes);
  }
  await to.closeWrite();
}

async function writeAll(to: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await to.write(bytes.subarray(at));
}

/** Closes a connection that may be closed already. */
function close(connection: Deno.Conn): void {
  try {
    connection.close();
  } catch {
    // It is closed.
  }
}
