import assert from "node:assert/strict";
import { constants, inflateRawSync } from "node:zlib";
import fc from "fast-check";
import { joinBytes } from "../../base/join_bytes.ts";
import {
  dataFrame,
  pingFrame,
  PodStreamOpener,
  SpdyDecoder,
  SpdyError,
  type SpdyEvent,
} from "./spdy_frames.ts";
import { cutAt } from "../testing/memory_link.ts";

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

Deno.test("resets and goodbyes are told", () => {
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
  const opener = new PodStreamOpener();
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
