/** Streams over the socket: exec and port-forward, in both directions. */
import assert from "node:assert/strict";
// @ts-types="@types/ws" -- the package holds no types
import { WebSocket } from "ws";
import type { FakeCommand } from "./testing/fake_node.ts";
import { type Running, start } from "./testing/server.ts";

/** A client of exec: the data of each channel, and functions to send. */
interface Channels extends AsyncDisposable {
  output: Record<number, Uint8Array[]>;
  closed: Promise<number>;
  socket: WebSocket;
}

function open(
  { server, authority }: Running,
  path: string,
  protocol = "v5.channel.k8s.io",
): Promise<Channels> {
  const socket = new WebSocket(server.url.replace("https", "wss") + path, [protocol], {
    ca: authority.certificate,
    headers: { authorization: "Bearer admin" },
  });
  const output: Record<number, Uint8Array[]> = {};
  const { promise: closed, resolve } = Promise.withResolvers<number>();
  socket.on("message", (data: Uint8Array) => (output[data[0] ?? 0] ??= []).push(data.subarray(1)));
  socket.on("close", (code) => resolve(code));
  return new Promise((opened, reject) => {
    socket.on("open", () =>
      opened({
        output,
        closed,
        socket,
        async [Symbol.asyncDispose]() {
          socket.terminate();
          await closed;
        },
      }));
    socket.on("unexpected-response", (_request, response) => {
      let text = "";
      response.on("data", (chunk: unknown) => text += String(chunk));
      response.on("end", () => reject(new Error(`${response.statusCode} ${text.trim()}`)));
    });
    socket.on("error", reject);
  });
}

function textOf(chunks: readonly Uint8Array[] = []): string {
  return chunks.map((chunk) => new TextDecoder().decode(chunk)).join("");
}

const exec = "/api/v1/namespaces/default/pods/web/exec?container=main&stdout=true&stderr=true";

Deno.test("exec: both outputs apart, then the exit code, then the end", async () => {
  await using running = await start();
  await using channels = await open(
    running,
    `${exec}&command=print&command=out&command=err&command=3`,
  );
  assert.equal(await channels.closed, 1000);
  assert.deepEqual([textOf(channels.output[1]), textOf(channels.output[2])], ["out", "err"]);
  const status = JSON.parse(textOf(channels.output[3]));
  assert.deepEqual(status.details, { causes: [{ reason: "ExitCode", message: "3" }] });
  assert.equal(status.reason, "NonZeroExitCode");
});

Deno.test("exec: closing standard input alone lets the command end", async () => {
  await using running = await start();
  await using channels = await open(running, `${exec}&stdin=true&command=cat`);
  channels.socket.send(Uint8Array.of(0, 104, 105));
  channels.socket.send(Uint8Array.of(255, 0));
  await channels.closed;
  assert.equal(textOf(channels.output[1]), "hi");
  assert.equal(JSON.parse(textOf(channels.output[3])).status, "Success");
});

Deno.test("exec: a command that can't be started is reported on the error channel", async () => {
  await using running = await start();
  await using channels = await open(running, `${exec}&command=nosuch`);
  await channels.closed;
  const status = JSON.parse(textOf(channels.output[3]));
  assert.equal(status.message, "Internal error occurred: executable file not found in $PATH");
});

/** Requests an upgrade over a connection that only the test reads. */
async function askByHand(
  { server: { port }, authority }: Running,
  path: string,
): Promise<Deno.TlsConn> {
  const caCerts = [authority.certificate];
  const client = await Deno.connectTls({ hostname: "127.0.0.1", port, caCerts });
  const lines = [
    `GET ${path} HTTP/1.1`,
    "Host: 127.0.0.1",
    "Authorization: Bearer admin",
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
    "Sec-WebSocket-Protocol: v5.channel.k8s.io",
  ];
  await client.write(new TextEncoder().encode(`${lines.join("\r\n")}\r\n\r\n`));
  return client;
}

/** This much may lie in the buffers of two processes and a kernel: far less than what is offered. */
const heldLimitBytes = 64 * 1024 * 1024;

/**
 * Writes until a write blocks for a quarter of a second, which only a reader can cause. Returns the number of bytes.
 * There is no event for "nothing happens"; a slow machine makes the test late, not wrong.
 */
async function writeUntilHeld(write: (chunk: Uint8Array) => Promise<unknown>): Promise<number> {
  const chunk = new Uint8Array(64 * 1024);
  for (let written = 0; written < 2 * heldLimitBytes; written += chunk.length) {
    const done = write(chunk).then(() => true, () => true);
    if (!await Promise.race([done, later(250).then(() => false)])) return written;
  }
  return Infinity;
}

Deno.test("exec: a client that doesn't read stops the command, and costs no memory", async () => {
  const { promise: held, resolve } = Promise.withResolvers<number>();
  const flood: FakeCommand = async ({ stdout }) => {
    resolve(await writeUntilHeld((chunk) => stdout.write(chunk)));
    return { kind: "exited", exitCode: 0 };
  };
  await using running = await start({ flood });
  // A WebSocket of a library reads even when it is paused.
  using _client = await askByHand(running, `${exec}&command=flood`);
  assert.ok(await held < heldLimitBytes);
});

Deno.test("exec: a command that doesn't read stops its client, and costs no memory", async () => {
  const { promise: enough, resolve } = Promise.withResolvers<void>();
  const deaf: FakeCommand = () => enough.then(() => ({ kind: "exited", exitCode: 0 }));
  await using running = await start({ deaf });
  await using channels = await open(running, `${exec}&stdin=true&command=deaf`);
  const held = await writeUntilHeld((chunk) =>
    new Promise((sent) => channels.socket.send(chunk, () => sent(undefined)))
  );
  assert.ok(held < heldLimitBytes);
  resolve();
});

function later(ms: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, ms));
}

Deno.test("exec: a client that goes lets go of the process", async () => {
  await using running = await start();
  {
    await using channels = await open(running, `${exec}&stdin=true&command=cat`);
    channels.socket.send(Uint8Array.of(4, ...new TextEncoder().encode('{"Width":80,"Height":24}')));
    const answered = new Promise((resolve) => channels.socket.once("message", resolve));
    channels.socket.send(Uint8Array.of(0, 104));
    await answered;
  }
  await running.node.released;
  assert.deepEqual(running.node.sizes, [{ columns: 80, rows: 24 }]);
});

Deno.test("exec: a client that disconnects while its command starts releases process and server", async () => {
  await using running = await start();
  const { node } = running;
  const { exec: begin } = node;
  const [requested, noticed] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  node.exec = async (...command) => {
    requested.resolve();
    await noticed.promise;
    return await begin(...command);
  };
  using client = await askByHand(running, `${exec}&stdin=true&command=cat`);
  await requested.promise;
  await client.closeWrite();
  // The server has seen it when it closes its own side.
  while (await client.read(new Uint8Array(1024)) !== null);
  noticed.resolve();
  await node.released;
});

const refused: [string, string, RegExp][] = [
  [
    "a pod that isn't there",
    exec.replace("web", "nope"),
    /^Error: 404 .*pods \\"nope\\" not found/,
  ],
  [
    "no container named",
    exec.replace("container=main&", ""),
    /a container name must be specified for pod web, choose one of: \[main side\]/,
  ],
  [
    "a container that isn't there",
    exec.replace("main", "x"),
    /container x is not valid for pod web/,
  ],
  ["no command", exec, /at least one command/],
];

for (const [name, path, message] of refused) {
  Deno.test(`exec: ${name} is refused before the upgrade`, async () => {
    await using running = await start();
    await assert.rejects(open(running, path), message);
  });
}

Deno.test("exec: another sub-protocol is refused", async () => {
  await using running = await start();
  await assert.rejects(
    open(running, `${exec}&command=cat`, "v9.channel.k8s.io"),
    /no sub-protocol of/,
  );
});

Deno.test("port-forward over v4 channels: port number first, then bytes both ways", async () => {
  await using running = await start();
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  const echo = (async () => {
    using connection = await listener.accept();
    const buffer = new Uint8Array(100);
    const count = await connection.read(buffer);
    await connection.write(buffer.subarray(0, count ?? 0));
  })();
  const path = `/api/v1/namespaces/default/pods/web/portforward?ports=${port}`;
  await using channels = await open(running, path, "v4.channel.k8s.io");
  channels.socket.send(Uint8Array.of(0, 104, 105));
  await echo;
  await channels.closed;
  const [number, ...rest] = channels.output[0] ?? [];
  assert.deepEqual([...number ?? []], [port & 0xff, port >> 8]);
  assert.equal(textOf(rest), "hi");
  assert.deepEqual([...channels.output[1]?.[0] ?? []], [port & 0xff, port >> 8]);
});
