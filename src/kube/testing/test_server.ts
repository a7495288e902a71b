/** An in-process API server for tests, and a client of it. */
import type { KubeClient } from "../client.ts";
import { openKubeClient } from "../open_client.ts";
import { authorityOfServer, serverOfAuthority } from "./certificates.ts";
import { type TestHost, testHost } from "./test_host.ts";

/** The server's response to a request. */
export type Answer = (request: Request, body: string) => Response | Promise<Response>;

/** What is done with a client of a server in this process. Requests are recorded as `METHOD path`. */
type ServerTest = (
  fixture: { client: KubeClient; requests: string[]; host: TestHost },
) => Promise<void>;

/** Serves without TLS, so that no credentials are sent. */
export function withServer(
  answer: Answer,
  test: ServerTest,
  user: Record<string, unknown> = { token: "secret" },
  env: Record<string, string> = {},
): Promise<void> {
  return serving(answer, test, { user, env });
}

/** Serves with TLS. */
export function withSecureServer(
  answer: Answer,
  test: ServerTest,
  user: Record<string, unknown>,
): Promise<void> {
  return serving(answer, test, { user, env: {}, identity: serverOfAuthority });
}

async function serving(
  answer: Answer,
  test: ServerTest,
  { user, env, identity }: {
    user: Record<string, unknown>;
    env: Record<string, string>;
    identity?: { cert: string; key: string };
  },
): Promise<void> {
  const requests: string[] = [];
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {}, ...identity },
    async (request) => {
      const url = new URL(request.url);
      requests.push(`${request.method} ${url.pathname}${url.search}`);
      return await answer(request, await request.text());
    },
  );
  const { port } = server.addr;
  const cluster = identity === undefined ? plainCluster(port) : {
    server: `https://127.0.0.1:${port}/base/`,
    "certificate-authority-data": btoa(authorityOfServer),
  };
  const host = testHost({ files: { "/t": "first", "/k": kubeconfigOf(cluster, user) }, env });
  try {
    await using client = await openKubeClient({ kubeconfig: "/k" }, host);
    await test({ client, requests, host });
  } finally {
    await server.shutdown();
  }
}

/** Returns the text of a kubeconfig for a server on this machine, without TLS. */
export function kubeconfig(port: number, user: Record<string, unknown>): string {
  return kubeconfigOf(plainCluster(port), user);
}

function plainCluster(port: number): Record<string, unknown> {
  return { server: `http://127.0.0.1:${port}/base/` };
}

function kubeconfigOf(cluster: Record<string, unknown>, user: Record<string, unknown>): string {
  return JSON.stringify({
    "current-context": "x",
    clusters: [{ name: "c", cluster }],
    users: [{ name: "u", user }],
    contexts: [{ name: "x", context: { cluster: "c", user: "u" } }],
  });
}
