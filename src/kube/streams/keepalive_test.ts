/** Servers that accept a request and don't answer it; links that are silent. */
import assert from "node:assert/strict";
import { ManualClock, quiet } from "../../base/testing/manual_clock.ts";
import type { KubeClient } from "../client.ts";
import { LinkError } from "../failures.ts";
import { openKubeClient } from "../open_client.ts";
import { PODS } from "../resources.ts";
import { KeepAliveMonitor, keepAliveTimes } from "./keepalive.ts";
import { testHost } from "../testing/test_host.ts";
import { kubeconfig, withServer } from "../testing/test_server.ts";

/** The limit of transport.ts for the head of an answer. */
const headLimitMs = 30_000;

for (
  const [way, ask] of [
    ["by fetch", (client: KubeClient) => client.raw("GET", "/a")],
    ["over a link", (client: KubeClient) => client.get(PODS, "p", { namespace: "n" })],
  ] as const
) {
  Deno.test(`a server that accepts and never answers is unreachable after 30 s, ${way}`, async () => {
    const [begun, hold] = [Promise.withResolvers<void>(), Promise.withResolvers<Response>()];
    const answer = () => {
      begun.resolve();
      return hold.promise;
    };
    await withServer(answer, async ({ client, host }) => {
      const asking = ask(client);
      await begun.promise;
      assert.equal(host.clock.step(), true);
      await assert.rejects(asking, {
        kind: "unreachable",
        message: /^context x, http:.*: no answer in 30s$/,
      });
      assert.equal(host.clock.elapsedMs(), headLimitMs);
      hold.resolve(Response.json({}));
    });
  });
}

Deno.test("an answer that has begun has no limit any more, and a log has none at all", async () => {
  const rest = Promise.withResolvers<void>();
  const answer = () =>
    new Response(ReadableStream.from((async function* () {
      yield new TextEncoder().encode('{"a":');
      await rest.promise;
      yield new TextEncoder().encode("1}");
    })()));
  await withServer(answer, async ({ client, host }) => {
    const log = {
      namespace: "n",
      pod: "p",
      container: "c",
      follow: true,
      previous: false,
      bulk: true,
    };
    const lines = await client.logs(log);
    assert.equal(host.clock.waiting, 0);
    rest.resolve();
    const text = await Array.fromAsync(lines, (bytes) => new TextDecoder().decode(bytes));
    assert.equal(text.join(""), '{"a":1}');
    assert.deepEqual(await client.raw("GET", "/a"), { a: 1 });
    assert.equal(host.clock.waiting, 0);
  });
});

Deno.test("a link that breaks between an upgrade's request and its answer has sent all", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const closed = listener.accept().then(async (connection) => {
    await connection.read(new Uint8Array(65_536));
    connection.close();
  });
  const host = testHost({ files: { "/k": kubeconfig(listener.addr.port, { token: "t" }) } });
  await using client = await openKubeClient({ kubeconfig: "/k" }, host);
  const pod = { namespace: "a", pod: "b", container: "c", stdin: false, tty: false };
  const calls: string[] = [];
  const onSent = () => void calls.push("sent");
  const asked = { ...pod, command: ["x"] };
  const error = await client.exec(asked, { onSent }).then(() => undefined, (e) => e);
  assert.ok(error instanceof LinkError, String(error));
  assert.equal(error.failure.sent, "all");
  assert.deepEqual(calls, ["sent"]);
  // The server stopped listening.
  listener.close();
  await assert.rejects(client.exec(asked, { onSent }), { kind: "unreachable" });
  assert.deepEqual(calls, ["sent"]);
  await closed;
});

Deno.test("a link without a waiting reader is neither monitored nor dropped", async () => {
  for (const answered of [true, false]) {
    const clock = new ManualClock();
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const seen: string[] = [];
    const watch = new KeepAliveMonitor(
      { ...keepAliveTimes, clock, serverAnswers: () => promise },
      { ping: () => Promise.resolve(), drop: () => void seen.push("dropped") },
    );
    watch.sent();
    {
      using _waiting = watch.watch();
      clock.step();
    }
    resolve(answered);
    await quiet();
    assert.deepEqual([seen, clock.waiting, watch.death], [[], 0, undefined]);
  }
});
