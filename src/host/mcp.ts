/** Serves the MCP server on this machine: on standard input and output, or over HTTP on loopback. */
import type { ServeToolsOptions } from "../cli/invocation.ts";
import { version } from "../cli/version.ts";
import { definedOnly } from "../base/json_value.ts";
import { KodamaError } from "../base/errors.ts";
import { printable } from "../terminal/printable.ts";
import type { Terminal } from "../terminal/terminal.ts";

/** Serves until the client or the signal ends it. */
export async function serveTools(
  { host, allowChanges, onlyNamespace, http, signal }: ServeToolsOptions,
  terminal: Terminal,
): Promise<void> {
  const options = { host, allowChanges, version, ...definedOnly({ onlyNamespace }) };
  if (http === undefined) {
    const { serveStreams } = await import("../mcp/transport.ts");
    await serveStreams(options, {
      input: terminal.stdin.chunks(signal),
      write: async (bytes) => {
        await terminal.stdout.write(bytes);
        await terminal.stdout.flush();
      },
    }, (error) => {
      terminal.stderr.write(`mcp: ${printable(error.message)}\n`).catch(() => {});
    });
    return;
  }
  const { mcpHttpHandler } = await import("../mcp/http.ts");
  await using lifetime = new AsyncDisposableStack();
  try {
    const server = Deno.serve({
      hostname: "127.0.0.1",
      port: http.port,
      signal,
      onListen: ({ port }) => http.onListen(`http://127.0.0.1:${port}/mcp`),
    }, mcpHttpHandler({ ...options, lifetime }, http.token));
    await server.finished;
  } catch (error) {
    if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    throw new KodamaError("conflict", `port ${http.port} is in use`, { cause: error });
  }
}
