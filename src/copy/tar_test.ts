import assert from "node:assert/strict";
import fc from "fast-check";
import { joinBytes } from "../base/byte_buffer.ts";
import { ByteReader } from "./byte_reader.ts";
import type { TreeEntry } from "./entry.ts";
import { TarReader } from "./tar_reader.ts";
import { writeTar } from "./tar_writer.ts";
import { checkedMap, type SparseMap } from "./sparse.ts";

/** An entry whose body is in memory. */
export type WholeEntry =
  | Exclude<TreeEntry, { kind: "file" }>
  | Omit<Extract<TreeEntry, { kind: "file" }>, "body"> & { data: Uint8Array };

async function* streamOf(bytes: Uint8Array, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length] ?? bytes.length;
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

async function* treeOf(entries: readonly WholeEntry[]): AsyncGenerator<TreeEntry> {
  for (const entry of entries) {
    if (entry.kind !== "file") yield entry;
    else {
      const { data, ...rest } = entry;
      yield { ...rest, body: streamOf(data, [100]) };
    }
  }
}

async function unpacked(bytes: Uint8Array, sizes: readonly number[]): Promise<WholeEntry[]> {
  const all: WholeEntry[] = [];
  const reader = new TarReader(new ByteReader(streamOf(bytes, sizes)), () => {});
  for await (const entry of reader.entries()) {
    if (entry.kind !== "file") all.push(entry);
    else {
      const { body, ...rest } = entry;
      all.push({
        ...rest,
        data: joinBytes((await Array.fromAsync(body)).map((one) => one.slice())),
      });
    }
  }
  return all;
}

const part = fc.uint8Array({ minLength: 1, maxLength: 140 }).map((bytes) =>
  bytes.map((byte) => byte === 0 || byte === 0x2f ? 0x61 : byte)
).filter((bytes) => !bytes.every((byte) => byte === 0x2e));
const path = fc.array(part, { minLength: 1, maxLength: 3 }).map((parts) =>
  joinBytes(parts.flatMap((one, at) => at === 0 ? [one] : [Uint8Array.of(0x2f), one]))
);
const target = fc.uint8Array({ minLength: 1, maxLength: 300 })
  .map((bytes) => bytes.map((byte) => byte === 0 ? 1 : byte));
const mode = fc.integer({ min: 0, max: 0o7777 });
const mtime = fc.integer({ min: -(2 ** 40), max: 2 ** 40 });
const data = fc.uint8Array({ maxLength: 1500 });
const sparse: fc.Arbitrary<SparseMap> = fc.array(
  fc.tuple(fc.integer({ min: 1, max: 2 ** 35 }), fc.integer({ min: 1, max: 60 })),
  { maxLength: 60 },
)
  .chain((gaps) =>
    fc.integer({ min: 0, max: 1000 }).map((end) => {
      let at = 0;
      const parts = gaps.map(([gap, length]) => {
        const offset = at + gap;
        at = offset + length;
        return { offset, length };
      });
      return checkedMap(at + end, parts);
    })
  );
const entry: fc.Arbitrary<WholeEntry> = fc.oneof(
  fc.record({ kind: fc.constant("folder" as const), path, mode, mtime }),
  fc.record({ kind: fc.constant("file" as const), path, mode, mtime, data }).map((one) => ({
    ...one,
    size: one.data.length,
  })),
  fc.record({ kind: fc.constant("file" as const), path, mode, mtime, sparse }).map((one) => ({
    ...one,
    size: one.sparse.size,
    data: new Uint8Array(one.sparse.parts.reduce((sum, { length }) => sum + length, 0)).fill(7),
  })),
  fc.record({ kind: fc.constant("symbolicLink" as const), path, mode, mtime, target }),
  fc.record({ kind: fc.constant("hardLink" as const), path, mode, mtime, target: path }),
)
  // Records of fast-check have no prototype, and entries do.
  .map((one): WholeEntry => ({ ...one }));

Deno.test("an archive holds what was put in: names of any byte, sizes, times, holes, under any cutting", async () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 2000 }), { minLength: 1, maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(fc.array(entry, { maxLength: 6 }), sizes, async (entries, cuts) => {
      const bytes = joinBytes(await Array.fromAsync(writeTar(treeOf(entries), { sparse: true })));
      assert.equal(bytes.length % 10240, 0);
      assert.deepEqual(await unpacked(bytes, cuts), entries);
    }),
    { numRuns: 200 },
  );
});
