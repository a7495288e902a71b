/** Which connections logs come over, from a server that speaks HTTP/2 as real ones do. */
import assert from "node:assert/strict";
import { createAuthority } from "../src/cluster/tls/authority.ts";
import { openKubeClient } from "../src/kube/open_client.ts";
import { PODS } from "../src/kube/resources.ts";
import { testHost } from "../src/kube/testing/test_host.ts";

Deno.test("each log has a connection of its own: one that isn't read can't hold up another", async () => {
  const authority = await createAuthority({ now: () => new Date() });
  const { certificate: cert, key } = await authority.issueServer();
  const ports: Record<"list" | "log", number[]> = { list: [], log: [] };
  // What is answered to its end leaves its connection to others.
  const asked = Promise.withResolvers<void>();
  const stop = new AbortController();
  const options = {
    port: 0,
    hostname: "127.0.0.1",
    cert,
    key,
    signal: stop.signal,
    onListen: () => {},
  };
  const server = Deno.serve(options, (request, { remoteAddr }) => {
    const what = request.url.includes("/log?") ? "log" : "list";
    ports[what].push(remoteAddr.port);
    if (what === "list") return Response.json({ metadata: { resourceVersion: "1" }, items: [] });
    return new Response(
      ReadableStream.from(linesUntil(asked.promise)).pipeThrough(
        new TextEncoderStream(),
      ),
    );
  });
  const text = JSON.stringify({
    "current-context": "x",
    clusters: [{
      name: "c",
      cluster: {
        server: `https://127.0.0.1:${server.addr.port}`,
        "certificate-authority-data": btoa(authority.certificate),
      },
    }],
    users: [{ name: "u", user: { token: "t" } }],
    contexts: [{ name: "x", context: { cluster: "c", user: "u" } }],
  });
  try {
    const host = testHost({ files: { "/k": text } });
    await using client = await openKubeClient({ kubeconfig: "/k" }, host);
    // Lists share one, which shows that the server speaks HTTP/2.
    await Array.fromAsync(client.list(PODS, {}));
    await Promise.all([1, 2, 3].map(() => Array.fromAsync(client.list(PODS, {}))));
    assert.equal(new Set(ports.list).size, 1);
    const log = { namespace: "n", pod: "p", container: "c", follow: false, previous: false };
    const unread = [await client.logs(log), await client.logs(log), await client.logs(log)];
    assert.equal(new Set(ports.log).size, 3);
    asked.resolve();
    for (const one of unread) assert.notEqual((await Array.fromAsync(one)).length, 0);
  } finally {
    // Not by a shutdown: where a log is held up by another, as must not be, it would wait for that one's reader.
    stop.abort();
    await server.finished;
  }
});

async function* linesUntil(end: Promise<void>): AsyncGenerator<string> {
  yield "2026-01-01T00:00:00Z first\n";
  await end;
  yield "2026-01-01T00:00:01Z last\n";
}
