/** Archives that a hostile pod may send: each is refused with a reason, and nothing of it is kept. */
import assert from "node:assert/strict";
import { ByteReader } from "./byte_reader.ts";
import { joinBytes } from "../base/byte_buffer.ts";
import { encodeHeader, type NewHeader } from "./tar_header.ts";
import { TarReader } from "./tar_reader.ts";
import { localCopyFiles } from "./local/files.ts";
import { temporaryFolder } from "../files/testing/temporary_folder.ts";

const text = (words: string) => new TextEncoder().encode(words);

/** An entry: a header, and its data padded to whole blocks. */
function entry(
  name: string,
  more: { type?: string; link?: string; data?: Uint8Array; size?: number } = {},
): Uint8Array {
  const data = more.data ?? new Uint8Array();
  const header: NewHeader = {
    name: text(name),
    type: more.type ?? "0",
    mode: 0o755,
    mtime: 0,
    size: more.size ?? data.length,
    ...(more.link === undefined ? {} : { linkName: text(more.link) }),
  };
  return joinBytes([encodeHeader(header), data, new Uint8Array((512 - data.length % 512) % 512)]);
}

function pax(records: string): Uint8Array {
  return entry("pax", { type: "x", data: text(records) });
}

const end = new Uint8Array(1024);

/** Unpacks below `folder/inner`, as a copy does. Returns the omitted entries. */
async function unpack(folder: string, pieces: readonly Uint8Array[]): Promise<string[]> {
  const leftOut: string[] = [];
  await using into = await localCopyFiles().unpackFolder(`${folder}/inner`, "key");
  const bytes = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const piece of pieces) controller.enqueue(piece);
      controller.close();
    },
  });
  const reader = new TarReader(new ByteReader(bytes), ({ what }) => leftOut.push(what));
  for await (const one of reader.entries()) await into.put(one);
  await into.place();
  return leftOut;
}

const refused: Readonly<Record<string, { pieces: Uint8Array[]; reason: RegExp }>> = {
  "an absolute name": { pieces: [entry("/etc/evil"), end], reason: /leads out of the folder/ },
  "a name with ..": { pieces: [entry("a/../../evil"), end], reason: /leads out of the folder/ },
  "a long name with ..": {
    pieces: [entry("x", { type: "L", data: text("../evil\0") }), entry("ok"), end],
    reason: /leads out of the folder/,
  },
  "a pax path with ..": {
    pieces: [pax("16 path=../evil\n"), entry("ok"), end],
    reason: /leads out of the folder/,
  },
  "a file through a link of the archive": {
    pieces: [entry("way", { type: "2", link: "/tmp" }), entry("way/evil"), end],
    reason: /below way, which is not a folder/,
  },
  "a link in the place of a folder that is filled": {
    pieces: [entry("way/", { type: "5" }), entry("way", { type: "2", link: "/tmp" }), end],
    reason: /holds way twice/,
  },
  "a hard link to outside": {
    pieces: [entry("evil", { type: "1", link: "../../etc/passwd" }), end],
    reason: /leads out of the folder/,
  },
  "a hard link to what isn't in the archive": {
    pieces: [entry("evil", { type: "1", link: "etc/passwd" }), end],
    reason: /isn't in it/,
  },
  "a hard link to a link": {
    pieces: [
      entry("way", { type: "2", link: "/etc/passwd" }),
      entry("evil", { type: "1", link: "way" }),
      end,
    ],
    reason: /isn't in it/,
  },
  "a huge extended header": {
    pieces: [entry("x", { type: "x", size: 2 ** 40 }), end],
    reason: /extended header is too long/,
  },
  "extended headers without end": {
    pieces: [...Array.from({ length: 20 }, () => pax("11 a=bcdef\n")), entry("ok"), end],
    reason: /too many extended headers/,
  },
  "a broken record": { pieces: [pax("99 path=x\n"), entry("ok"), end], reason: /broken record/ },
  "a number that is absurd": {
    pieces: [pax("30 size=99999999999999999999\n\n"), entry("ok"), end],
    reason: /broken record|bad number/,
  },
  "a wrong checksum": {
    pieces: [entry("ok").map((byte, at) => at === 0 ? byte + 1 : byte), end],
    reason: /checksum is wrong/,
  },
  "an archive that ends in a file": {
    pieces: [entry("ok", { data: text("x".repeat(600)) }).subarray(0, 700)],
    reason: /ends in the middle/,
  },
  "an archive without its end": { pieces: [entry("ok")], reason: /ends in the middle/ },
  "a sparse map beyond the file": {
    pieces: [
      pax("22 GNU.sparse.size=10\n28 GNU.sparse.map=0,5,2,500\n"),
      entry("ok", { data: text("x".repeat(505)) }),
      end,
    ],
    reason: /sparse file's map is wrong/,
  },
  "a sparse map larger than the data": {
    pieces: [
      pax("23 GNU.sparse.size=100\n23 GNU.sparse.map=0,50\n"),
      entry("ok", { data: text("x") }),
      end,
    ],
    reason: /sparse file's map is wrong/,
  },
};

for (const [name, { pieces, reason }] of Object.entries(refused)) {
  Deno.test(`refused: ${name}`, async () => {
    await using folder = await temporaryFolder("kodama-hostile-");
    await assert.rejects(unpack(folder.path, pieces), reason);
    const left = (await Array.fromAsync(Deno.readDir(folder.path))).map((one) => one.name);
    assert.deepEqual(left.filter((one) => one !== ".in-use"), []);
  });
}

Deno.test("devices and pipes are omitted and reported; modes cannot set a user id", async () => {
  await using folder = await temporaryFolder("kodama-hostile-");
  const suid = encodeHeader({ name: text("./suid"), type: "0", mode: 0o4755, mtime: 0, size: 0 });
  const pieces = [
    entry("null", { type: "3" }),
    entry("disk", { type: "4" }),
    entry("pipe", { type: "6" }),
    suid,
    end,
  ];
  assert.deepEqual(await unpack(folder.path, pieces), [
    "a character device",
    "a block device",
    "a pipe",
  ]);
  const names = (await Array.fromAsync(Deno.readDir(`${folder.path}/inner`))).map(({ name }) =>
    name
  );
  assert.deepEqual(names, ["suid"]);
  const { mode } = await Deno.stat(`${folder.path}/inner/suid`);
  assert.equal((mode ?? 0) & 0o7777, 0o755);
});

Deno.test("a link that is there already is replaced, and nothing behind it", async () => {
  await using folder = await temporaryFolder("kodama-hostile-");
  await Deno.mkdir(`${folder.path}/inner`);
  await Deno.writeTextFile(`${folder.path}/precious`, "untouched");
  await Deno.symlink(`${folder.path}/precious`, `${folder.path}/inner/file`);
  await unpack(folder.path, [entry("file", { data: text("new") }), end]);
  assert.equal(await Deno.readTextFile(`${folder.path}/precious`), "untouched");
  assert.equal(await Deno.readTextFile(`${folder.path}/inner/file`), "new");
});
