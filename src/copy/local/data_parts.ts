/** Finds the data of a sparse file. The runtime can't ask the system for holes; so the file is read. */
import type { DataPart } from "../sparse.ts";
import { readFile } from "../../files/read_file.ts";

/** The granularity of holes: the allocation unit of file systems. */
const grainBytes = 64 * 1024;

/** Returns the parts that aren't zeros. */
export async function dataParts(
  path: string,
  { size, modifiedMs }: { size: number; modifiedMs: number },
): Promise<DataPart[]> {
  const parts: DataPart[] = [];
  let offset = 0;
  for await (const piece of readFile(path, { offset: 0, end: size, modifiedMs })) {
    for (let at = 0; at < piece.length; at += grainBytes) {
      const grain = piece.subarray(at, at + grainBytes);
      if (!isZero(grain)) addPart(parts, offset + at, grain.length);
    }
    offset += piece.length;
  }
  return parts;
}

function addPart(parts: DataPart[], offset: number, length: number): void {
  const last = parts.at(-1);
  if (last !== undefined && last.offset + last.length === offset) last.length += length;
  else parts.push({ offset, length });
}

function isZero(bytes: Uint8Array): boolean {
  const words = bytes.length >> 3;
  const aligned = bytes.byteOffset % 8 === 0;
  if (aligned) {
    const wide = new BigUint64Array(bytes.buffer, bytes.byteOffset, words);
    for (let at = 0; at < words; at++) if (wide[at] !== 0n) return false;
  }
  for (let at = aligned ? words * 8 : 0; at < bytes.length; at++) if (bytes[at] !== 0) return false;
  return true;
}
