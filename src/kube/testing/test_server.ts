/** An in-process API server for tests, and a client of it. */
import type { KubeClient } from "../client.ts";
import { openKubeClient } from "../open_client.ts";
import { type TestHost, testHost } from "./test_host.ts";

/** The server's response to a request. */
export type Answer = (request: Request, body: string) => Response | Promise<Response>;

/** Returns a client of a server in this process. Requests are recorded as `METHOD path`. */
export async function withServer(
  answer: Answer,
  test: (fixture: { client: KubeClient; requests: string[]; host: TestHost }) => Promise<void>,
  user: Record<string, unknown> = { token: "secret" },
  env: Record<string, string> = {},
): Promise<void> {
  const requests: string[] = [];
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    async (request) => {
      const url = new URL(request.url);
      requests.push(`${request.method} ${url.pathname}${url.search}`);
      return await answer(request, await request.text());
    },
  );
  const files = { "/t": "first", "/k": kubeconfig(server.addr.port, user) };
  const host = testHost({ files, env });
  try {
    await using client = await openKubeClient({ kubeconfig: "/k" }, host);
    await test({ client, requests, host });
  } finally {
    await server.shutdown();
  }
}

/** Returns the text of a kubeconfig for a server on this machine. */
export function kubeconfig(port: number, user: Record<string, unknown>): string {
  return JSON.stringify({
    "current-context": "x",
    clusters: [{ name: "c", cluster: { server: `http://127.0.0.1:${port}/base/` } }],
    users: [{ name: "u", user }],
    contexts: [{ name: "x", context: { cluster: "c", user: "u" } }],
  });
}
