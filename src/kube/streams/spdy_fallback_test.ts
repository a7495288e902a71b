/** When a stream that one protocol was refused for is requested by the other, and when it must not be. */
import assert from "node:assert/strict";
import { joinBytes } from "../../base/byte_buffer.ts";
import type { KubeClient } from "../client.ts";
import { LinkError } from "../failures.ts";
import { openKubeClient } from "../open_client.ts";
import { dataFrame } from "./spdy_socket.ts";
import { testHost } from "../testing/test_host.ts";
import { kubeconfig } from "../testing/test_server.ts";

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

/** The server's answer, by method or to all of them. SPDY is requested by POST, WebSocket by GET. */
type Answers = string | {
  /** {accept} becomes the proof that a WebSocket's request asks for. */
  GET: string;
  POST: string | Uint8Array;
  /** What the server sends once the client has sent something after the upgrade. */
  later?: Uint8Array;
};

/**
 * A server that answers each request, reads until the client or its answer has ended, and closes. Returns what it read
 * after upgrades.
 */
async function withAnswer(
  answers: Answers,
  test: (client: KubeClient, methods: readonly string[]) => Promise<void>,
): Promise<string> {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const methods: string[] = [];
  const sent: Uint8Array[] = [];
  const serving = (async () => {
    for await (const connection of listener) {
      using peer = connection;
      const room = new Uint8Array(65_536);
      const length = await peer.read(room) ?? 0;
      const head = new TextDecoder().decode(room.subarray(0, length));
      const method = head.startsWith("POST") ? "POST" : "GET";
      methods.push(method);
      const answer = typeof answers === "string" ? answers : answers[method];
      const bytes = typeof answer === "string"
        ? new TextEncoder().encode(answer.replace("{accept}", await acceptOf(head)))
        : answer;
      await peer.write(bytes);
      if (typeof answer === "string") continue;
      let later = typeof answers === "string" ? undefined : answers.later;
      for (let got = await peer.read(room); got !== null; got = await peer.read(room)) {
        sent.push(room.slice(0, got));
        if (later !== undefined) await peer.write(later);
        later = undefined;
      }
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
  return new TextDecoder("latin1").decode(joinBytes(sent));
}

/** Returns the proof that a request for a WebSocket was read; empty for any other request. */
async function acceptOf(head: string): Promise<string> {
  const [, key] = /Sec-WebSocket-Key: (\S+)/i.exec(head) ?? [];
  if (key === undefined) return "";
  const bytes = new TextEncoder().encode(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`);
  return new Uint8Array(await crypto.subtle.digest("SHA-1", bytes)).toBase64();
}

const webSocket = [
  "HTTP/1.1 101 Switching Protocols",
  "Upgrade: websocket",
  "Connection: Upgrade",
  "Sec-WebSocket-Accept: {accept}",
  "Sec-WebSocket-Protocol: v5.channel.k8s.io",
  "\r\n",
].join("\r\n");

Deno.test("a server that refuses SPDY and accepts a WebSocket gets no SPDY any more", async () => {
  for (const POST of [refusal, refusal.replace("400", "404")]) {
    await withAnswer({ GET: webSocket, POST }, async (client, methods) => {
      for (let turn = 0; turn < 2; turn++) {
        const channel = await client.exec(request);
        await Array.fromAsync(channel.output);
      }
      assert.deepEqual(methods, ["POST", "GET", "GET"]);
    });
  }
});

Deno.test("SPDY is first for what moves much, and for no terminal", async () => {
  const missing = "HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno";
  await withAnswer(missing, async (client, methods) => {
    for (const changes of [{ bulk: false }, { tty: true }, {}]) {
      await assert.rejects(client.exec({ ...request, ...changes }));
    }
    assert.deepEqual(methods, ["GET", "POST", "GET", "POST", "POST", "GET"]);
  });
});

Deno.test("a link that breaks after the request isn't a refusal: the command may have started, and isn't started twice", async () => {
  await withAnswer("", async (client, methods) => {
    await assert.rejects(client.exec(request), { kind: "unreachable" });
    assert.deepEqual(methods, ["POST"]);
  });
});

const prompt = { ...request, bulk: false };
const forbidden = "HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno";

/** A server's acceptance of SPDY, and the frames after it. */
function accepted(protocol: string, ...frames: Uint8Array[]): Uint8Array {
  const head =
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: SPDY/3.1\r\nX-Stream-Protocol-Version: ${protocol}\r\n\r\n`;
  return joinBytes([new TextEncoder().encode(head), ...frames]);
}

const text = (words: string) => new TextEncoder().encode(words);
const done = dataFrame(1, text(`{"metadata":{},"status":"Success"}`), true);

for (const subresource of ["exec", "attach"] as const) {
  Deno.test(`${subresource}: a role with \`create\` alone is served over SPDY, and its second stream at once`, async () => {
    const hello = accepted("v4.channel.k8s.io", dataFrame(5, text("hello")), done);
    const wire = await withAnswer({ GET: forbidden, POST: hello }, async (client, methods) => {
      for (let turn = 0; turn < 2; turn++) {
        const channel = await client[subresource]({ ...prompt, tty: true });
        await channel.resize({ columns: 80, rows: 24 });
        assert.equal(await channel.closeStdin(), true);
        let output = "";
        for await (const { bytes } of channel.output) {
          output += new TextDecoder().decode(bytes);
          if (output === "hello") break;
        }
        assert.equal(output, "hello");
      }
      assert.deepEqual(methods, ["GET", "POST", "POST"]);
    });
    assert.match(wire, /resize/);
    assert.match(wire, /{"Width":80,"Height":24}/);
    assert.doesNotMatch(wire, /stderr/);
  });
}

/** Answers to a request for an upgrade that aren't the requested one. */
const refusals = [
  "101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade",
  "200 OK",
  "302 Found\r\nLocation: https://elsewhere.test/",
  "400 Bad Request",
  "404 Not Found",
  "405 Method Not Allowed",
  "426 Upgrade Required",
  "500 Internal Server Error",
  "502 Bad Gateway",
];

Deno.test("any answer to a WebSocket but an upgrade is followed by SPDY, and the next stream starts with it", async () => {
  for (const answer of refusals) {
    const GET = `HTTP/1.1 ${answer}\r\nContent-Length: 2\r\n\r\nno`;
    const hello = accepted("v4.channel.k8s.io", dataFrame(5, text("hello")), done);
    await withAnswer({ GET, POST: hello }, async (client, methods) => {
      for (const subresource of ["exec", "attach"] as const) {
        const channel = await client[subresource]({ ...prompt, tty: true });
        for await (const { bytes } of channel.output) {
          assert.equal(new TextDecoder().decode(bytes), "hello", answer);
          break;
        }
      }
      assert.deepEqual(methods, ["GET", "POST", "POST"], answer);
    });
  }
});

for (
  const [what, frames, end] of [
    ["the final Status", [done], { kind: "exited", exitCode: 0 }],
    ["output alone", [dataFrame(5, text("hello"))], { kind: "cut" }],
  ] as const
) {
  Deno.test(`a command over SPDY that ends after ${what} is ${end.kind}`, async () => {
    // No more bytes, and the link's end.
    const goAway = Uint8Array.of(0x80, 3, 0, 7, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0);
    const resets = [3, 5].map((stream) =>
      Uint8Array.of(0x80, 3, 0, 3, 0, 0, 0, 8, 0, 0, 0, stream, 0, 0, 0, 5)
    );
    const POST = accepted("v4.channel.k8s.io", ...frames, goAway, ...resets);
    await withAnswer({ GET: forbidden, POST }, async (client) => {
      const channel = await client.exec(prompt);
      await Array.fromAsync(channel.output);
      assert.deepEqual({ ...await channel.end, reason: undefined }, { ...end, reason: undefined });
    });
  });
}

Deno.test("any answer to SPDY but an upgrade is followed by a WebSocket", async () => {
  for (const answer of [...refusals, "403 Forbidden"]) {
    const POST = `HTTP/1.1 ${answer}\r\nContent-Length: 2\r\n\r\nno`;
    await withAnswer({ GET: webSocket, POST }, async (client, methods) => {
      const channel = await client.exec(request);
      await Array.fromAsync(channel.output);
      assert.deepEqual(methods, ["POST", "GET"], answer);
    });
  }
});

Deno.test("a proxy that closes the connection of SPDY: a link to ports is a WebSocket at once, a copy's next attempt too", async () => {
  const tunnel = webSocket.replace("v5.channel.k8s.io", "SPDY/3.1+portforward.k8s.io");
  await withAnswer({ GET: tunnel, POST: "" }, async (client, methods) => {
    for (let turn = 0; turn < 2; turn++) {
      using _link = await client.portLink({ namespace: "a", pod: "b" });
    }
    assert.deepEqual(methods, ["POST", "GET", "GET"]);
  });
  await withAnswer({ GET: webSocket, POST: "" }, async (client, methods) => {
    // The command may have started: whether to repeat it is the caller's decision.
    await assert.rejects(client.exec(request), { kind: "unreachable" });
    const channel = await client.exec(request);
    await Array.fromAsync(channel.output);
    assert.deepEqual(methods, ["POST", "GET"]);
  });
});

const opened = accepted("portforward.k8s.io");
const pong = [
  dataFrame(3, text("pong")),
  dataFrame(1, text(""), true),
  dataFrame(3, text(""), true),
];

Deno.test("portLink(): a connection carries bytes over SPDY until the pod ends its stream", async () => {
  const later = joinBytes(pong);
  const wire = await withAnswer(
    { GET: forbidden, POST: opened, later },
    async (client, methods) => {
      using link = await client.portLink({ namespace: "a", pod: "b" });
      using stream = await link.open(80);
      await stream.write(text("ping"));
      assert.equal(new TextDecoder().decode(await stream.read() ?? undefined), "pong");
      assert.equal(await stream.read(), null);
      assert.deepEqual(methods, ["POST"]);
    },
  );
  assert.match(wire, /streamtype.*error.*data.*ping/s);
});

Deno.test("portLink(): a pod's refusal rejects the read, and other connections continue", async () => {
  const later = joinBytes([
    dataFrame(3, text(""), true),
    dataFrame(
      1,
      text(
        'error forwarding port 80 to pod 17dd7192c90b, uid : failed to execute portforward in network namespace "/run/netns/cni-9b40": ' +
          'failed to connect to localhost:80 inside namespace "17dd7192c90b", IPv4: dial tcp4 127.0.0.1:80: connect: connection refused',
      ),
    ),
    dataFrame(7, text("other")),
  ]);
  await withAnswer({ GET: forbidden, POST: opened, later }, async (client) => {
    using link = await client.portLink({ namespace: "a", pod: "b" });
    const [one, two] = [link.open(80), link.open(81)];
    using refused = await one;
    using other = await two;
    assert.equal(link.isSpent, false);
    await assert.rejects(refused.read(), {
      reason: "refused",
      message: "connection refused: nothing in the pod listens on localhost:80",
    });
    assert.equal(link.isSpent, true);
    assert.equal(new TextDecoder().decode(await other.read() ?? undefined), "other");
  });
});

Deno.test("portLink(): a link that breaks cuts its connections, behind what has arrived", async () => {
  const later = dataFrame(3, text("half"));
  await withAnswer({ GET: forbidden, POST: opened, later }, async (client) => {
    using link = await client.portLink({ namespace: "a", pod: "b" });
    using stream = await link.open(80);
    assert.equal(new TextDecoder().decode(await stream.read() ?? undefined), "half");
    link[Symbol.dispose]();
    await assert.rejects(stream.read(), { reason: "linkLost" });
    await assert.rejects(link.open(80), { reason: "linkLost" });
  });
});

Deno.test("portLink(): a missing pod is requested once by each protocol, and SPDY isn't given up for it", async () => {
  const missing = refusal.replace("400", "404");
  await withAnswer({ GET: missing, POST: missing }, async (client, methods) => {
    for (let turn = 0; turn < 2; turn++) {
      await assert.rejects(client.portLink({ namespace: "a", pod: "b" }), { kind: "notFound" });
    }
    assert.deepEqual(methods, ["POST", "GET", "POST", "GET"]);
  });
});

for (
  const [what, answers, bulk, methods] of [
    ["both are forbidden", forbidden, false, ["GET", "POST", "POST"]],
    ["both are forbidden to a copy", forbidden, true, ["POST", "GET", "POST"]],
    ["no SPDY", { GET: forbidden, POST: refusal }, false, ["GET", "POST", "POST", "GET"]],
    ["the pod is missing", refusal.replace("400", "404"), false, ["GET", "POST", "GET", "POST"]],
  ] as const
) {
  Deno.test(`a refused stream is requested once by each method: ${what}`, async () => {
    await withAnswer(answers, async (client, asked) => {
      for (let turn = 0; turn < 2; turn++) {
        const kind = what === "the pod is missing" ? "notFound" : "forbidden";
        await assert.rejects(client.exec({ ...prompt, bulk }), { kind });
      }
      assert.deepEqual(asked, methods);
    });
  });
}

Deno.test("a link that breaks behind the POST has perhaps started the command: no GET follows", async () => {
  await withAnswer({ GET: forbidden, POST: "" }, async (client, methods) => {
    const sent: string[] = [];
    const onSent = () => sent.push("sent");
    await assert.rejects(client.exec(prompt, { onSent }), (error: unknown) => {
      assert.ok(error instanceof LinkError);
      return error.failure.sent === "all";
    });
    assert.deepEqual([methods, sent.length], [["GET", "POST"], 2]);
  });
});
