/**
 * Sparse files: the parts of a file that are data; all else reads as zeros and takes no disk space.
 *
 * GNU tar has four formats for that; each is read here, and the oldest (type `S`), which needs no extended header, is
 * written. https://www.gnu.org/software/tar/manual/html_node/Sparse-Formats.html
 */
import {
  blockBytes,
  paxNumber,
  type PaxRecords,
  readNumber,
  TarError,
  writeNumber,
} from "./tar_header.ts";

/** A part that contains data. */
export interface DataPart {
  offset: number;
  length: number;
}

/** Parts in order, none adjacent to the next; and the size of the file with its holes. */
export interface SparseMap {
  size: number;
  parts: readonly DataPart[];
}

/** Parts of a file; no real file's map has more. */
const maxParts = 1_000_000;

const inHeader = { at: 386, count: 4, extended: 482, size: 483 } as const;
const inBlock = { count: 21, extended: 504 } as const;
const partBytes = 24;

/** Validates the parts: inside of the file, in order, without overlap. Throws {@link TarError} if they aren't. */
export function checkedMap(size: number, parts: readonly DataPart[]): SparseMap {
  let end = 0;
  for (const { offset, length } of parts) {
    if (offset < end || length < 0 || offset + length > size) {
      throw new TarError("a sparse file's map is wrong");
    }
    end = offset + length;
  }
  return { size, parts: parts.filter(({ length }) => length > 0) };
}

/** Returns the bytes of data in it. */
export function dataBytes({ parts }: SparseMap): number {
  return parts.reduce((sum, { length }) => sum + length, 0);
}

function readParts(bytes: Uint8Array, at: number, count: number): DataPart[] {
  const parts: DataPart[] = [];
  for (let index = 0; index < count; index++) {
    const start = at + index * partBytes;
    if (bytes[start] === 0) break;
    const offset = readNumber(bytes.subarray(start, start + 12));
    const length = readNumber(bytes.subarray(start + 12, start + 24));
    parts.push({ offset, length });
  }
  return parts;
}

/** Reads the map of a header of type `S`; `next` returns the blocks that follow it. */
export async function readOldMap(
  header: Uint8Array,
  next: () => Promise<Uint8Array>,
): Promise<SparseMap> {
  const parts = readParts(header, inHeader.at, inHeader.count);
  const size = readNumber(header.subarray(inHeader.size, inHeader.size + 12));
  let more = header[inHeader.extended] !== 0;
  while (more) {
    const block = await next();
    parts.push(...readParts(block, 0, inBlock.count));
    if (parts.length > maxParts) throw new TarError("a sparse file has too many parts");
    more = block[inBlock.extended] !== 0;
  }
  return checkedMap(size, parts);
}

/** Writes as much of the map as fits into a header of type `S`, and returns the blocks for the remainder. */
export function oldMapBlocks({ size, parts }: SparseMap): {
  fill: (header: Uint8Array) => void;
  rest: Uint8Array;
} {
  // A hole at the end is represented by an empty part there.
  const last = parts.at(-1);
  const all = last !== undefined && last.offset + last.length === size
    ? parts
    : [...parts, { offset: size, length: 0 }];
  const beyond = all.slice(inHeader.count);
  const rest = new Uint8Array(Math.ceil(beyond.length / inBlock.count) * blockBytes);
  for (let at = 0, block = 0; at < beyond.length; at += inBlock.count, block += blockBytes) {
    writeParts(rest, block, beyond.slice(at, at + inBlock.count));
    if (at + inBlock.count < beyond.length) rest[block + inBlock.extended] = 1;
  }
  return {
    rest,
    fill(header) {
      writeParts(header, inHeader.at, all.slice(0, inHeader.count));
      if (beyond.length > 0) header[inHeader.extended] = 1;
      writeNumber(header.subarray(inHeader.size, inHeader.size + 12), size);
    },
  };
}

function writeParts(block: Uint8Array, at: number, parts: readonly DataPart[]): void {
  for (const [index, { offset, length }] of parts.entries()) {
    const start = at + index * partBytes;
    writeNumber(block.subarray(start, start + 12), offset);
    writeNumber(block.subarray(start + 12, start + 24), length);
  }
}

/** Returns the map in the extended headers of pax: all of it (0.1), or that it precedes the data (1.0). */
export function paxMap(
  records: PaxRecords,
): SparseMap | { kind: "inData"; size: number } | undefined {
  const size = paxNumber(records, "GNU.sparse.realsize") ?? paxNumber(records, "GNU.sparse.size");
  if (size === undefined) return undefined;
  if (paxNumber(records, "GNU.sparse.major") === 1) return { kind: "inData", size };
  const text = new TextDecoder().decode(records.get("GNU.sparse.map"));
  const numbers = text === "" ? [] : text.split(",").map(Number);
  if (numbers.some((number) => !Number.isSafeInteger(number)) || numbers.length > 2 * maxParts) {
    throw new TarError("a sparse file's map is wrong");
  }
  const parts: DataPart[] = [];
  for (let at = 0; at + 1 < numbers.length; at += 2) {
    parts.push({ offset: numbers[at] ?? 0, length: numbers[at + 1] ?? 0 });
  }
  return checkedMap(size, parts);
}

/** Reads the map that precedes the data: decimal numbers, each on a line, padded to whole blocks. */
export async function readLeadingMap(
  size: number,
  next: () => Promise<Uint8Array>,
): Promise<{ map: SparseMap; blocks: number }> {
  const numbers: number[] = [];
  let [text, blocks] = ["", 0];
  while (numbers.length === 0 || numbers.length < 1 + 2 * (numbers[0] ?? 0)) {
    const lines = (text + new TextDecoder().decode(await next())).split("\n");
    blocks += 1;
    text = lines.pop() ?? "";
    const wanted = numbers.length === 0 ? Infinity : 1 + 2 * (numbers[0] ?? 0);
    for (const line of lines.slice(0, wanted - numbers.length)) {
      if (!/^\d{1,16}$/.test(line)) throw new TarError("a sparse file's map is wrong");
      numbers.push(Number(line));
      if ((numbers[0] ?? 0) > maxParts) throw new TarError("a sparse file has too many parts");
      if (numbers.length >= 1 + 2 * (numbers[0] ?? 0)) break;
    }
  }
  const parts: DataPart[] = [];
  for (let at = 1; at + 1 < numbers.length; at += 2) {
    parts.push({ offset: numbers[at] ?? 0, length: numbers[at + 1] ?? 0 });
  }
  return { map: checkedMap(size, parts), blocks };
}
