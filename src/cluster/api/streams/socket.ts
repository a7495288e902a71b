/** A WebSocket with back-pressure in both directions, over the `ws` package. */
// @ts-types="@types/ws"
import { WebSocket } from "ws";
import type { ReadFlow } from "./read_flow.ts";

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
        if (socket.readyState !== WebSocket.OPEN) return reject(new Error("the client has gone"));
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
