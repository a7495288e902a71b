/**
 * Exec and attach over `v5.channel.k8s.io` or `v4.channel.k8s.io`: one byte of channel before each
 * message. https://github.com/kubernetes/enhancements/tree/master/keps/sig-api-machinery/4006-transition-spdy-to-websockets
 */
import type { ChannelEnd, ExecChannel, OutputChunk, TerminalSize } from "./client.ts";
import { parseStatus, plainText } from "./failures.ts";
import type { Status } from "./types.ts";
import type { WebSocketLink } from "./websocket.ts";

const channel = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4, close: 255 } as const;

/** Sub-protocols, the best first: v5 adds the end of standard input. */
export const channelProtocols = ["v5.channel.k8s.io", "v4.channel.k8s.io"] as const;

/** A Status is a few hundred bytes; what is longer isn't kept. */
const maxStatus = 256 * 1024;
/** Servers copy standard input in pieces of 32 KiB; larger messages are only held longer. */
const inputPiece = 32 * 1024;

/** Speaks for one open WebSocket. */
export class WebSocketExecChannel implements ExecChannel {
  readonly #end = Promise.withResolvers<ChannelEnd>();
  #status = "";
  #ended = false;
  #iterated = false;

  constructor(private readonly socket: WebSocketLink) {}

  get end(): Promise<ChannelEnd> {
    return this.#end.promise;
  }

  get output(): AsyncIterable<OutputChunk> {
    return { [Symbol.asyncIterator]: () => this.#iterate() };
  }

  async write(bytes: Uint8Array): Promise<void> {
    for (let start = 0; start < bytes.length; start += inputPiece) {
      if (this.#ended) return;
      await this.#send(channel.stdin, bytes.subarray(start, start + inputPiece));
    }
  }

  async closeStdin(): Promise<boolean> {
    if (this.socket.protocol !== channelProtocols[0]) return false;
    if (!this.#ended) await this.#send(channel.close, Uint8Array.of(channel.stdin));
    return true;
  }

  async resize({ columns, rows }: TerminalSize): Promise<void> {
    if (this.#ended) return;
    const size = JSON.stringify({ Width: columns, Height: rows });
    await this.#send(channel.resize, new TextEncoder().encode(size));
  }

  close(): Promise<void> {
    this.#finish({ kind: "cut", reason: "closed on this side" });
    return Promise.resolve();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async *#iterate(): AsyncGenerator<OutputChunk, void> {
    if (this.#iterated) throw new TypeError("the output of a channel is read once");
    this.#iterated = true;
    let current: number | undefined;
    try {
      while (!this.#ended) {
        const received = await this.socket.receive();
        if (received.kind !== "part") return this.#finish(this.#endAfter(received));
        if (received.start) current = undefined;
        let { bytes } = received;
        if (current === undefined && bytes.length > 0) {
          current = bytes[0];
          bytes = bytes.subarray(1);
        }
        if (bytes.length === 0) continue;
        if (current === channel.stdout) yield { stream: "stdout", bytes };
        else if (current === channel.stderr) yield { stream: "stderr", bytes };
        else if (current === channel.error) this.#addStatus(bytes);
      }
    } finally {
      // A reader that leaves early leaves for good: nobody would take the rest.
      this.#finish({ kind: "cut", reason: "closed on this side" });
    }
  }

  #addStatus(bytes: Uint8Array): void {
    if (this.#status.length < maxStatus) this.#status += new TextDecoder().decode(bytes);
  }

  /** The Status, once all has arrived, and only a whole one, tells how the command ended. */
  #endAfter(
    received: { kind: "closed"; code: number; reason: string } | { kind: "lost"; reason: string },
  ): ChannelEnd {
    const status = parseStatus(this.#status);
    if (status !== undefined) return endOfStatus(status);
    const said = plainText(received.reason, 200);
    if (received.kind === "lost") return { kind: "cut", reason: said };
    return {
      kind: "cut",
      reason: `the server closed the stream (${received.code}${
        said === "" ? "" : `: ${said}`
      }) without a final status`,
    };
  }

  #finish(end: ChannelEnd): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#end.resolve(end);
    this.socket[Symbol.dispose]();
  }

  #send(to: number, bytes: Uint8Array): Promise<void> {
    const message = new Uint8Array(1 + bytes.length);
    message[0] = to;
    message.set(bytes, 1);
    return this.socket.send(message);
  }
}

/** What the final Status of an exec says. `NonZeroExitCode` carries the code as the cause `ExitCode`. */
export function endOfStatus(status: Status): ChannelEnd {
  if (status.status === "Success") return { kind: "exited", exitCode: 0 };
  if (status.reason === "NonZeroExitCode") {
    const causes = Array.isArray(status.details?.causes) ? status.details.causes : [];
    const text = causes.find((cause) => cause?.reason === "ExitCode")?.message;
    const exitCode = /^-?\d{1,10}$/.test(text ?? "") ? Number(text) : undefined;
    if (exitCode !== undefined) return { kind: "exited", exitCode };
  }
  return { kind: "refused", status };
}
