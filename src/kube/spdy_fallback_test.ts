/** When a stream that was asked for over SPDY is asked for again over WebSocket, and when it must not be. */
import assert from "node:assert/strict";
import type { KubeClient } from "./client.ts";
import { openKubeClient } from "./open_client.ts";
import { testHost } from "./testing/test_host.ts";
import { kubeconfig } from "./testing/test_server.ts";

const request = {
  namespace: "a",
  pod: "b",
  container: "c",
  command: ["x"],
  stdin: true,
  tty: false,
  bulk: true,
};

const refusal = "HTTP/1.1 400 Bad Request\r\nContent-Length: 2\r\n\r\nno";

/** A server that says so much to each request, and closes. SPDY is asked for by POST, WebSocket by GET. */
async function withAnswer(
  answer: string,
  test: (client: KubeClient, methods: readonly string[]) => Promise<void>,
): Promise<void> {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const methods: string[] = [];
  const serving = (async () => {
    for await (const connection of listener) {
      using peer = connection;
      const room = new Uint8Array(65_536);
      const length = await peer.read(room) ?? 0;
      methods.push(new TextDecoder().decode(room.subarray(0, length)).split(" ")[0] ?? "");
      await peer.write(new TextEncoder().encode(answer));
    }
  })();
  try {
    const host = testHost({ files: { "/k": kubeconfig(listener.addr.port, { token: "t" }) } });
    await using client = await openKubeClient({ kubeconfig: "/k" }, host);
    await test(client, methods);
  } finally {
    listener.close();
    await serving;
  }
}

Deno.test("a server that refuses SPDY is asked for a WebSocket, and for no SPDY any more", async () => {
  await withAnswer(refusal, async (client, methods) => {
    for (let turn = 0; turn < 2; turn++) await assert.rejects(client.exec(request));
    assert.deepEqual(methods, ["POST", "GET", "GET"]);
  });
});

Deno.test("SPDY is for what moves much, and for no terminal", async () => {
  await withAnswer(refusal, async (client, methods) => {
    for (const changes of [{ bulk: false }, { tty: true }]) {
      await assert.rejects(client.exec({ ...request, ...changes }));
    }
    assert.deepEqual(methods, ["GET", "GET"]);
  });
});

Deno.test("a link that breaks behind the request is no refusal: the command may have begun, and isn't begun twice", async () => {
  await withAnswer("", async (client, methods) => {
    await assert.rejects(client.exec(request), { kind: "unreachable" });
    assert.deepEqual(methods, ["POST"]);
  });
});
