/**
 * The simulated API server, a process of its own so that what a client costs can be measured apart from it:
 *
 *     deno run simulated_server.ts CERTIFICATE KEY
 *
 * It prints its port, and serves until it is killed. An exec is answered at once and ends well, whatever
 * the pod's name is: what is measured is the client.
 */
import { createServer, type Server } from "node:https";
import { WebSocketServer } from "ws";
import { endMarkOf } from "../../src/exec/marked_line.ts";
import { answer, printed } from "./simulated_api.ts";

/*
 * Why not Deno.serve: its TLS connections keep Nagle's algorithm on, so each frame after the first waits 40 ms
 * for the client's delayed acknowledgement. Go's servers, the real one among them, switch it off.
 */

const protocol = "v5.channel.k8s.io";
const channel = { stdout: 1, stderr: 2, error: 3 } as const;
const success = JSON.stringify({ metadata: {}, status: "Success" });

/** Lists are made once: at their size, making them would be what is measured. */
const kept = new Map<string, string>();

function document(url: URL): { code: number; text: string } {
  const key = url.pathname + url.search;
  const before = kept.get(key);
  if (before !== undefined) return { code: 200, text: before };
  const { code, body } = answer(url);
  const text = JSON.stringify(body);
  if (code === 200 && url.searchParams.has("limit")) kept.set(key, text);
  return { code, text };
}

function message(to: number, text: string): Uint8Array {
  const bytes = new TextEncoder().encode(`\0${text}`);
  bytes[0] = to;
  return bytes;
}

function simulatedServer(identity: { cert: string; key: string }): Server {
  const base = "https://simulated";
  const sockets = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    handleProtocols: (offered) => offered.has(protocol) && protocol,
  });
  const server = createServer(identity, (request, response) => {
    const { code, text } = document(new URL(request.url ?? "/", base));
    response.writeHead(code, { "content-type": "application/json" }).end(text);
  });
  // The option `noDelay` doesn't reach connections that are secured.
  server.on("secureConnection", (connection) => connection.setNoDelay(true));
  server.on("upgrade", (request, connection, head) => {
    const { pathname, searchParams } = new URL(request.url ?? "/", base);
    const pod = pathname.split("/").at(-2) ?? "";
    sockets.handleUpgrade(request, connection, head, (socket) => {
      // A client that hangs up has had enough.
      socket.on("error", () => {});
      const words = searchParams.getAll("command");
      const { first, end } = ownLines(words);
      socket.send(message(channel.stdout, first + printed(pod, words) + end));
      if (end !== "") socket.send(message(channel.stderr, end));
      socket.send(message(channel.error, success));
      socket.close(1000);
    });
  });
  return server;
}

/** Returns what kodama's shell in the pod prints around the command: without it, no success counts as one. */
function ownLines(words: readonly string[]): { first: string; end: string } {
  const [, nonce] = words.map((word) => /^kodama:([^:]+):$/.exec(word)).find((found) => found) ??
    [];
  if (nonce === undefined) return { first: "", end: "" };
  return { first: `kodama:${nonce}:1\n`, end: `${endMarkOf(nonce)}0\n` };
}

if (import.meta.main) {
  const [certificate = "", key = ""] = Deno.args;
  const server = simulatedServer({
    cert: await Deno.readTextFile(certificate),
    key: await Deno.readTextFile(key),
  });
  server.listen(0, "127.0.0.1", () => {
    const address = server.address();
    // deno-lint-ignore no-console -- its parent reads the port
    if (typeof address === "object") console.log(address?.port);
  });
}
