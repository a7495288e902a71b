/** MCP over HTTP, for this machine alone: on loopback, with a token, and only for pages of this machine. */
import {
  createMcpHandler,
  hostHeaderValidationResponse,
  localhostAllowedHostnames,
  localhostAllowedOrigins,
  originValidationResponse,
} from "@modelcontextprotocol/server";
import { type McpOptions, mcpServers } from "./server.ts";

/** Answers HTTP requests. */
type HttpHandler = (request: Request) => Promise<Response>;

/** Returns the handler of `/mcp`. Requests without the token, or from other pages and names, are refused. */
export function mcpHttpHandler(options: McpOptions, token: string): HttpHandler {
  const handler = createMcpHandler(mcpServers(options));
  return async (request) => {
    // A name that resolves to this machine, and a page of another server, can't reach it: DNS rebinding.
    const refused = hostHeaderValidationResponse(request, localhostAllowedHostnames()) ??
      originValidationResponse(request, localhostAllowedOrigins());
    if (refused !== undefined) return last(refused);
    if (new URL(request.url).pathname !== "/mcp") {
      return last(new Response("not found", { status: 404 }));
    }
    const given = request.headers.get("authorization") ?? "";
    if (!await isSame(given, `Bearer ${token}`)) {
      const headers = { "www-authenticate": "Bearer" };
      return last(new Response("unauthorized", { status: 401, headers }));
    }
    return await handler.fetch(request);
  };
}

/** A client without the token gets no second request in its connection. */
function last({ body, status, headers }: Response): Response {
  return new Response(body, { status, headers: [...headers, ["connection", "close"]] });
}

/** Compares digests, which takes as long for a near miss as for any other. */
async function isSame(a: string, b: string): Promise<boolean> {
  const [one, other] = await Promise.all(
    [a, b].map(async (text) =>
      new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)))
    ),
  );
  return one?.every((byte, index) => byte === other?.[index]) ?? false;
}
