import assert from "node:assert/strict";
import fc from "fast-check";
import { joinBytes } from "../../base/byte_buffer.ts";
import { ManualClock, quiet } from "../../base/testing/manual_clock.ts";
import { SocketExecChannel } from "./exec_channel.ts";
import {
  commandStreams,
  dataFrame,
  openSpdy,
  pingFrame,
  SpdyDecoder,
  SpdyError,
  type SpdyEvent,
  SpdySocket,
  SpdyStreamOpener,
} from "./spdy_socket.ts";
import { cutAt, MemoryLink } from "../testing/memory_link.ts";
import { constants, inflateRawSync } from "node:zlib";

const encode = (text: string) => new TextEncoder().encode(text);
const reset = (stream: number) =>
  Uint8Array.of(0x80, 3, 0, 3, 0, 0, 0, 8, 0, 0, 0, stream, 0, 0, 0, 5);
const success = `{"metadata":{},"status":"Success"}`;
const none = new Uint8Array(0);

async function open(first: Uint8Array = none, link = new MemoryLink()) {
  const clock = new ManualClock();
  const asked = { elsewhere: 0 };
  // Once, and then no more.
  const serverAnswers = () => Promise.resolve(asked.elsewhere++ === 0);
  const keepAlive = { pingAfterMs: 10_000, deadAfterMs: 15_000, clock, serverAnswers };
  const socket = await SpdySocket.open(link, first, {
    streams: commandStreams({ stdin: true, tty: false }),
    keepAlive,
  });
  return { link, clock, socket, asked, channel: new SocketExecChannel(socket) };
}

async function hear(channel: SocketExecChannel) {
  const heard = { stdout: "", stderr: "" };
  for await (const { stream, bytes } of channel.output) {
    heard[stream] += new TextDecoder().decode(bytes);
  }
  return { ...heard, end: await channel.end };
}

Deno.test("streams are opened at once, and all of them are heard to the final status", async () => {
  const { link, channel } = await open(joinBytes([
    dataFrame(5, encode("out")),
    dataFrame(7, encode("err")),
    dataFrame(1, encode(success), true),
  ]));
  assert.deepEqual(link.written.map((frame) => frame[11]), [1, 3, 5, 7]);
  link.give(reset(3), reset(5));
  const end = { kind: "exited", exitCode: 0 };
  assert.deepEqual(await hear(channel), { stdout: "out", stderr: "err", end });
});

Deno.test("input goes in frames, and its end is the stream's", async () => {
  const { link, channel } = await open();
  await channel.write(new Uint8Array(100_000));
  assert.equal(await channel.closeStdin(), true);
  const frames = link.written.slice(4).map((frame) => [frame[3], frame[4], frame.length - 8]);
  assert.deepEqual(frames, [[3, 0, 50_000], [3, 0, 50_000], [3, 1, 0]]);
});

Deno.test("a command that takes no more input still has its output and its end", async () => {
  const { link, channel } = await open();
  link.give(reset(3), dataFrame(5, encode("out")), dataFrame(1, encode(success), true), null);
  const end = { kind: "exited", exitCode: 0 };
  assert.deepEqual(await hear(channel), { stdout: "out", stderr: "", end });
});

for (
  const [what, wire, reason] of [
    ["ends", [null], /^the connection was closed$/],
    ["says goodbye", [Uint8Array.of(0x80, 3, 0, 7, 0, 0, 0, 4, 0, 0, 0, 0), null], /goodbye/],
    ["ends in the middle of a status", [dataFrame(1, encode(success.slice(0, 9))), null], /closed/],
    ["resets what it sends", [dataFrame(5, encode("half")), reset(5)], /reset, 5/],
    ["breaks the protocol", [Uint8Array.of(0x80, 9, 0, 0, 0, 0, 0, 0)], /another version/],
  ] as const
) {
  Deno.test(`a peer that ${what} has cut the command, which is never a success`, async () => {
    const { link, channel } = await open();
    link.give(...wire);
    const { end } = await hear(channel);
    assert.equal(end.kind, "cut");
    assert.match(end.kind === "cut" ? end.reason : "", reason);
  });
}

Deno.test("a peer's ping is answered; its answer to ours keeps a silent link", async () => {
  const { link, clock, socket } = await open();
  const received = socket.receive();
  for (let round = 0; round < 3; round++) {
    await quiet();
    assert.equal(clock.step(), true);
    link.give(pingFrame(2), link.written.at(-1) ?? none);
  }
  await quiet();
  assert.deepEqual(link.written.at(-1), pingFrame(2));
  link.give(dataFrame(5, encode("y")));
  assert.equal((await received).kind, "data");
  // From here on it is silent: the server isn't reachable either.
  const reason = "no answer from the server for 25 s";
  assert.deepEqual(await clock.runUntil(socket.receive()), { kind: "lost", reason });
  assert.equal(link.closed, true);
});

for (
  const [what, send] of [
    ["input", (socket: SpdySocket) => socket.send("stdin", encode("x"))],
    ["the input's end", (socket: SpdySocket) => socket.closeInput()],
  ] as const
) {
  Deno.test(`behind ${what} that isn't known to be read, silence proves nothing: the server is asked elsewhere`, async () => {
    const { clock, socket, asked } = await open();
    await send(socket);
    assert.equal((await clock.runUntil(socket.receive())).kind, "lost");
    assert.equal(asked.elsewhere, 2);
  });

  Deno.test(`the answer to a ping behind ${what} shows that it was read: silence is death then`, async () => {
    const { link, clock, socket, asked } = await open();
    await send(socket);
    const received = socket.receive();
    await quiet();
    clock.step();
    link.give(link.written.at(-1) ?? none, dataFrame(5, encode("y")));
    assert.equal((await received).kind, "data");
    assert.equal((await clock.runUntil(socket.receive())).kind, "lost");
    assert.equal(asked.elsewhere, 1);
  });
}

Deno.test("an answer to a ping before the last shows nothing of what was sent between them", async () => {
  const { link, clock, socket, asked } = await open();
  const ping = async () => {
    const received = socket.receive();
    await quiet();
    clock.step();
    return { received, frame: link.written.at(-1) ?? none };
  };
  const output = dataFrame(5, encode("y"));
  const early = await ping();
  link.give(output);
  await early.received;
  await socket.send("stdin", encode("x"));
  const late = await ping();
  link.give(early.frame, output);
  await late.received;
  assert.equal((await clock.runUntil(socket.receive())).kind, "lost");
  assert.equal(asked.elsewhere, 2);
});

Deno.test("what is sent while a frame is on its way takes a room of its own", async () => {
  const taken: Uint8Array[] = [];
  const gate = Promise.withResolvers<void>();
  const link = new class extends MemoryLink {
    override async write(bytes: Uint8Array): Promise<void> {
      taken.push(bytes);
      if (taken.length > 5) await gate.promise;
    }
  }();
  const { socket } = await open(none, link);
  await socket.send("stdin", encode("first"));
  const sent = [socket.send("stdin", encode("one")), socket.send("stdin", encode("two"))];
  gate.resolve();
  await Promise.all(sent);
  const texts = taken.slice(-2).map((frame) => new TextDecoder().decode(frame.subarray(8)));
  assert.deepEqual(texts, ["one", "two"]);
});

Deno.test("a server that upgrades and names no version of remote commands isn't spoken to", async () => {
  const link = new MemoryLink();
  const keepAlive = { pingAfterMs: 1, deadAfterMs: 1, clock: new ManualClock() };
  const opening = openSpdy(link, {
    url: new URL("https://h.test/exec"),
    headers: [],
    protocol: "v4.channel.k8s.io",
    streams: commandStreams({ stdin: true, tty: false }),
    keepAlive: { ...keepAlive, serverAnswers: () => Promise.resolve(true) },
  }, new AbortController().signal);
  link.give(encode("HTTP/1.1 101 Switching Protocols\r\nUpgrade: SPDY/3.1\r\n\r\n"));
  await assert.rejects(opening, /doesn't speak v4\.channel\.k8s\.io/);
  assert.deepEqual([link.written.length, link.closed], [1, true]);
});

Deno.test("a server without SPDY refuses, and the link is closed", async () => {
  const link = new MemoryLink();
  const serverAnswers = () => Promise.resolve(true);
  const opening = openSpdy(link, {
    url: new URL("https://h.test/exec?command=x"),
    headers: [["authorization", "Bearer t"]],
    protocol: "v4.channel.k8s.io",
    streams: commandStreams({ stdin: true, tty: false }),
    keepAlive: { pingAfterMs: 1, deadAfterMs: 1, clock: new ManualClock(), serverAnswers },
  }, new AbortController().signal);
  link.give(encode("HTTP/1.1 400 Bad Request\r\nContent-Length: 2\r\n\r\nno"));
  await assert.rejects(opening, { name: "UpgradeRefused", code: 400, body: "no" });
  assert.equal(link.closed, true);
  assert.deepEqual(new TextDecoder().decode(link.written[0]).split("\r\n"), [
    "POST /exec?command=x HTTP/1.1",
    "Host: h.test",
    "Upgrade: SPDY/3.1",
    "Connection: Upgrade",
    "Content-Length: 0",
    "X-Stream-Protocol-Version: v4.channel.k8s.io",
    "authorization: Bearer t",
    "",
    "",
  ]);
});

const control = (type: number, ...payload: number[]) =>
  Uint8Array.of(0x80, 3, 0, type, 0, 0, 0, payload.length, ...payload);

function decoded(chunks: readonly Uint8Array[]): SpdyEvent[] {
  const decoder = new SpdyDecoder();
  return chunks.flatMap((chunk) => [...decoder.decode(chunk)]);
}

Deno.test("data comes out as it went in, however it is cut, and so does what stands between", () => {
  const piece = fc.record({
    stream: fc.constantFrom(1, 5, 7),
    bytes: fc.uint8Array({ maxLength: 40 }),
    end: fc.boolean(),
  });
  const place = fc.double({ min: 0, max: 1, noNaN: true });
  fc.assert(fc.property(fc.array(piece), fc.array(place), (pieces, cuts) => {
    const wire = pieces.flatMap(({ stream, bytes, end }) => [
      dataFrame(stream, bytes, end),
      // An answer to a stream's opening, with unused headers; a window; a ping.
      control(2, 0, 0, 0, 1, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9),
      control(9, 0, 0, 0, 5, 0, 0, 1, 0),
      pingFrame(2),
    ]);
    const events = decoded(cutAt(joinBytes(wire), cuts));
    const read = pieces.map(() => ({ stream: 0, bytes: [] as number[], end: false }));
    let at = 0;
    for (const event of events) {
      if (event.kind === "ping") at++;
      else if (event.kind === "data") {
        const one = read[at];
        assert.ok(one !== undefined && !one.end);
        one.stream = event.stream;
        one.bytes.push(...event.bytes);
        one.end = event.end;
      } else assert.fail(event.kind);
    }
    assert.deepEqual(read, pieces.map((one) => ({ ...one, bytes: [...one.bytes] })));
  }));
});

Deno.test("resets and goodbyes are reported", () => {
  assert.deepEqual(decoded([control(3, 0, 0, 0, 5, 0, 0, 0, 1), control(7, 0, 0, 0, 0)]), [
    { kind: "reset", stream: 5, status: 1 },
    { kind: "goAway" },
  ]);
});

for (
  const [what, wire] of [
    ["of another version", Uint8Array.of(0x80, 2, 0, 6, 0, 0, 0, 4, 0, 0, 0, 1)],
    ["too short for a ping", control(6, 0, 0)],
    ["too short for a reset", control(3, 0, 0, 0, 5)],
  ] as const
) {
  Deno.test(`a frame ${what} is an error`, () => {
    assert.throws(() => decoded([wire]), SpdyError);
  });
}

Deno.test("headers of all streams are one zlib stream, flushed after each", () => {
  const opener = new SpdyStreamOpener();
  const blocks = [["error", 1], ["stdin", 3]].map(([streamtype, number]) => {
    const frame = opener.frame(Number(number), { streamtype: String(streamtype) });
    assert.deepEqual([...frame.subarray(0, 4)], [0x80, 3, 0, 1]);
    const view = new DataView(frame.buffer);
    assert.deepEqual([view.getUint32(4), view.getUint32(8)], [frame.length - 8, number]);
    return frame.subarray(18);
  });
  // Two bytes of zlib and four of the dictionary's checksum come first.
  const read = (until: number) =>
    inflateRawSync(joinBytes(blocks.slice(0, until)).subarray(6), {
      finishFlush: constants.Z_SYNC_FLUSH,
    }).toString("latin1");
  const block = (type: string) => `\0\0\0\x01\0\0\0\x0astreamtype\0\0\0\x05${type}`;
  assert.equal(read(1), block("error"));
  assert.equal(read(2), block("error") + block("stdin"));
});
