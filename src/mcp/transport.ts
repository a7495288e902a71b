/** MCP over standard input and output: a message in each line. https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#stdio */
import { Buffer } from "node:buffer";
import {
  type JSONRPCMessage,
  ReadBuffer,
  serializeMessage,
  type Transport,
} from "@modelcontextprotocol/server";
import { serveStdio } from "@modelcontextprotocol/server/stdio";
import { type McpOptions, mcpServers } from "./server.ts";

/** The two directions. */
interface McpStreams {
  input: AsyncIterable<Uint8Array>;
  write: (bytes: Uint8Array) => Promise<void>;
}

/** Serves a client until its input ends. */
export async function serveStreams(
  options: McpOptions,
  { input, write }: McpStreams,
  onError: (error: Error) => void,
): Promise<void> {
  const transport = new StreamTransport(write);
  await using lifetime = new AsyncDisposableStack();
  const connection = serveStdio(mcpServers({ ...options, lifetime }), {
    transport,
    onerror: onError,
  });
  try {
    for await (const chunk of input) transport.receive(chunk);
  } finally {
    await connection.close();
  }
}

class StreamTransport implements Transport {
  onclose?: () => void;
  onerror?: (error: Error) => void;
  onmessage?: (message: JSONRPCMessage) => void;
  readonly #buffer = new ReadBuffer();

  constructor(private readonly write: McpStreams["write"]) {}

  start(): Promise<void> {
    return Promise.resolve();
  }

  /** Takes bytes of the client. A line that isn't a message is reported, and the next line is read. */
  receive(chunk: Uint8Array): void {
    this.#buffer.append(Buffer.from(chunk));
    for (;;) {
      try {
        const message = this.#buffer.readMessage();
        if (message === null) return;
        this.onmessage?.(message);
      } catch (error) {
        this.onerror?.(error instanceof Error ? error : new Error(String(error)));
      }
    }
  }

  async send(message: JSONRPCMessage): Promise<void> {
    await this.write(new TextEncoder().encode(serializeMessage(message)));
  }

  close(): Promise<void> {
    this.onclose?.();
    return Promise.resolve();
  }
}
