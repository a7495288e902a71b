/**
 * A port of a pod over `v4.channel.k8s.io`: channel 0 carries the data, channel 1 the error; the server
 * begins each with the port, two bytes, little end first.
 */
import { KodamaError } from "../base/errors.ts";
import { plainText } from "../base/plain_text.ts";
import type { ForwardChannel } from "./client.ts";
import type { Transport } from "./transport.ts";
import type { WebSocketLink } from "./websocket.ts";

const dataChannel = 0;
const errorChannel = 1;
const maxFailure = 4096;

/** Connects to one port. Whether anything listens there is known only later, by `failure`. */
export async function openForward(
  transport: Transport,
  path: string,
  port: number,
  signal: AbortSignal,
): Promise<ForwardChannel> {
  const socket = await transport.webSocket(path, ["v4.channel.k8s.io"], { signal });
  return new WebSocketForwardChannel(socket, port);
}

class WebSocketForwardChannel implements ForwardChannel {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
  readonly #failure = Promise.withResolvers<string | undefined>();
  /** Bytes of the port number still to come, by channel. */
  readonly #preface = [2, 2];
  #channel: number | undefined;
  #said = "";

  constructor(private readonly socket: WebSocketLink, private readonly port: number) {
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
      if (received.kind !== "part") {
        const lost = received.kind === "lost" ? received.reason : undefined;
        this.#finish(plainText(this.#said) || lost);
        controller.close();
        return;
      }
      const bytes = this.#payload(received.start, received.bytes);
      if (bytes.length === 0) continue;
      if (this.#channel === dataChannel) return controller.enqueue(bytes);
      this.#said = (this.#said + new TextDecoder().decode(bytes)).slice(0, maxFailure);
      // The pod's refusal is the end, though the server may leave the stream open.
      this.#finish(plainText(this.#said));
      return controller.close();
    }
  }

  /** Without the channel's number and the port that the server begins with. */
  #payload(start: boolean, bytes: Uint8Array): Uint8Array {
    let rest = bytes;
    if (start) this.#channel = undefined;
    if (this.#channel === undefined && rest.length > 0) {
      this.#channel = rest[0] === dataChannel ? dataChannel : errorChannel;
      rest = rest.subarray(1);
    }
    if (this.#channel === undefined) return rest;
    const skipped = Math.min(this.#preface[this.#channel] ?? 0, rest.length);
    this.#preface[this.#channel] = (this.#preface[this.#channel] ?? 0) - skipped;
    return rest.subarray(skipped);
  }

  async #send(bytes: Uint8Array): Promise<void> {
    const message = new Uint8Array(1 + bytes.length);
    message[0] = dataChannel;
    message.set(bytes, 1);
    try {
      await this.socket.send(message);
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
