/** A port of a pod, for either protocol. */
import { KodamaError } from "../base/errors.ts";
import { plainText } from "../base/plain_text.ts";
import type { ChannelEvent, ChannelSocket } from "./streams/channel_socket.ts";
import type { ForwardChannel } from "./client.ts";
import type { PodStreams } from "./pod_streams.ts";
import type { Transport } from "./http/transport.ts";
import { UpgradeRefused } from "./streams/upgrade.ts";
import type { WebSocketLink } from "./streams/websocket.ts";

const dataChannel = 0;
const maxFailure = 4096;

/** Connects to one port. `failure` reports later whether anything listens there. */
export async function openForward(
  streams: PodStreams,
  transport: Transport,
  { namespace, path, port, signal }: {
    namespace: string;
    path: string;
    port: number;
    signal: AbortSignal;
  },
): Promise<ForwardChannel> {
  const socket = await streams.open<ChannelSocket>({
    resource: { namespace, subresource: "portforward" },
    prefersSpdy: false,
    webSocket: async () => {
      const link = await transport.webSocket(path, ["v4.channel.k8s.io"], { signal });
      return link instanceof UpgradeRefused ? link : new WebSocketPort(link);
    },
    spdy: async () => {
      const { portStreams } = await import("./streams/spdy_socket.ts");
      return await transport.spdy(
        path,
        { protocol: "portforward.k8s.io", streams: portStreams(port) },
        { signal, use: "prompt" },
      );
    },
  });
  return new SocketForwardChannel(socket, port);
}

/**
 * The streams of a port over `v4.channel.k8s.io`: channel 0 carries the data, channel 1 the error; the server starts
 * each with the port, two bytes, little end first. Data comes as `stdout`.
 */
class WebSocketPort implements ChannelSocket {
  readonly inputPieceBytes = 128 * 1024;
  /** Remaining bytes of the port number, by channel. */
  readonly #preface = [2, 2];
  #channel: 0 | 1 | undefined;

  constructor(private readonly link: WebSocketLink) {}

  async receive(): Promise<ChannelEvent> {
    for (;;) {
      const received = await this.link.receive();
      if (received.kind === "lost") return received;
      if (received.kind === "closed") return { kind: "closed", message: String(received.code) };
      const bytes = this.#payload(received.start, received.bytes);
      if (bytes.length === 0) continue;
      return { kind: "data", stream: this.#channel === dataChannel ? "stdout" : "error", bytes };
    }
  }

  async send(_stream: "stdin" | "resize", bytes: Uint8Array): Promise<void> {
    const message = new Uint8Array(1 + bytes.length);
    message[0] = dataChannel;
    message.set(bytes, 1);
    await this.link.send(message);
  }

  closeInput(): Promise<boolean> {
    return Promise.resolve(false);
  }

  [Symbol.dispose](): void {
    this.link[Symbol.dispose]();
  }

  /** Strips the channel's number and the port that the server sends first. */
  #payload(start: boolean, bytes: Uint8Array): Uint8Array {
    let payload = bytes;
    if (start) this.#channel = undefined;
    if (this.#channel === undefined && payload.length > 0) {
      this.#channel = payload[0] === dataChannel ? dataChannel : 1;
      payload = payload.subarray(1);
    }
    if (this.#channel === undefined) return payload;
    const skipped = Math.min(this.#preface[this.#channel] ?? 0, payload.length);
    this.#preface[this.#channel] = (this.#preface[this.#channel] ?? 0) - skipped;
    return payload.subarray(skipped);
  }
}

class SocketForwardChannel implements ForwardChannel {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
  readonly #failure = Promise.withResolvers<string | undefined>();
  #refusal = "";

  constructor(private readonly socket: ChannelSocket, private readonly port: number) {
    this.readable = new ReadableStream<Uint8Array>({
      pull: (controller) => this.#pull(controller),
      cancel: () => this.#finish(undefined),
    }, { highWaterMark: 0 });
    this.writable = new WritableStream<Uint8Array>({
      write: (bytes) => this.#send(bytes),
    });
  }

  get failure(): Promise<string | undefined> {
    return this.#failure.promise;
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#finish(undefined);
    return Promise.resolve();
  }

  async #pull(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    for (;;) {
      const received = await this.socket.receive();
      if (received.kind !== "data") {
        const lost = received.kind === "lost" ? received.reason : undefined;
        this.#finish(plainText(this.#refusal) || lost);
        controller.close();
        return;
      }
      const { stream, bytes } = received;
      if (stream === "stdout") return controller.enqueue(bytes);
      this.#refusal = (this.#refusal + new TextDecoder().decode(bytes)).slice(0, maxFailure);
      // The pod's refusal is the end, though the server may leave the stream open.
      this.#finish(plainText(this.#refusal));
      return controller.close();
    }
  }

  async #send(bytes: Uint8Array): Promise<void> {
    try {
      await this.socket.send("stdin", bytes);
    } catch (error) {
      throw new KodamaError("unreachable", `the link to port ${this.port} is gone`, {
        cause: error,
      });
    }
  }

  #finish(failure: string | undefined): void {
    this.#failure.resolve(failure === "" ? undefined : failure);
    this.socket[Symbol.dispose]();
  }
}
