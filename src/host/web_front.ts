/**
 * The connections of `kodama web` and of `kodama mcp --http`: counted, and given a time for the head of their first
 * request, before the HTTP server sees them. Deno's server has neither limit: a client that never finishes its request
 * would stay for ever.
 *
 * Bytes go to a socket that only this user can open, as they are. A client that isn't signed in gets `Connection: close`
 * (`src/web/server.ts`, `src/mcp/http.ts`), so that a second request can't be slow either. Deno's server keeps even such
 * a connection until the body of its request has arrived; here it is ended.
 */
import { removeFile } from "../files/own_files.ts";
import { Deadline, onAbort } from "../base/abort.ts";
import type { Clock } from "../base/clock.ts";
import { KodamaError } from "../base/errors.ts";
import { Semaphore } from "../base/semaphore.ts";

/** The limits of connections. */
interface FrontLimits {
  /** At the same time. */
  connections: number;
  /** At the same time, of an address of another machine. */
  perAddress: number;
  /** Requests of strangers that the server works on at the same time. */
  strangers: number;
  /** For TLS and the head of the first request, and again without a byte of the server's after its last answer. */
  headMs: number;
  headBytes: number;
  /** Without a byte in either direction. */
  idleMs: number;
}

/** The limits of a server. Streams are connections too; they send something each 15 s. */
export const frontLimits: FrontLimits = {
  connections: 1300,
  perAddress: 64,
  strangers: 32,
  headMs: 10_000,
  headBytes: 64 * 1024,
  idleMs: 120_000,
};

/** Small, as there may be more than a thousand connections, each with two of them. */
const blockBytes = 16 * 1024;

/** The head of an answer after which the server expects nothing, whatever its status. */
const lastAnswer =
  /^(?:HTTP\/1\.1 100 [^\r]*\r\n\r\n)?HTTP\/1\.[01] \d\d\d (?:(?!\r\n\r\n)[^])*\r\nconnection: close\r\n/i;
const isInterim = /^HTTP\/1\.1 100 [^\r]*\r\n\r\n$/;

/** HTTP/2 without TLS: many requests in a single connection, which no browser uses. */
const otherProtocol = /^PRI /;

/** Bytes: the limit of macOS is 104, with the end. */
const maxSocketPath = 103;

/** A server of HTTP at a socket that only this user can open. Disposing of it waits for its requests. */
interface LocalServer extends AsyncDisposable {
  readonly path: string;
}

/**
 * Opens the server that connections are passed to.
 *
 * @param name of the socket in kodama's folder; a file of this name is of a process that was killed.
 * @throws KodamaError `environment` if the path is too long.
 */
export async function serveLocally(
  handle: (request: Request) => Response | Promise<Response>,
  { folder, name }: { folder: string; name: string },
): Promise<LocalServer> {
  await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
  const path = `${folder}/${name}`;
  if (new TextEncoder().encode(path).length > maxSocketPath) {
    throw new KodamaError("environment", `the path of a socket can't be as long as ${path}`, {
      hint: "$KODAMA_CONFIG_DIR names another folder",
    });
  }
  await removeFile(path);
  const http = Deno.serve({ path, onListen: () => {} }, handle);
  await Deno.chmod(path, 0o600);
  return {
    path,
    async [Symbol.asyncDispose]() {
      await http.shutdown();
      await removeFile(path);
    },
  };
}

/** Where connections are passed to, and how far. */
interface PassOptions {
  path: string;
  limits: FrontLimits;
  clock: Clock;
  /** Returns whether the head of a request is of a client that is signed in: it doesn't wait for strangers. */
  isKnown: (head: string) => boolean;
  signal: AbortSignal;
}

/** Passes the connections of a listener to the socket at `path` until the signal aborts, and then ends them. */
export async function passConnections(
  listener: Deno.Listener | Deno.TlsListener,
  options: PassOptions,
): Promise<void> {
  const { limits, signal } = options;
  const open = new Set<Promise<void>>();
  const idle: Idle = { strangers: new Set(), unread: new Set() };
  const turns = new Semaphore(limits.strangers);
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
    // Requests that have arrived are read first, before a client is taken for a client that sends none.
    if (open.size >= limits.connections && idle.strangers.size === 0) {
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
    // Strangers make room, and clients that wait with their requests.
    const [oldest] = idle.strangers.size > 0 ? idle.strangers : idle.unread;
    const isFull = open.size >= limits.connections;
    if ((isFull && oldest === undefined) || (isRemote && count > limits.perAddress)) {
      connection.close();
      continue;
    }
    if (isFull && oldest !== undefined) {
      idle.strangers.delete(oldest);
      idle.unread.delete(oldest);
      oldest.abort();
    }
    addresses.set(hostname, count);
    const passing = pass(connection, { ...options, idle, turns }).finally(() => {
      open.delete(passing);
      const others = (addresses.get(hostname) ?? 1) - 1;
      if (others === 0) addresses.delete(hostname);
      else addresses.set(hostname, others);
    });
    open.add(passing);
  }
  await Promise.all(open);
}

/** Connections that the server doesn't work on, as functions that end each; the oldest first. */
interface Idle {
  /** Connections whose request was a stranger's: it waits for its turn, or its last answer is on its way. */
  strangers: Set<AbortController>;
  /** The head of their request isn't there yet. */
  unread: Set<AbortController>;
}

/**
 * Passes a connection. Never rejects: an error of a connection ends it.
 *
 * @param turns of strangers.
 */
async function pass(
  client: Deno.Conn,
  { path, limits, clock, isKnown, signal: all, idle, turns }: PassOptions & {
    idle: Idle;
    turns: Semaphore;
  },
): Promise<void> {
  using cleanup = new DisposableStack();
  const end = new AbortController();
  const { signal } = end;
  cleanup.use(onAbort(all, () => end.abort()));
  idle.unread.add(end);
  const busy = () => {
    idle.unread.delete(end);
    idle.strangers.delete(end);
  };
  cleanup.defer(busy);
  cleanup.defer(() => close(client));
  cleanup.use(onAbort(signal, () => close(client)));
  let server: Deno.Conn;
  let turn: Disposable | undefined;
  cleanup.defer(() => turn?.[Symbol.dispose]());
  try {
    const head = await readHead(client, { limits, clock, signal });
    if (head === undefined) return;
    if (!isKnown(new TextDecoder("latin1").decode(head))) {
      using deadline = new Deadline(clock, limits.headMs, signal);
      idle.unread.delete(end);
      idle.strangers.add(end);
      turn = await turns.acquire(deadline.signal);
    }
    busy();
    server = await Deno.connect({ transport: "unix", path });
    cleanup.defer(() => close(server));
    await writeAll(server, head);
  } catch {
    return;
  }
  let activeAtMs = clock.elapsedMs();
  let limitMs = limits.idleMs;
  let timer: Disposable | undefined;
  const check = () => {
    const restMs = activeAtMs + limitMs - clock.elapsedMs();
    if (restMs > 0) timer = clock.timer(restMs, check);
    else close(client);
  };
  check();
  cleanup.defer(() => timer?.[Symbol.dispose]());
  let phase: "unanswered" | "answered" | "ending" = "unanswered";
  const active = () => {
    // Later bytes of a client don't keep a connection that the server has done with.
    if (phase !== "ending") activeAtMs = clock.elapsedMs();
  };
  const answered = (bytes: Uint8Array) => {
    activeAtMs = clock.elapsedMs();
    if (phase !== "unanswered") return;
    const head = new TextDecoder("latin1").decode(bytes);
    if (isInterim.test(head)) return;
    turn?.[Symbol.dispose]();
    phase = lastAnswer.test(head) ? "ending" : "answered";
    if (phase === "answered") return;
    // A long answer that a client reads slowly is in progress; it makes room all the same.
    idle.strangers.add(end);
    limitMs = limits.headMs;
    timer?.[Symbol.dispose]();
    check();
  };
  await Promise.allSettled([
    // A client that has only ended its requests still gets the answers.
    copy(client, server, active).catch(() => close(server)),
    copy(server, client, answered).finally(() => close(client)),
  ]);
}

/** Reads until the head of a request is complete; undefined if that takes too long, or isn't a head. */
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
    // The connection is closed.
  }
}
