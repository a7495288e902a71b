/** A WebSocket with back-pressure in both directions, over the `ws` package. */
// @ts-types="@types/ws" -- the package holds no types
import { WebSocket } from "ws";
import type { Duplex } from "node:stream";

/** Messages in order, one at a time; writing waits until the network took it. */
export interface MessageSocket {
  readonly protocol: string;
  /** Resolves when this process has sent the bytes. Rejects once the link is closed. */
  send(message: Uint8Array): Promise<void>;
  /**
   * Passes each message to `take` and reads on only when that has resolved, so that a slow process slows its client.
   * Resolves when the link is closed.
   */
  receive(take: (message: Uint8Array) => Promise<void>): Promise<void>;
  /** Sends a close frame, and drops a client that doesn't answer within the timeout of `ws`. */
  close(code: number, reason?: string): void;
}

/** Wraps an accepted WebSocket that speaks this sub-protocol, over a connection whose flow can be stopped. */
export function messageSocket(
  socket: WebSocket,
  { protocol, flow }: { protocol: string; flow: ReadFlow },
): MessageSocket {
  return {
    protocol,
    send: (message) =>
      new Promise((resolve, reject) => {
        if (socket.readyState !== WebSocket.OPEN) {
          return reject(new Error("the client has disconnected"));
        }
        socket.send(message, (error) => error ? reject(error) : resolve());
      }),
    receive: (take) => receive(socket, flow, take),
    close(code, reason) {
      socket.close(code, reason);
      // The client's close frame follows data that it still sends: that is read, and dropped.
      flow.start();
      socket.resume();
    },
  };
}

function receive(
  socket: WebSocket,
  flow: ReadFlow,
  take: (message: Uint8Array) => Promise<void>,
): Promise<void> {
  // Data that the socket has already read still arrives while it is paused: this chain queues it.
  let chain = Promise.resolve();
  let waiting = 0;
  const onMessage = (data: Uint8Array) => {
    if (socket.readyState !== WebSocket.OPEN) return;
    waiting++;
    socket.pause();
    flow.stop();
    chain = chain.then(() => take(data)).catch(() => {}).finally(() => {
      waiting--;
      if (waiting > 0 || socket.readyState !== WebSocket.OPEN) return;
      flow.start();
      socket.resume();
    });
  };
  const { promise, resolve } = Promise.withResolvers<void>();
  socket.binaryType = "nodebuffer";
  socket.on("message", (data: unknown) => onMessage(bytesOf(data)));
  socket.on("close", () => resolve());
  // A broken link means that the client disconnected: `close` follows it.
  socket.on("error", () => {});
  return promise;
}

function bytesOf(data: unknown): Uint8Array {
  if (data instanceof Uint8Array) return data;
  return data instanceof ArrayBuffer ? new Uint8Array(data) : new Uint8Array();
}

/* TCP connections to a pod, read and written without Deno's streams, which close both halves when one ends. */

/** Passes bytes to the client in a message. */
const chunkBytes = 32 * 1024;

/** Returns the pod's output until its end. Each chunk is its own. */
export async function* bytesFrom(connection: Deno.TcpConn): AsyncGenerator<Uint8Array> {
  const buffer = new Uint8Array(chunkBytes);
  for (;;) {
    const count = await connection.read(buffer);
    if (count === null) return;
    yield buffer.slice(0, count);
  }
}

/** Writes all of them. */
export async function writeAll(connection: Deno.TcpConn, bytes: Uint8Array): Promise<void> {
  for (let sent = 0; sent < bytes.length;) sent += await connection.write(bytes.subarray(sent));
}

/** Closes a connection that the other direction may have closed already. */
export function closeOnce(connection: Deno.TcpConn | undefined): void {
  try {
    connection?.close();
  } catch (error) {
    if (!(error instanceof Deno.errors.BadResource)) throw error;
  }
}

/*
 * Stopping a TLS connection from reading.
 *
 * `pause()` alone doesn't, under Deno's node:tls: the socket continues to decrypt the client's data, into memory
 * without a bound. The TCP handle below it can be stopped, and then the client's own writes wait. It is reached by
 * fields that aren't public; if they are missing (Node itself), `pause()` does all that is needed.
 */

interface TcpHandle {
  readStop(): unknown;
  readStart(): unknown;
}

/** The flow of bytes into a socket. */
interface ReadFlow {
  stop(): void;
  start(): void;
}

/** The flow below a socket. */
export function readFlow(socket: Duplex): ReadFlow {
  const handle = handleBelow(socket);
  return {
    stop: () => void handle?.readStop(),
    start: () => {
      // A socket that was closed meanwhile has no handle to start.
      if (!socket.destroyed) handle?.readStart();
    },
  };
}

function handleBelow(socket: unknown): TcpHandle | undefined {
  const parent = (socket as { _handle?: { _parent?: unknown } })._handle?._parent;
  const { readStop, readStart } = (parent ?? {}) as Partial<TcpHandle>;
  if (typeof readStop !== "function" || typeof readStart !== "function") return undefined;
  return parent as TcpHandle;
}
