import assert from "node:assert/strict";
import fc from "fast-check";
import { joinBytes } from "../../base/join_bytes.ts";
import { cutAt, serverFrame, serverMessage } from "../testing/memory_link.ts";
import { encodeFrame, FrameDecoder, type FrameEvent, opcode } from "./websocket_frames.ts";

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

Deno.test("a close without a code is told as 1005", () => {
  assert.deepEqual([...new FrameDecoder().decode(Uint8Array.of(0x88, 0))], [
    { kind: "close", code: 1005, reason: "" },
  ]);
});
