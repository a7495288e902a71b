/** Exec and attach, for either protocol of their streams. */
import { plainText } from "../../base/plain_text.ts";
import type { ChannelEvent, ChannelSocket } from "./channel_socket.ts";
import type { ChannelEnd, ExecChannel, OutputChunk, TerminalSize } from "../client.ts";
import { parseStatus } from "../failures.ts";
import type { Status } from "../types.ts";

/** A Status is a few hundred bytes; a longer one isn't stored. */
const maxStatus = 256 * 1024;

/** The exec channel over a socket, for the command at its remote end. */
export class SocketExecChannel implements ExecChannel {
  readonly #end = Promise.withResolvers<ChannelEnd>();
  #status = "";
  #ended = false;
  #iterated = false;

  constructor(private readonly socket: ChannelSocket) {}

  get end(): Promise<ChannelEnd> {
    return this.#end.promise;
  }

  get output(): AsyncIterable<OutputChunk> {
    return { [Symbol.asyncIterator]: () => this.#iterate() };
  }

  async write(bytes: Uint8Array): Promise<void> {
    // Equal pieces, as many as needed: no short tail.
    const pieces = Math.ceil(bytes.length / this.socket.inputPieceBytes);
    const length = Math.ceil(bytes.length / pieces);
    for (let start = 0; start < bytes.length; start += length) {
      if (this.#ended) return;
      await this.socket.send("stdin", bytes.subarray(start, start + length));
    }
  }

  async closeStdin(): Promise<boolean> {
    return this.#ended || await this.socket.closeInput();
  }

  async resize({ columns, rows }: TerminalSize): Promise<void> {
    if (this.#ended) return;
    const size = JSON.stringify({ Width: columns, Height: rows });
    await this.socket.send("resize", new TextEncoder().encode(size));
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
    try {
      while (!this.#ended) {
        const received = await this.socket.receive();
        if (received.kind !== "data") return this.#finish(this.#endAfter(received));
        const { stream, bytes } = received;
        if (stream === "error") this.#addStatus(bytes);
        else yield { stream, bytes };
      }
    } finally {
      // A reader that stops early never resumes: the remaining output would have no reader.
      this.#finish({ kind: "cut", reason: "closed on this side" });
    }
  }

  #addStatus(bytes: Uint8Array): void {
    if (this.#status.length < maxStatus) this.#status += new TextDecoder().decode(bytes);
  }

  /** Only the complete Status, once everything has arrived, determines how the command ended. */
  #endAfter(received: Exclude<ChannelEvent, { kind: "data" }>): ChannelEnd {
    const status = parseStatus(this.#status);
    if (status !== undefined) return endOfStatus(status);
    if (received.kind === "lost") return { kind: "cut", reason: plainText(received.reason, 200) };
    const message = plainText(received.message, 200);
    return {
      kind: "cut",
      reason: `the server closed the stream (${message}) without a final status`,
    };
  }

  #finish(end: ChannelEnd): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#end.resolve(end);
    this.socket[Symbol.dispose]();
  }
}

/**
 * Returns the end that the final Status of an exec reports. `NonZeroExitCode` carries the code as the cause `ExitCode`.
 */
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
