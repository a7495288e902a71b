/** The streams of one remote command over one link, for either protocol. */
import type { WebSocketLink } from "./websocket.ts";

/** The streams that the server sends. */
export type ServerStream = "stdout" | "stderr" | "error";

/** An event that a {@link ChannelSocket} returns to its reader. */
export type ChannelEvent =
  | { kind: "data"; stream: ServerStream; bytes: Uint8Array }
  /** The peer sent a close message. */
  | { kind: "closed"; message: string }
  /** The network connection ended without one. */
  | { kind: "lost"; reason: string };

/** One reader, any number of writers. Disposing of it drops the link. */
export interface ChannelSocket extends Disposable {
  /** Larger pieces are only buffered for longer on the way. */
  readonly inputPieceBytes: number;
  /** Returns the next event, or how the channel ended. Never rejects. One call at a time. */
  receive(): Promise<ChannelEvent>;
  /** Resolves when the network has accepted it. */
  send(stream: "stdin" | "resize", bytes: Uint8Array): Promise<void>;
  /** Signals the end of standard input; returns false if the protocol can't. */
  closeInput(): Promise<boolean>;
}

/*
 * The streams of a remote command over `v5.channel.k8s.io` or `v4.channel.k8s.io`: one byte of channel before each
 * message. https://github.com/kubernetes/enhancements/tree/master/keps/sig-api-machinery/4006-transition-spdy-to-websockets
 */

const channel = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4, close: 255 } as const;
const received: readonly (ServerStream | undefined)[] = [undefined, "stdout", "stderr", "error"];

/** Sub-protocols, the best first: v5 adds the end of standard input. */
export const channelProtocols = ["v5.channel.k8s.io", "v4.channel.k8s.io"] as const;

/** The channel socket over one open WebSocket. */
export class WebSocketSocket implements ChannelSocket {
  /** Servers copy standard input in pieces of 32 KiB; to them, messages of four times that cost a tenth less. */
  readonly inputPieceBytes = 128 * 1024;
  /** The channel of the message that is being received. */
  #channel: number | undefined;

  constructor(private readonly socket: WebSocketLink) {}

  async receive(): Promise<ChannelEvent> {
    for (;;) {
      const part = await this.socket.receive();
      if (part.kind === "lost") return part;
      if (part.kind === "closed") {
        const { code, reason } = part;
        return { kind: "closed", message: reason === "" ? String(code) : `${code}: ${reason}` };
      }
      if (part.start) this.#channel = undefined;
      let { bytes } = part;
      if (this.#channel === undefined && bytes.length > 0) {
        this.#channel = bytes[0];
        bytes = bytes.subarray(1);
      }
      const stream = this.#channel === undefined ? undefined : received[this.#channel];
      if (stream !== undefined && bytes.length > 0) return { kind: "data", stream, bytes };
    }
  }

  send(stream: "stdin" | "resize", bytes: Uint8Array): Promise<void> {
    return this.#send(channel[stream], bytes);
  }

  async closeInput(): Promise<boolean> {
    if (this.socket.protocol !== channelProtocols[0]) return false;
    await this.#send(channel.close, Uint8Array.of(channel.stdin));
    return true;
  }

  [Symbol.dispose](): void {
    this.socket[Symbol.dispose]();
  }

  #send(to: number, bytes: Uint8Array): Promise<void> {
    const message = new Uint8Array(1 + bytes.length);
    message[0] = to;
    message.set(bytes, 1);
    return this.socket.send(message);
  }
}
