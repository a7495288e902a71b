import assert from "node:assert/strict";
import fc from "fast-check";
import { ManualClock, quiet } from "../../base/testing/manual_clock.ts";
import {
  cutAt,
  MemoryLink,
  readClientFrame,
  serverClose,
  serverFrame,
  serverMessage,
} from "../testing/memory_link.ts";
import {
  encodeFrame,
  FrameDecoder,
  type FrameEvent,
  opcode,
  openWebSocket,
  type Received,
  WebSocketLink,
} from "./websocket.ts";
import { joinBytes } from "../../base/byte_buffer.ts";

function open({ serverAnswers = (_signal: AbortSignal) => Promise.resolve(false) } = {}) {
  const [link, clock] = [new MemoryLink(), new ManualClock()];
  const keepAlive = { pingAfterMs: 10_000, deadAfterMs: 15_000, clock, serverAnswers };
  return { link, clock, socket: new WebSocketLink(link, new Uint8Array(0), "p", keepAlive) };
}

const frames = (link: MemoryLink) => link.written.map(readClientFrame);

Deno.test("a silent dead link is lost within 30 s", async () => {
  const { link, clock, socket } = open();
  const received = socket.receive();
  assert.deepEqual(await clock.runUntil(received), {
    kind: "lost",
    reason: "no answer from the server for 25 s",
  });
  assert.equal(clock.elapsedMs(), 25_000);
  assert.deepEqual(frames(link).map(({ opcode }) => opcode), [9]);
  assert.equal(link.closed, true);
});

Deno.test("why a link broke is said in plain words, without the address of a library's manual", async () => {
  const words = "peer closed connection without sending TLS close_notify";
  const link = new MemoryLink();
  link.read = () => Promise.reject(new Error(`${words}: https://docs.example/manual#x`));
  const clock = new ManualClock();
  const serverAnswers = () => Promise.resolve(false);
  const keepAlive = { pingAfterMs: 10_000, deadAfterMs: 15_000, clock, serverAnswers };
  const socket = new WebSocketLink(link, new Uint8Array(0), "p", keepAlive);
  const reason = "the server closed the connection unexpectedly (close_notify is missing)";
  assert.deepEqual(await socket.receive(), { kind: "lost", reason });
});

Deno.test("a pong keeps a silent link", async () => {
  const { link, clock, socket } = open();
  const received = socket.receive();
  for (let round = 0; round < 3; round++) {
    await quiet();
    assert.equal(clock.step(), true);
    link.give(serverFrame(0x8a, frames(link).at(-1)?.payload ?? new Uint8Array(0)));
  }
  link.give(serverClose(1000));
  assert.deepEqual(await received, { kind: "closed", code: 1000, reason: "" });
  assert.equal(clock.waiting, 0);
});

Deno.test("a peer that may be stuck on our data is alive while its server answers elsewhere", async () => {
  let answers = 3;
  const { link, clock, socket } = open({
    serverAnswers: () => Promise.resolve(answers-- > 0),
  });
  await socket.send(Uint8Array.of(0, 1));
  assert.equal((await clock.runUntil(socket.receive())).kind, "lost");
  assert.deepEqual([clock.elapsedMs(), link.closed], [40_000, true]);
});

Deno.test("a stuck link whose server answers nothing is lost within 30 s", async () => {
  const { clock, socket } = open({
    serverAnswers: (signal) =>
      new Promise((resolve) => signal.addEventListener("abort", () => resolve(false))),
  });
  await socket.send(Uint8Array.of(0, 1));
  assert.deepEqual(await clock.runUntil(socket.receive()), {
    kind: "lost",
    reason: "no answer from the server for 25 s",
  });
  assert.equal(clock.elapsedMs(), 25_000);
});

Deno.test("once a stuck peer has read everything, its silence counts again", async () => {
  const { link, clock, socket } = open({ serverAnswers: () => Promise.resolve(true) });
  await socket.send(Uint8Array.of(0, 1));
  const received = socket.receive();
  await quiet();
  assert.equal(clock.step(), true);
  link.give(serverFrame(0x8a, frames(link).at(-1)?.payload ?? new Uint8Array(0)));
  assert.equal((await clock.runUntil(received)).kind, "lost");
  assert.equal(clock.elapsedMs(), 35_000);
  assert.equal(clock.waiting, 0);
});

Deno.test("a ping is answered with what it carried, and a close with a close", async () => {
  const { link, socket } = open();
  link.give(serverFrame(0x89, Uint8Array.of(1, 2)), serverClose(1001, "bye"));
  assert.deepEqual(await socket.receive(), { kind: "closed", code: 1001, reason: "bye" });
  assert.deepEqual(frames(link).map(({ opcode, payload }) => [opcode, ...payload]), [
    [10, 1, 2],
    [8, 3, 232],
  ]);
});

const request = {
  url: new URL("https://h.test:6443/api/v1/x?a=b"),
  headers: [["authorization", "Bearer t"]] as const,
  protocols: ["v5.channel.k8s.io", "v4.channel.k8s.io"],
  keepAlive: {
    pingAfterMs: 10_000,
    deadAfterMs: 15_000,
    clock: new ManualClock(),
    serverAnswers: () => Promise.resolve(true),
  },
};
const never = new AbortController().signal;

/** Answers the handshake: `{accept}` is replaced by the right proof. */
async function handshake(
  answer: string,
): Promise<{ link: MemoryLink; socket: Promise<WebSocketLink> }> {
  const link = new MemoryLink();
  const socket = openWebSocket(link, request, never);
  socket.catch(() => {});
  await quiet();
  const sent = new TextDecoder().decode(link.written[0]);
  const key = /^Sec-WebSocket-Key: (.+)\r$/m.exec(sent)?.[1] ?? "";
  const digest = await crypto.subtle.digest(
    "SHA-1",
    new TextEncoder().encode(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`),
  );
  const accept = new Uint8Array(digest).toBase64();
  link.give(new TextEncoder().encode(answer.replace("{accept}", accept).replaceAll("\n", "\r\n")));
  return { link, socket };
}

const upgraded = "HTTP/1.1 101 Switching Protocols\nUpgrade: websocket\nConnection: Upgrade\n";

Deno.test("the request of the handshake is complete", async () => {
  const { link, socket } = await handshake(
    `${upgraded}Sec-WebSocket-Accept: {accept}\nSec-WebSocket-Protocol: v4.channel.k8s.io\n\n`,
  );
  assert.equal((await socket).protocol, "v4.channel.k8s.io");
  const text = new TextDecoder().decode(link.written[0]).replace(/Key: \S+/, "Key: K");
  assert.deepEqual(text.split("\r\n"), [
    "GET /api/v1/x?a=b HTTP/1.1",
    "Host: h.test:6443",
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: K",
    "Sec-WebSocket-Protocol: v5.channel.k8s.io, v4.channel.k8s.io",
    "authorization: Bearer t",
    "",
    "",
  ]);
});

Deno.test("what comes together with the handshake is received", async () => {
  const { socket } = await handshake(
    `${upgraded}Sec-WebSocket-Accept: {accept}\nSec-WebSocket-Protocol: v5.channel.k8s.io\n\n\x02\x01A`
      .replace("\x02", "\x00"),
  );
  const received: Received = await (await socket).receive();
  // The first byte means "a continuation of nothing": it was read as a frame.
  assert.deepEqual(received, { kind: "lost", reason: "a continuation of nothing" });
});

const refusals: [string, string, object][] = [
  [
    "another answer, with a length",
    "HTTP/1.1 403 Forbidden\nContent-Length: 5\n\nno no!!!",
    { name: "UpgradeRefused", code: 403, body: "no no" },
  ],
  [
    "another answer, in chunks",
    "HTTP/1.1 429 Busy\nTransfer-Encoding: chunked\nRetry-After: 2\n\n3\nabc\n2;x=y\nde\n0\n\n",
    { name: "UpgradeRefused", code: 429, body: "abcde", retryAfter: "2" },
  ],
  [
    "a wrong proof",
    `${upgraded}Sec-WebSocket-Accept: x\n\n`,
    {
      name: "UpgradeRefused",
      code: 101,
      body: "it switches to websocket: a proxy may be in between",
    },
  ],
  [
    "the switch to something else",
    "HTTP/1.1 101 Switching Protocols\nUpgrade: h2c\nConnection: Upgrade\n\n",
    { name: "UpgradeRefused", code: 101, body: "it switches to h2c: a proxy may be in between" },
  ],
  [
    "another protocol",
    `${upgraded}Sec-WebSocket-Accept: {accept}\nSec-WebSocket-Protocol: chat\n\n`,
    { message: /speaks none of v5\.channel\.k8s\.io, v4/ },
  ],
  ["something other than HTTP", "SSH-2.0-x\n\n", { message: /doesn't speak HTTP/ }],
];

for (const [name, answer, error] of refusals) {
  Deno.test(`the handshake fails on ${name}, and the link is closed`, async () => {
    const { link, socket } = await handshake(answer);
    await assert.rejects(socket, error);
    assert.equal(link.closed, true);
  });
}

Deno.test("a link that breaks before the answer to a handshake is reported as such", async () => {
  const link = new MemoryLink();
  const socket = openWebSocket(link, request, never);
  link.give(null);
  await assert.rejects(socket, { name: "UpgradeUnanswered", message: /closed before an answer/ });
  assert.equal(link.closed, true);
});

Deno.test("a handshake that couldn't be sent isn't reported as unanswered", async () => {
  const link = new MemoryLink();
  link[Symbol.dispose]();
  await assert.rejects(openWebSocket(link, request, never), { name: "Error" });
});

Deno.test("a handshake ends with the signal", async () => {
  const [link, stop] = [new MemoryLink(), new AbortController()];
  const socket = openWebSocket(link, request, stop.signal);
  stop.abort(new Error("enough"));
  await assert.rejects(socket, { message: "enough" });
  assert.equal(link.closed, true);
});

const bytes = (max: number) => fc.uint8Array({ maxLength: max });
/** Around the lengths at which the header changes, too. */
const payload = fc.oneof(
  bytes(40),
  fc.constantFrom(125, 126, 127, 65_535, 65_536, 70_000).map((length) =>
    new Uint8Array(length).fill(7)
  ),
);

/** Reassembled messages, and control frames, in order. */
function collect(events: readonly FrameEvent[]): unknown[] {
  const all: unknown[] = [];
  let parts: Uint8Array[] = [];
  for (const event of events) {
    if (event.kind !== "part") {
      all.push(event.kind === "close" ? event : { kind: event.kind, bytes: event.bytes.slice() });
      continue;
    }
    assert.equal(event.start, parts.length === 0);
    parts.push(event.bytes.slice());
    if (event.end) {
      all.push(joinBytes(parts));
      parts = [];
    }
  }
  assert.deepEqual(parts, []);
  return all;
}

function decodeAll(chunks: readonly Uint8Array[]): unknown[] {
  const decoder = new FrameDecoder();
  return collect(chunks.flatMap((chunk) => [...decoder.decode(chunk)]));
}

Deno.test("frames decode to what was encoded, however the bytes were cut", () => {
  const message = fc.array(payload, { minLength: 1, maxLength: 3 }).map((pieces) => ({
    wire: serverMessage(pieces),
    meaning: joinBytes(pieces) as unknown,
  }));
  const control = fc.tuple(fc.constantFrom("ping" as const, "pong" as const), bytes(125)).map((
    [kind, data],
  ) => ({
    wire: serverFrame(0x80 | opcode[kind], data),
    meaning: { kind, bytes: data } as unknown,
  }));
  fc.assert(
    fc.property(
      fc.array(fc.oneof(message, control), { maxLength: 6 }),
      fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 8 }),
      (frames, cuts) => {
        const wire = joinBytes(frames.map((frame) => frame.wire));
        assert.deepEqual(decodeAll(cutAt(wire, cuts)), frames.map((frame) => frame.meaning));
      },
    ),
  );
});

Deno.test("a frame that comes byte by byte is handed on byte by byte", () => {
  const decoder = new FrameDecoder();
  const wire = serverMessage([Uint8Array.of(1, 2, 3)]);
  const parts = [...wire].flatMap((byte) => [...decoder.decode(Uint8Array.of(byte))]);
  assert.deepEqual(
    parts.map((part) => part.kind === "part" ? [part.start, part.end, ...part.bytes] : []),
    [[true, false, 1], [false, false, 2], [false, true, 3]],
  );
});

Deno.test("a control frame inside a message in pieces stands where it came", () => {
  const wire = joinBytes([
    serverFrame(0x02, Uint8Array.of(1)),
    serverFrame(0x89, Uint8Array.of(9)),
    serverFrame(0x80, Uint8Array.of(2)),
  ]);
  assert.deepEqual(
    [...new FrameDecoder().decode(wire)].map((event) => event.kind),
    ["part", "ping", "part"],
  );
});

Deno.test("a client's frame is masked, and the mask undone gives the payload", () => {
  fc.assert(fc.property(payload, fc.uint8Array({ minLength: 4, maxLength: 4 }), (data, mask) => {
    const frame = encodeFrame(opcode.binary, data, mask);
    assert.equal((frame[1] ?? 0) & 0x80, 0x80);
    const body = frame.slice(frame.length - data.length);
    assert.deepEqual(body.map((byte, index) => byte ^ (mask[index & 3] ?? 0)), data);
  }));
});

const broken: Record<string, Uint8Array> = {
  "a reserved bit is set": Uint8Array.of(0xc2, 0),
  "a server's frame is masked": Uint8Array.of(0x82, 0x80, 0, 0, 0, 0),
  "unknown opcode 3": Uint8Array.of(0x83, 0),
  "unknown opcode 11": Uint8Array.of(0x8b, 0),
  "a continuation of nothing": Uint8Array.of(0x80, 0),
  "a message inside another": Uint8Array.of(0x02, 0, 0x82, 0),
  "a control frame is too long or in pieces": Uint8Array.of(0x09, 0),
  "a close code of one byte": Uint8Array.of(0x88, 1, 0),
  "a frame of absurd length": Uint8Array.of(0x82, 127, 255, 255, 255, 255, 255, 255, 255, 255),
};

for (const [message, wire] of Object.entries(broken)) {
  Deno.test(`refused: ${message}`, () => {
    assert.throws(() => [...new FrameDecoder().decode(wire)], { name: "FrameError", message });
  });
}

Deno.test("a close without a code is reported as 1005", () => {
  assert.deepEqual([...new FrameDecoder().decode(Uint8Array.of(0x88, 0))], [
    { kind: "close", code: 1005, reason: "" },
  ]);
});
