/**
 * Stopping a TLS connection from reading.
 *
 * `pause()` alone doesn't, under Deno's node:tls: the socket continues to decrypt the client's data, into memory
 * without a bound. The TCP handle below it can be stopped, and then the client's own writes wait. It is reached by
 * fields that aren't public; if they are missing (Node itself), `pause()` does all that is needed.
 */
import type { Duplex } from "node:stream";

interface TcpHandle {
  readStop(): unknown;
  readStart(): unknown;
}

/** The flow of bytes into a socket. */
export interface ReadFlow {
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
