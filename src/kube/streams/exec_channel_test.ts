import assert from "node:assert/strict";
import { ManualClock } from "../../base/testing/manual_clock.ts";
import fc from "fast-check";
import { joinBytes } from "../../base/byte_buffer.ts";
import {
  cutAt,
  MemoryLink,
  readClientFrame,
  serverClose,
  serverMessage,
} from "../testing/memory_link.ts";
import type { ChannelEnd } from "../client.ts";
import { endOfStatus, SocketExecChannel } from "./exec_channel.ts";
import type { Status } from "../types.ts";
import { WebSocketLink } from "./websocket.ts";
import { WebSocketSocket } from "./channel_socket.ts";

const encode = (text: string) => new TextEncoder().encode(text);
const on = (channel: number, text: string) =>
  serverMessage([joinBytes([Uint8Array.of(channel), encode(text)])]);
const success = `{"metadata":{},"status":"Success"}`;

function failure(exitCode: string): string {
  return JSON.stringify({
    metadata: {},
    status: "Failure",
    reason: "NonZeroExitCode",
    message: `command terminated with non-zero exit code: exit status ${exitCode}`,
    details: { causes: [{ reason: "ExitCode", message: exitCode }] },
  });
}

const keepAlive = {
  pingAfterMs: 10_000,
  deadAfterMs: 15_000,
  clock: new ManualClock(),
  serverAnswers: () => Promise.resolve(true),
};

function open(first = new Uint8Array(0), protocol = "v5.channel.k8s.io") {
  const link = new MemoryLink();
  const socket = new WebSocketSocket(new WebSocketLink(link, first, protocol, keepAlive));
  const channel = new SocketExecChannel(socket);
  return { link, channel };
}

async function hear(channel: SocketExecChannel) {
  const heard = { stdout: "", stderr: "" };
  const decoders = { stdout: new TextDecoder(), stderr: new TextDecoder() };
  for await (const { stream, bytes } of channel.output) {
    heard[stream] += decoders[stream].decode(bytes, { stream: true });
  }
  return { ...heard, end: await channel.end };
}

Deno.test("output, status and close in one burst with the handshake: nothing is lost", async () => {
  const burst = joinBytes([on(1, "out"), on(2, "err"), on(3, failure("7")), serverClose(1000)]);
  const { channel } = open(burst);
  assert.deepEqual(await hear(channel), {
    stdout: "out",
    stderr: "err",
    end: { kind: "exited", exitCode: 7 },
  });
});

Deno.test("every stream arrives whole and in order under any cutting", async () => {
  const piece = fc.tuple(fc.constantFrom(1, 2), fc.string({ maxLength: 30 }));
  const place = fc.double({ min: 0, max: 1, noNaN: true });
  await fc.assert(
    fc.asyncProperty(fc.array(piece), fc.array(place), async (pieces, cuts) => {
      const { link, channel } = open();
      const messages = pieces.map(([to, text]) => on(to, text));
      link.give(
        ...cutAt(joinBytes([...messages, on(3, success), serverClose(1000)]), cuts)
          .filter((chunk) => chunk.length > 0),
      );
      const text = (to: number) => pieces.filter(([one]) => one === to).map(([, s]) => s).join("");
      assert.deepEqual(await hear(channel), {
        stdout: text(1),
        stderr: text(2),
        end: { kind: "exited", exitCode: 0 },
      });
    }),
  );
});

Deno.test("nothing is read from the network while the output isn't consumed", async () => {
  const { link, channel } = open();
  link.give(on(1, "a"), on(1, "b"), on(1, "c"));
  const output = channel.output[Symbol.asyncIterator]();
  assert.equal(link.reads, 0);
  await output.next();
  assert.equal(link.reads, 1);
  await output.return?.();
  assert.equal(link.closed, true);
});

const cuts: Record<string, { wire: (Uint8Array | null)[]; reason: RegExp }> = {
  "the connection ends without a word": {
    wire: [on(1, "x"), null],
    reason: /^the connection was closed$/,
  },
  "the server closes without a status": {
    wire: [serverClose(1006, "node gone")],
    reason: /^the server closed the stream \(1006: node gone\) without a final status$/,
  },
  "the status is cut in the middle": {
    wire: [on(3, success.slice(0, 20)), null],
    reason: /closed/,
  },
  "the status has no valid status": {
    wire: [on(3, `{"status":"Great"}`), serverClose(1000)],
    reason: /1000/,
  },
  "the protocol is broken": { wire: [Uint8Array.of(0xff, 0)], reason: /reserved bit/ },
  "the reason would move the cursor": {
    wire: [serverClose(1011, "a\x1b[2Jb\r\nc")],
    reason: /\(1011: ab c\)/,
  },
};

for (const [name, { wire, reason }] of Object.entries(cuts)) {
  Deno.test(`cut, and never a success: ${name}`, async () => {
    const { link, channel } = open();
    link.give(...wire);
    const { end } = await hear(channel);
    assert.equal(end.kind, "cut");
    assert.match(end.kind === "cut" ? end.reason : "", reason);
  });
}

Deno.test("a link that breaks after the complete Status isn't `cut`", async () => {
  const { link, channel } = open();
  link.give(on(3, success), null);
  assert.deepEqual((await hear(channel)).end, { kind: "exited", exitCode: 0 });
});

Deno.test("the end of standard input is sent on channel 255, if the protocol has it", async () => {
  const { link, channel } = open();
  await channel.write(encode("hi"));
  assert.equal(await channel.closeStdin(), true);
  assert.deepEqual(link.written.map((frame) => [...readClientFrame(frame).payload]), [
    [0, 104, 105],
    [255, 0],
  ]);
  const old = open(undefined, "v4.channel.k8s.io");
  assert.equal(await old.channel.closeStdin(), false);
  assert.deepEqual(old.link.written, []);
});

Deno.test("a size is sent as remotecommand's JSON", async () => {
  const { link, channel } = open();
  await channel.resize({ columns: 80, rows: 24 });
  const payload = readClientFrame(link.written[0] ?? new Uint8Array()).payload;
  assert.equal(new TextDecoder().decode(payload), `\x04{"Width":80,"Height":24}`);
});

Deno.test("after close the end is cut, and writes are dropped", async () => {
  const { link, channel } = open();
  await channel.close();
  await channel.write(encode("late"));
  assert.deepEqual(await channel.end, { kind: "cut", reason: "closed on this side" });
  assert.deepEqual([link.closed, link.written.length], [true, 0]);
});

const ends: [string, Partial<Status>, ChannelEnd["kind"], number?][] = [
  ["success", { status: "Success" }, "exited", 0],
  ["a code", JSON.parse(failure("137")), "exited", 137],
  ["a code that is not a number", JSON.parse(failure("0x1")), "refused"],
  ["another failure", { status: "Failure", reason: "InternalError", message: "no" }, "refused"],
];

for (const [name, status, kind, exitCode] of ends) {
  Deno.test(`final status: ${name}`, () => {
    const end = endOfStatus({
      apiVersion: "v1",
      kind: "Status",
      metadata: {},
      status: "Failure",
      ...status,
    });
    assert.equal(end.kind, kind);
    if (end.kind === "exited") assert.equal(end.exitCode, exitCode);
  });
}
