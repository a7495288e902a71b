/** The MCP server in this process, and the official client of it, connected by two streams of bytes. */
import assert from "node:assert/strict";
import { Client, type JSONRPCMessage, type Transport } from "@modelcontextprotocol/client";
import type { Host } from "../../src/actions/host.ts";
import { serveStreams } from "../../src/mcp/transport.ts";

/** A server and the transport of its client, connected by two streams of bytes. */
function connected(
  host: Host,
  { allowChanges = false, tamper = (message) => message, ...limits }: {
    allowChanges?: boolean;
    onlyNamespace?: string;
    tamper?: (message: JSONRPCMessage) => JSONRPCMessage;
  } = {},
): {
  transport: Transport;
  ended: Promise<void>;
} {
  const toServer = new TransformStream<Uint8Array, Uint8Array>();
  const writer = toServer.writable.getWriter();
  const transport: Transport & { pending: string } = {
    pending: "",
    start: () => Promise.resolve(),
    send: (message) =>
      writer.write(new TextEncoder().encode(`${JSON.stringify(tamper(message))}\n`)),
    close: async () => {
      await writer.close().catch(() => {});
      transport.onclose?.();
    },
  };
  const ended = serveStreams({ host, allowChanges, version: "test", ...limits }, {
    input: toServer.readable,
    write: (bytes) => {
      transport.pending += new TextDecoder().decode(bytes);
      const lines = transport.pending.split("\n");
      transport.pending = lines.pop() ?? "";
      for (const line of lines) transport.onmessage?.(JSON.parse(line) as JSONRPCMessage);
      return Promise.resolve();
    },
  }, (error) => assert.fail(error));
  return { transport, ended };
}

/** A client that is connected. Disposal ends both sides. */
interface McpSession extends AsyncDisposable {
  call(name: string, input?: Record<string, unknown>): Promise<{ text: string; isError: boolean }>;
  client: Client;
  /** What the person was asked. */
  questions: string[];
}

/**
 * Opens both.
 *
 * @param answer of the person to each question, who may edit its command; undefined for a client that can't ask.
 */
export async function openMcpSession(
  host: Host,
  { allowChanges = false, answer, modern = false, ...limits }: {
    allowChanges?: boolean;
    onlyNamespace?: string;
    answer?: (message: string) => boolean | { command: string };
    modern?: boolean;
    /** Changes what the client sends. */
    tamper?: (message: JSONRPCMessage) => JSONRPCMessage;
  } = {},
): Promise<McpSession> {
  const { transport, ended } = connected(host, { allowChanges, ...limits });
  const questions: string[] = [];
  const client = new Client({ name: "test", version: "1" }, {
    capabilities: answer === undefined ? {} : { elicitation: { form: {} } },
    ...(modern ? { versionNegotiation: { mode: { pin: "2026-07-28" } } } : {}),
  });
  if (answer !== undefined) {
    client.setRequestHandler("elicitation/create", (request) => {
      const { message } = request.params;
      questions.push(message);
      const given = answer(message);
      if (given === false) return { action: "decline" };
      // As a form does, it gives all fields back.
      const { properties = {} } = "requestedSchema" in request.params
        ? request.params.requestedSchema
        : {};
      const command = properties["command"];
      const shown = command !== undefined && "default" in command
        ? { command: String(command.default) }
        : {};
      return {
        action: "accept",
        content: { approve: true, ...shown, ...(given === true ? {} : given) },
      };
    });
  }
  await client.connect(transport);
  return {
    client,
    questions,
    async call(name, input = {}) {
      const result = await client.callTool({ name, arguments: input });
      const [content] = result.content as { type: string; text: string }[];
      return { text: content?.text ?? "", isError: result.isError === true };
    },
    async [Symbol.asyncDispose]() {
      await client.close();
      await ended;
    },
  };
}
