/**
 * The simulated API server, a process of its own so that what a client costs can be measured apart from it:
 *
 *     deno run simulated_server.ts CERTIFICATE KEY
 *
 * It prints its port, and serves until it is killed. An exec is answered at once and ends well, whatever
 * the pod's name is: what is measured is the client.
 */
import { answer, printed } from "./simulated_api.ts";

const protocol = "v5.channel.k8s.io";
const channel = { stdout: 1, error: 3 } as const;
const success = JSON.stringify({ metadata: {}, status: "Success" });

/** Lists are made once: at their size, making them would be what is measured. */
const kept = new Map<string, string>();

function document(url: URL): Response {
  const key = url.pathname + url.search;
  const before = kept.get(key);
  const { code, body } = before === undefined ? answer(url) : { code: 200, body: undefined };
  const text = before ?? JSON.stringify(body);
  if (code === 200 && url.searchParams.has("limit")) kept.set(key, text);
  return new Response(text, { status: code, headers: { "content-type": "application/json" } });
}

function message(to: number, text: string): Uint8Array<ArrayBuffer> {
  const bytes = new TextEncoder().encode(`\0${text}`);
  bytes[0] = to;
  return bytes;
}

function execute(request: Request, { pathname, searchParams }: URL): Response {
  const pod = pathname.split("/").at(-2) ?? "";
  const { socket, response } = Deno.upgradeWebSocket(request, { protocol });
  socket.onopen = () => {
    for (const text of printed(pod, searchParams.getAll("command"))) {
      socket.send(message(channel.stdout, text));
    }
    socket.send(message(channel.error, success));
    socket.close(1000);
  };
  // A client that hangs up has had enough.
  socket.onerror = () => {};
  return response;
}

if (import.meta.main) {
  const [certificate = "", key = ""] = Deno.args;
  Deno.serve({
    hostname: "127.0.0.1",
    port: 0,
    cert: await Deno.readTextFile(certificate),
    key: await Deno.readTextFile(key),
    // deno-lint-ignore no-console -- whoever started it reads the port
    onListen: ({ port }) => console.log(port),
    onError: () => new Response(null, { status: 500 }),
  }, (request) => {
    const url = new URL(request.url);
    const upgrade = request.headers.get("upgrade")?.toLowerCase() === "websocket";
    return upgrade && url.pathname.endsWith("/exec") ? execute(request, url) : document(url);
  });
}
