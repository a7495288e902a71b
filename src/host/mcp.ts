/** Serves the MCP server on this machine: on standard input and output, or over HTTP on loopback. */
import type { ToolsClient } from "../actions/mcp/offer_tools.ts";
import type { ServeToolsOptions } from "../cli/invocation.ts";
import { version } from "../cli/version.ts";
import { definedOnly } from "../base/json_value.ts";
import { KodamaError } from "../base/errors.ts";
import { printable } from "../terminal/printable.ts";
import type { McpOptions } from "../mcp/server.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { frontLimits, passConnections, serveLocally } from "./web_front.ts";

/** Serves until the client or the signal ends it. */
export async function serveTools(
  { host, allowChanges, onlyNamespace, http, clients, signal }: ServeToolsOptions,
  terminal: Terminal,
): Promise<void> {
  const options = { host, allowChanges, version, ...definedOnly({ onlyNamespace }) };
  const onError = (error: unknown) => {
    if (signal.aborted) return;
    const message = error instanceof Error ? error.message : String(error);
    terminal.stderr.write(`mcp: ${printable(message)}\n`).catch(() => {});
  };
  if (clients !== undefined) return await serveClients(options, clients, onError);
  if (http === undefined) {
    const { serveStreams } = await import("../mcp/transport.ts");
    await serveStreams(options, {
      input: terminal.stdin.chunks(signal),
      write: async (bytes) => {
        await terminal.stdout.write(bytes);
        await terminal.stdout.flush();
      },
    }, onError);
    return;
  }
  const { mcpHttpHandler } = await import("../mcp/http.ts");
  using listener = listen(http.port);
  const { port } = listener.addr as Deno.NetAddr;
  await using lifetime = new AsyncDisposableStack();
  const handle = mcpHttpHandler({ ...options, lifetime }, http.token);
  const where = { folder: host.places.configDir, name: `mcp-${Deno.pid}-${port}.sock` };
  await using server = await serveLocally(handle, where);
  http.onListen(`http://127.0.0.1:${port}/mcp`);
  const { path } = server;
  await passConnections(listener, {
    ...{ path, limits: httpLimits, clock: host.clock, signal },
    isKnown: (head) => head.includes(` ${http.token}\r\n`),
  });
}

/** A client may wait for hours for a message of the server's. */
const httpLimits = { ...frontLimits, idleMs: 24 * 3_600_000 };

function listen(port: number): Deno.Listener {
  try {
    return Deno.listen({ hostname: "127.0.0.1", port });
  } catch (error) {
    if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    throw new KodamaError("conflict", `port ${port} is in use`, { cause: error });
  }
}

/** Programs in a pod that are served at once; more are turned away. */
const maxClients = 16;

/** Serves each client until it ends, and all of them until there can't be more. */
async function serveClients(
  options: McpOptions,
  clients: AsyncIterable<ToolsClient>,
  onError: (error: unknown) => void,
): Promise<void> {
  const { serveStreams } = await import("../mcp/transport.ts");
  const served = new Set<Promise<void>>();
  const serve = async (client: ToolsClient) => {
    await using _client = client;
    if (served.size >= maxClients) return;
    await serveStreams(options, client, onError);
  };
  try {
    for await (const client of clients) {
      const end = serve(client).catch(onError).finally(() => served.delete(end));
      served.add(end);
    }
  } finally {
    await Promise.all(served);
  }
}
