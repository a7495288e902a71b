/** Which connections logs come over, from a server that speaks HTTP/2 as real ones do. */
import assert from "node:assert/strict";
import { createAuthority } from "../packages/cluster/tls/authority.ts";
import { openKubeClient } from "../src/kube/open_client.ts";
import { PODS } from "../src/kube/resources.ts";
import { testHost } from "../src/kube/testing/test_host.ts";

/** A server of empty lists, and of logs that end on request. */
class LogServer implements AsyncDisposable {
  /** The port of each request, as the connection that it came over has it. */
  readonly ports: Record<"list" | "log", number[]> = { list: [], log: [] };
  readonly #ended = Promise.withResolvers<void>();
  readonly #stop = new AbortController();
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  private constructor({ cert, key }: Deno.TlsCertifiedKeyPem, private readonly authority: string) {
    const { signal } = this.#stop;
    const options = { port: 0, hostname: "127.0.0.1", cert, key, signal, onListen: () => {} };
    this.#server = Deno.serve(options, (request, { remoteAddr }) => {
      const what = request.url.includes("/log?") ? "log" : "list";
      this.ports[what].push(remoteAddr.port);
      if (what === "list") return Response.json({ metadata: { resourceVersion: "1" }, items: [] });
      const lines = ReadableStream.from(linesUntil(this.#ended.promise));
      return new Response(lines.pipeThrough(new TextEncoderStream()));
    });
  }

  static async start(): Promise<LogServer> {
    const authority = await createAuthority({ now: () => new Date() });
    const { certificate: cert, key } = await authority.issueServer();
    return new LogServer({ cert, key }, authority.certificate);
  }

  get kubeconfig(): string {
    const server = `https://127.0.0.1:${this.#server.addr.port}`;
    const cluster = { server, "certificate-authority-data": btoa(this.authority) };
    return JSON.stringify({
      "current-context": "x",
      clusters: [{ name: "c", cluster }],
      users: [{ name: "u", user: { token: "t" } }],
      contexts: [{ name: "x", context: { cluster: "c", user: "u" } }],
    });
  }

  /** Logs end from now on. */
  end(): void {
    this.#ended.resolve();
  }

  /** Not by a shutdown: where a log is held up by another, as must not be, it would wait for that one's reader. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#server.finished;
  }
}

async function* linesUntil(end: Promise<void>): AsyncGenerator<string> {
  yield "2026-01-01T00:00:00Z first\n";
  await end;
  yield "2026-01-01T00:00:01Z last\n";
}

for (const bulk of [false, true]) {
  Deno.test(`each log has a connection of its own, and can't hold up another${bulk ? ": of many" : ""}`, async () => {
    await using server = await LogServer.start();
    const { ports } = server;
    const host = testHost({ files: { "/k": server.kubeconfig } });
    await using client = await openKubeClient({ kubeconfig: "/k" }, host);
    // Lists share one, which shows that the server speaks HTTP/2.
    await Array.fromAsync(client.list(PODS, {}));
    await Promise.all([1, 2, 3].map(() => Array.fromAsync(client.list(PODS, {}))));
    assert.equal(new Set(ports.list).size, 1);
    const log = { namespace: "n", pod: "p", container: "c", follow: false, previous: false, bulk };
    const unread = [await client.logs(log), await client.logs(log), await client.logs(log)];
    assert.equal(new Set(ports.log).size, 3);
    server.end();
    for (const one of unread) assert.notEqual((await Array.fromAsync(one)).length, 0);
    // One that was read to its end leaves its connection to others, but for one of those that are read at once.
    await Array.fromAsync(await client.logs(log));
    assert.equal(new Set(ports.log).size, bulk ? 4 : 3);
  });
}
