import assert from "node:assert/strict";
import { ManualClock, quiet } from "../../base/testing/manual_clock.ts";
import type { Link, LinkTarget, LinkUse } from "../link/link.ts";
import { LinkPool } from "./link_pool.ts";
import { openKubeClient } from "../open_client.ts";
import { PODS } from "../resources.ts";
import { MemoryLink } from "../testing/memory_link.ts";
import { testHost } from "../testing/test_host.ts";

/** A server that returns the next answer to each request, and records the requests of each connection. */
async function withServer(
  answers: readonly string[],
  test: (
    world: { connections: string[][]; port: number },
  ) => Promise<void>,
): Promise<void> {
  const listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  const left = [...answers];
  const connections: string[][] = [];
  const serving = (async () => {
    for await (const connection of listener) {
      const requests: string[] = [];
      connections.push(requests);
      void serve(connection, requests, left);
    }
  })();
  try {
    await test({ connections, port: listener.addr.port });
  } finally {
    listener.close();
    await serving;
  }
}

async function serve(connection: Deno.Conn, requests: string[], answers: string[]): Promise<void> {
  using _connection = connection;
  const buffer = new Uint8Array(65_536);
  for (;;) {
    const count = await connection.read(buffer).catch(() => null);
    if (count === null) return;
    const head = new TextDecoder().decode(buffer.subarray(0, count));
    requests.push(head.slice(0, head.indexOf(" HTTP/")));
    const answer = answers.shift() ?? "HTTP/1.1 500 Out of answers\n\n";
    await connection.write(new TextEncoder().encode(answer.replaceAll("\n", "\r\n")));
  }
}

const pod = "HTTP/1.1 200 OK\nContent-Length: 2\n\n{}";
const podInChunks = "HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n2\n{}\n0\n\n";
const lastAnswer = "HTTP/1.1 200 OK\nConnection: close\nContent-Length: 2\n\n{}";
const refusal = "HTTP/1.1 404 Not Found\nContent-Length: 2\n\nno";
const get = "GET /api/v1/namespaces/n/pods/p";
const exec =
  "GET /api/v1/namespaces/n/pods/p/exec?container=c&stdin=false&stdout=true&stderr=true&tty=false&command=x";
/** The request after a refused GET. */
const post = exec.replace("GET", "POST");
const request = {
  namespace: "n",
  pod: "p",
  container: "c",
  command: ["x"],
  stdin: false,
  tty: false,
};

function open(port: number, host = testHost()) {
  const clusters = [{ name: "c", cluster: { server: `http://127.0.0.1:${port}` } }];
  const contexts = [{ name: "x", context: { cluster: "c", user: "" } }];
  host.files["/k"] = JSON.stringify({ "current-context": "x", clusters, contexts });
  return openKubeClient({ kubeconfig: "/k" }, host);
}

for (const [name, answer] of [["a length", pod], ["chunks", podInChunks]] as const) {
  Deno.test(`a pod's answer with ${name} leaves its connection to the stream that follows`, async () => {
    await withServer([answer, refusal, refusal], async ({ connections, port }) => {
      await using client = await open(port);
      await client.get(PODS, "p", { namespace: "n" });
      await assert.rejects(client.exec(request), { kind: "notFound" });
      assert.deepEqual(connections, [[get, exec], [post]]);
    });
  });
}

Deno.test("who reads a pod for a stream of many bytes goes on with its connection", async () => {
  await withServer([pod, refusal, refusal], async ({ connections, port }) => {
    await using client = await open(port);
    await client.forBulk().get(PODS, "p", { namespace: "n" });
    await assert.rejects(client.exec({ ...request, bulk: true }), { kind: "notFound" });
    assert.deepEqual(connections.map(([first, second]) => [first, second?.split("?")[0]]), [
      [get, `POST ${get.slice(4)}/exec`],
      [exec, undefined],
    ]);
  });
});

Deno.test("what a certificate's link was dialled for decides what it serves; a token's serves all", async () => {
  const { clock } = testHost();
  const tls = { certificateAuthority: undefined, serverName: undefined };
  const verified = { ...tls, insecure: false, needsNode: false };
  const clientCertificate = { certificate: "c", key: "k" };
  const given = async (
    certificate: typeof clientCertificate | undefined,
    [kept, wanted]: readonly [LinkUse, LinkUse],
  ) => {
    using pool = new LinkPool(clock, dialled);
    const link = new MemoryLink();
    const target = {
      ...{ hostname: "127.0.0.1", port: 1, proxyUrl: undefined },
      tls: { ...verified, clientCertificate: certificate },
    };
    pool.release(link, target, kept);
    const taken = await pool.take(target, { use: wanted, signal });
    return await leadsTo(taken, link) ? "kept" : "dialled";
  };
  const uses = [["prompt", "prompt"], ["prompt", "bulk"], ["bulk", "prompt"], ["bulk", "bulk"]];
  const all = async (certificate?: typeof clientCertificate) =>
    await Promise.all(uses.map((two) => given(certificate, two as [LinkUse, LinkUse])));
  assert.deepEqual(await all(clientCertificate), ["kept", "dialled", "kept", "kept"]);
  assert.deepEqual(await all(), ["kept", "kept", "kept", "kept"]);
});

Deno.test("a connection that the server closes, or that waited too long, isn't used again", async () => {
  await withServer([lastAnswer, pod, refusal, refusal], async ({ connections, port }) => {
    const host = testHost();
    await using client = await open(port, host);
    await client.get(PODS, "p", { namespace: "n" });
    await client.get(PODS, "p", { namespace: "n" });
    assert.equal(host.clock.waiting, 1);
    host.clock.step();
    assert.equal(host.clock.elapsedMs(), 5000);
    await assert.rejects(client.exec(request), { kind: "notFound" });
    assert.deepEqual(connections, [[get], [get], [exec], [post]]);
  });
});

Deno.test("an invalid header value is an error, and isn't sent", async () => {
  await withServer([], async ({ connections, port }) => {
    const host = testHost();
    const users = [{ name: "u", user: { as: "a\nimpersonate-user: root" } }];
    const clusters = [{ name: "c", cluster: { server: `http://127.0.0.1:${port}` } }];
    const contexts = [{ name: "x", context: { cluster: "c", user: "u" } }];
    host.files["/k"] = JSON.stringify({ "current-context": "x", clusters, contexts, users });
    await using client = await openKubeClient({ kubeconfig: "/k" }, host);
    for (const call of [client.raw("GET", "/a"), client.get(PODS, "p", { namespace: "n" })]) {
      await assert.rejects(call, {
        kind: "config",
        message: "the credentials have a character that the header impersonate-user can't carry",
      });
    }
    assert.deepEqual(connections, []);
  });
});

/** The target of a user with this certificate. */
function targetOf(certificate: string): LinkTarget {
  const clientCertificate = { certificate, key: "k" };
  const tls = {
    certificateAuthority: undefined,
    clientCertificate,
    serverName: undefined,
    insecure: false,
    needsNode: false,
  };
  return { hostname: "127.0.0.1", port: 1, tls, proxyUrl: undefined };
}

const { signal } = new AbortController();
const options = { use: "prompt", signal } as const;
const dialled = () => Promise.resolve(new MemoryLink());

/** Returns whether what is written to one link arrives at the other. */
async function leadsTo(taken: Link, link: MemoryLink): Promise<boolean> {
  await taken.write(Uint8Array.of(1));
  return link.written.length > 0;
}

Deno.test("a dialled link is only used by its own request", async () => {
  using pool = new LinkPool(new ManualClock(), dialled);
  const link = new MemoryLink();
  pool.release(link, targetOf("mine"), "prompt");
  assert.equal(await leadsTo(await pool.take(targetOf("another's"), options), link), false);
  const taken = await pool.take(targetOf("mine"), options);
  assert.equal(await leadsTo(taken, link), true);
  link.written.length = 0;
  assert.equal(await leadsTo(await pool.take(targetOf("mine"), options), link), false);
  link.give(Uint8Array.of(1), Uint8Array.of(2));
  assert.deepEqual([await taken.read(), await taken.read()], [Uint8Array.of(1), Uint8Array.of(2)]);
});

Deno.test("a link on which something happens while it waits isn't used again", async () => {
  for (const happens of [Uint8Array.of(1), null]) {
    using pool = new LinkPool(new ManualClock(), dialled);
    const link = new MemoryLink();
    pool.release(link, targetOf("mine"), "prompt");
    link.give(happens);
    await quiet();
    assert.equal(link.closed, true);
    assert.equal(await leadsTo(await pool.take(targetOf("mine"), options), link), false);
  }
});

Deno.test("a caller that has given up gets no link, though one waits", async () => {
  using pool = new LinkPool(new ManualClock(), dialled);
  pool.release(new MemoryLink(), targetOf("mine"), "prompt");
  const gone = { use: "prompt", signal: AbortSignal.abort(new Error("given up")) } as const;
  await assert.rejects(pool.take(targetOf("mine"), gone), /given up/);
});

Deno.test("of the links that wait eight are kept, and none when the pool is closed", () => {
  const pool = new LinkPool(new ManualClock());
  const links = Array.from({ length: 9 }, () => new MemoryLink());
  const closed = () => links.map((link) => link.closed);
  for (const link of links) pool.release(link, targetOf("mine"), "prompt");
  assert.deepEqual(closed(), [...Array(8).fill(false), true]);
  pool[Symbol.dispose]();
  assert.ok(closed().every((is) => is));
  const late = new MemoryLink();
  pool.release(late, targetOf("mine"), "prompt");
  assert.equal(late.closed, true);
});
