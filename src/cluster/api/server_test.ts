/** The server on its socket: who comes in, and streams in both directions. */
import assert from "node:assert/strict";
// @ts-types="@types/ws"
import { WebSocket } from "ws";
import { systemClock } from "../node/clock.ts";
import { resources } from "../resources.ts";
import { createStore } from "../store/store.ts";
import { type Authority, createAuthority } from "../tls/authority.ts";
import type { AuditEvent } from "./audit.ts";
import { type ApiServer, startApiServer } from "./server.ts";
import { podNamed } from "./testing/api.ts";
import { type FakeCommand, type FakeNode, fakeNode } from "./testing/fake_node.ts";

interface Running extends AsyncDisposable {
  server: ApiServer;
  authority: Authority;
  node: FakeNode;
  audit: AuditEvent[];
}

const now = () => new Date();

/** A server with the running pod `default/web`, of the containers `main` and `side`. */
async function start(commands: Record<string, FakeCommand> = {}): Promise<Running> {
  const store = createStore({ now, newUid: () => crypto.randomUUID() });
  store.create(resources.namespaces, {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name: "default" },
  });
  const names = ["main", "side"];
  store.create(resources.pods, {
    ...podNamed("web"),
    metadata: { name: "web", namespace: "default" },
    spec: { nodeName: "n1", containers: names.map((name) => ({ name, image: "x" })) },
    status: {
      phase: "Running",
      containerStatuses: names.map((name) => ({
        name,
        state: { running: { startedAt: "2026-01-01T00:00:00Z" } },
      })),
    },
  });
  const authority = await createAuthority({ now });
  const node = fakeNode(commands);
  const audit: AuditEvent[] = [];
  const server = await startApiServer({
    store,
    node,
    identity: {
      server: await authority.issueServer(),
      certificateAuthority: authority.certificate,
    },
    clock: systemClock,
    audit: (event) => audit.push(event),
    tokens: [
      { token: "admin", user: { name: "admin", groups: ["system:masters"] } },
      { token: "nobody", user: { name: "nobody", groups: [] } },
      { token: "late", user: { name: "late", groups: ["system:masters"] }, notAfter: new Date(0) },
    ],
  });
  return {
    server,
    authority,
    node,
    audit,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

async function get(
  { server, authority }: Running,
  path: string,
  credential: { token?: string; client?: { user: string; groups: string[]; notAfter?: Date } } = {},
): Promise<{ status: number; body: Record<string, unknown> }> {
  const pair = credential.client && await authority.issueClient(credential.client);
  using client = Deno.createHttpClient({
    caCerts: [authority.certificate],
    ...(pair ? { cert: pair.certificate, key: pair.key } : {}),
  });
  const headers = credential.token ? { authorization: `Bearer ${credential.token}` } : {};
  const response = await fetch(server.url + path, { client, headers });
  return { status: response.status, body: await response.json() };
}

const masters = ["system:masters"];
const entrances: [string, Parameters<typeof get>[2], number][] = [
  ["nobody", {}, 401],
  ["an unknown token", { token: "x" }, 401],
  ["a token that has ended", { token: "late" }, 401],
  ["a token without rights", { token: "nobody" }, 403],
  ["a token with rights", { token: "admin" }, 200],
  ["a certificate with rights", { client: { user: "a", groups: masters } }, 200],
  ["a certificate without rights", { client: { user: "a", groups: [] } }, 403],
  ["a certificate that has expired", {
    client: { user: "a", groups: masters, notAfter: new Date(86_400_000) },
  }, 401],
];

for (const [name, credential, status] of entrances) {
  Deno.test(`${name} gets ${status}`, async () => {
    await using running = await start();
    const answer = await get(running, "/api/v1/namespaces/default/pods", credential);
    assert.equal(answer.status, status);
    if (status !== 200) assert.equal(answer.body["kind"], "Status");
    assert.equal(running.audit.at(-1)?.responseStatus.code, status);
  });
}

Deno.test("the audit log tells who did what to which object", async () => {
  await using running = await start();
  await get(running, "/api/v1/namespaces/default/pods/web", { token: "admin" });
  const [event] = running.audit;
  assert.equal(event?.verb, "get");
  assert.equal(event?.user.username, "admin");
  assert.deepEqual(event?.objectRef, {
    resource: "pods",
    namespace: "default",
    name: "web",
    apiVersion: "v1",
  });
});

Deno.test("the server listens on loopback alone", async () => {
  await using running = await start();
  assert.equal(new URL(running.server.url).hostname, "127.0.0.1");
});

/** A client of exec: what came on each channel, and what can be sent. */
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

Deno.test("exec: a command that can't be started is told on the error channel", async () => {
  await using running = await start();
  await using channels = await open(running, `${exec}&command=nosuch`);
  await channels.closed;
  const status = JSON.parse(textOf(channels.output[3]));
  assert.equal(status.message, "Internal error occurred: executable file not found in $PATH");
});

/** So much may lie in the buffers of two processes and a kernel: far less than what is offered. */
const heldLimitBytes = 64 * 1024 * 1024;

/**
 * Writes until a write stands still for a quarter of a second, which only a reader can do to it.
 * Gives the bytes. There is no event for "nothing happens"; a slow machine makes the test late, not wrong.
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
  const { server: { port }, authority } = running;
  // By hand: a WebSocket of a library reads even when it is told to pause.
  using client = await Deno.connectTls({
    hostname: "127.0.0.1",
    port,
    caCerts: [authority.certificate],
  });
  const lines = [
    `GET ${exec}&command=flood HTTP/1.1`,
    "Host: 127.0.0.1",
    "Authorization: Bearer admin",
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
    "Sec-WebSocket-Protocol: v5.channel.k8s.io",
  ];
  await client.write(new TextEncoder().encode(`${lines.join("\r\n")}\r\n\r\n`));
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
