import assert from "node:assert/strict";
import { constants, createDeflate, createInflate } from "node:zlib";
import fc from "fast-check";
import { channel, decodeMessage, encodeMessage } from "./channels.ts";
import {
  createHeaderReader,
  createHeaderWriter,
  encodeSpdyFrame,
  type Frame,
  FrameReader,
  headerDictionary,
} from "./spdy_tunnel.ts";
import { joinBytes } from "../../../../src/base/byte_buffer.ts";

const bytes = fc.uint8Array({ maxLength: 50 });
const stream = fc.integer({ min: 1, max: 0x7fffffff });
const frames = fc.array(fc.oneof(
  fc.tuple(stream, fc.boolean(), bytes)
    .map(([stream, fin, bytes]) => ({ kind: "data" as const, stream, fin, bytes })),
  fc.tuple(fc.constantFrom("synReply" as const, "synStream" as const), stream, fc.boolean(), bytes)
    .map(([kind, stream, fin, headers]) => ({ kind, stream, fin, headers })),
  fc.tuple(stream, fc.nat(11))
    .map(([stream, status]) => ({ kind: "rstStream" as const, stream, status })),
  stream.map((id) => ({ kind: "ping" as const, id })),
));

/** Returns the same bytes in pieces. */
function* pieces(whole: Uint8Array, sizes: readonly number[]): Generator<Uint8Array> {
  let offset = 0;
  for (const size of sizes) {
    yield whole.subarray(offset, offset + size);
    offset += size;
  }
  yield whole.subarray(offset);
}

Deno.test("frames decode to what was encoded, however the bytes come in pieces", () => {
  fc.assert(fc.property(frames, fc.array(fc.nat(30)), (all, sizes) => {
    const reader = new FrameReader();
    const decoded: Frame[] = [];
    for (const piece of pieces(joinBytes(all.map(encodeSpdyFrame)), sizes)) {
      decoded.push(...reader.push(piece));
    }
    assert.deepEqual(decoded, all);
  }));
});

Deno.test("a frame that is too large is refused before it is buffered", () => {
  const head = Uint8Array.of(0, 0, 0, 1, 0, 0xff, 0xff, 0xff);
  assert.throws(() => new FrameReader().push(head), RangeError);
});

Deno.test("the dictionary is the published one", () => {
  let [low, high] = [1, 0];
  for (const byte of headerDictionary()) {
    low = (low + byte) % 65521;
    high = (high + low) % 65521;
  }
  // Its Adler-32, which every zlib stream contains that uses it.
  assert.equal((high * 65536 + low).toString(16), "e3c6a7c2");
});

const pairs = fc.uniqueArray(fc.tuple(fc.stringMatching(/^[a-z]{1,12}$/), fc.string()), {
  selector: ([name]) => name,
});

/** Returns one direction of a session as a client with a real compressor writes it. */
function compressor(): (block: Uint8Array) => Promise<Uint8Array> {
  const deflate = createDeflate({ dictionary: headerDictionary() });
  return (block) =>
    new Promise((resolve, reject) => {
      const parts: Uint8Array[] = [];
      const take = (part: Uint8Array) => void parts.push(part);
      deflate.on("data", take).once("error", reject);
      deflate.write(block);
      deflate.flush(constants.Z_SYNC_FLUSH, () => {
        deflate.off("data", take).off("error", reject);
        resolve(joinBytes(parts));
      });
    });
}

function plainBlock(headers: readonly (readonly [string, string])[]): Uint8Array {
  const number = (value: number) => {
    const four = new Uint8Array(4);
    new DataView(four.buffer).setUint32(0, value);
    return four;
  };
  const text = (value: string) => {
    const encoded = new TextEncoder().encode(value);
    return joinBytes([number(encoded.length), encoded]);
  };
  return joinBytes([number(headers.length), ...headers.flat().map(text)]);
}

Deno.test("header blocks of one session are read in their order", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(pairs, { maxLength: 4 }), async (blocks) => {
      const compress = compressor();
      using reader = createHeaderReader();
      for (const block of blocks) {
        const read = await reader.read(await compress(plainBlock(block)));
        assert.deepEqual([...read], block);
      }
    }),
    { numRuns: 30 },
  );
});

Deno.test("header blocks that are written inflate to what they say", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(pairs, { minLength: 1, maxLength: 4 }), async (blocks) => {
      const write = createHeaderWriter();
      const inflate = createInflate({ dictionary: headerDictionary() });
      const parts: Uint8Array[] = [];
      inflate.on("data", (part: Uint8Array) => parts.push(part));
      for (const block of blocks) {
        const written = write(new Map(block));
        await new Promise((resolve) => inflate.write(written, resolve));
      }
      inflate.destroy();
      assert.deepEqual(joinBytes(parts), joinBytes(blocks.map(plainBlock)));
    }),
    { numRuns: 30 },
  );
});

Deno.test("a broken header block is an error, and nothing worse", async () => {
  using reader = createHeaderReader();
  await assert.rejects(reader.read(Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8)));
});

Deno.test("channel messages: what v4 can't say is ignored there", () => {
  const end = Uint8Array.of(channel.close, channel.stdin);
  assert.deepEqual(decodeMessage(end, "v5"), { kind: "stdinEnd" });
  assert.deepEqual(decodeMessage(end, "v4"), { kind: "ignored" });
  const size = encodeMessage(channel.resize, new TextEncoder().encode('{"Width":80,"Height":24}'));
  assert.deepEqual(decodeMessage(size, "v4"), { kind: "resize", columns: 80, rows: 24 });
});

Deno.test("no message of a client breaks the reading of messages", () => {
  fc.assert(
    fc.property(
      fc.uint8Array(),
      fc.constantFrom("v4" as const, "v5" as const),
      (message, protocol) => {
        const { kind } = decodeMessage(message, protocol);
        assert.ok(["stdin", "resize", "stdinEnd", "ignored"].includes(kind));
      },
    ),
  );
});

Deno.test("standard input comes out as it went in", () => {
  fc.assert(fc.property(fc.uint8Array(), (payload) => {
    assert.deepEqual(decodeMessage(encodeMessage(channel.stdin, payload), "v5"), {
      kind: "stdin",
      bytes: payload,
    });
  }));
});
