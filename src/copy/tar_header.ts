/**
 * The 512-byte headers of tar archives, as bytes: names in them aren't text, and may hold any byte but NUL.
 *
 * POSIX ustar: https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html, "ustar Interchange Format".
 * GNU's own (long names, base-256 numbers, sparse maps):
 * https://www.gnu.org/software/tar/manual/html_node/Standard.html
 */
import { joinBytes } from "../base/byte_buffer.ts";

/** An archive consists of blocks of this size. */
export const blockBytes = 512;

/** The fields of a header, without its extensions applied. */
export interface TarHeader {
  name: Uint8Array;
  linkName: Uint8Array;
  /** A character: `0` a file, `5` a folder, `L` a long name … */
  type: string;
  mode: number;
  /** Bytes that follow in the archive, before padding. */
  size: number;
  /** Seconds since 1970; may be negative. */
  mtime: number;
  /** The whole block, for fields that only some types have. */
  block: Uint8Array;
}

/** The input isn't a tar archive, or it isn't safe to unpack. */
export class TarError extends Error {
  override readonly name = "TarError";
}

/** The fields' offset and length. */
const fields = {
  name: [0, 100],
  mode: [100, 8],
  uid: [108, 8],
  gid: [116, 8],
  size: [124, 12],
  mtime: [136, 12],
  checksum: [148, 8],
  type: [156, 1],
  linkName: [157, 100],
  magic: [257, 8],
  prefix: [345, 155],
} as const satisfies Record<string, readonly [offset: number, length: number]>;

type Field = keyof typeof fields;

function fieldOf(block: Uint8Array, field: Field): Uint8Array {
  const [offset, length] = fields[field];
  return block.subarray(offset, offset + length);
}

/** Returns the bytes up to the first NUL. */
export function untilNul(bytes: Uint8Array): Uint8Array {
  const end = bytes.indexOf(0);
  return end < 0 ? bytes : bytes.subarray(0, end);
}

/**
 * Parses a number in octal digits, or in base 256 if its first bit is set. Throws {@link TarError} if it is neither.
 *
 * @param start its offset in the bytes, up to `end`: a view for each would cost more than the parsing.
 */
export function readNumber(bytes: Uint8Array, start = 0, end = bytes.length): number {
  if (((bytes[start] ?? 0) & 0x80) !== 0) return readBase256(bytes.subarray(start, end));
  let value = 0;
  let phase: "before" | "digits" | "after" = "before";
  for (let at = start; at < end; at++) {
    const byte = bytes[at] as number;
    if (byte >= 0x30 && byte <= 0x37 && phase !== "after") {
      value = value * 8 + byte - 0x30;
      phase = "digits";
    } else if (byte === 0x20 || byte === 0) {
      if (phase === "digits" || byte === 0) phase = "after";
      // Bytes after the NUL are ignored.
      if (byte === 0) break;
    } else throw new TarError("a header has a number that is none");
  }
  return value;
}

function readBase256(bytes: Uint8Array): number {
  const first = bytes[0] ?? 0;
  // Two's complement; its topmost bit is the base-256 flag.
  let value = (first & 0x40) === 0 ? first & 0x3f : (first & 0x7f) - 0x80;
  for (const byte of bytes.subarray(1)) value = value * 256 + byte;
  if (!Number.isSafeInteger(value)) throw new TarError("a header has a number of absurd size");
  return value;
}

/** Returns the checksum that a header must have: the sum of all bytes, with blanks instead of the checksum itself. */
function sumOf(block: Uint8Array): number {
  const [offset, length] = fields.checksum;
  let sum = 32 * length;
  for (let at = 0; at < offset; at++) sum += block[at] ?? 0;
  for (let at = offset + length; at < blockBytes; at++) sum += block[at] ?? 0;
  return sum;
}

/** Returns whether a block contains only zeros: two of them end an archive. */
export function isZeroBlock(block: Uint8Array): boolean {
  return block.every((byte) => byte === 0);
}

/** Parses a header, whose names share memory with the block. Throws {@link TarError} if it isn't a header. */
export function decodeHeader(block: Uint8Array): TarHeader {
  if (numberIn(block, "checksum") !== sumOf(block)) {
    throw new TarError("a header's checksum is wrong: the archive is damaged");
  }
  const size = numberIn(block, "size");
  if (size < 0) throw new TarError("a header has a size below zero");
  const type = String.fromCharCode(block[fields.type[0]] ?? 0);
  return {
    name: fullName(block),
    linkName: untilNul(fieldOf(block, "linkName")),
    type: type === "\0" ? "0" : type,
    mode: numberIn(block, "mode") & 0o7777,
    size,
    mtime: numberIn(block, "mtime"),
    block,
  };
}

function numberIn(block: Uint8Array, field: Field): number {
  const [offset, length] = fields[field];
  return readNumber(block, offset, offset + length);
}

/** POSIX archives split long names in two; GNU's store other things in the prefix field. */
function fullName(block: Uint8Array): Uint8Array {
  const name = untilNul(fieldOf(block, "name"));
  if (block[fields.prefix[0]] === 0 || !isPosix(block)) return name;
  return joinBytes([untilNul(fieldOf(block, "prefix")), Uint8Array.of(0x2f), name]);
}

function isPosix(block: Uint8Array): boolean {
  return String.fromCharCode(...fieldOf(block, "magic")) === "ustar\x0000";
}

/** The fields of a written header. Owners are root: an unpacker sets its own. */
export type NewHeader =
  & Pick<TarHeader, "name" | "type" | "mode" | "size" | "mtime">
  & Partial<Pick<TarHeader, "linkName">>;

const names = {
  longLink: new TextEncoder().encode("././@LongLink"),
  /** GNU's: long names and base-256 numbers are GNU extensions, and busybox reads them too. */
  magic: new TextEncoder().encode("ustar  \0"),
};

/**
 * Returns the blocks of a header: one, or more for long names. `fill` may modify the last block before it is summed.
 */
export function encodeHeader(
  header: NewHeader,
  fill: (block: Uint8Array) => void = () => {},
): Uint8Array {
  const linkName = header.linkName ?? new Uint8Array();
  const long = [
    ...(linkName.length > fields.linkName[1] ? [longName("K", linkName)] : []),
    ...(header.name.length > fields.name[1] ? [longName("L", header.name)] : []),
  ];
  const block = new Uint8Array(blockBytes);
  block.set(header.name.subarray(0, fields.name[1]), fields.name[0]);
  block.set(linkName.subarray(0, fields.linkName[1]), fields.linkName[0]);
  block.set(names.magic, fields.magic[0]);
  block[fields.type[0]] = header.type.charCodeAt(0);
  writeNumber(fieldOf(block, "mode"), header.mode & 0o7777);
  writeNumber(fieldOf(block, "uid"), 0);
  writeNumber(fieldOf(block, "gid"), 0);
  writeNumber(fieldOf(block, "size"), header.size);
  writeNumber(fieldOf(block, "mtime"), header.mtime);
  fill(block);
  const [offset] = fields.checksum;
  // Six digits, a NUL and a blank, as tars have always written it.
  writeNumber(block.subarray(offset, offset + 7), sumOf(block));
  block[offset + 7] = 0x20;
  return long.length === 0 ? block : joinBytes([...long, block]);
}

function longName(type: "K" | "L", name: Uint8Array): Uint8Array {
  const size = name.length + 1;
  const body = new Uint8Array(Math.ceil(size / blockBytes) * blockBytes);
  body.set(name);
  const head = encodeHeader({ name: names.longLink, type, mode: 0o644, size, mtime: 0 });
  return joinBytes([head, body]);
}

/** Writes octal with a NUL after it, or base 256 if octal doesn't fit. */
export function writeNumber(field: Uint8Array, value: number): void {
  const last = field.length - 1;
  if (value >= 0 && value < 8 ** last) {
    let rest = value;
    for (let at = last - 1; at >= 0; at--) {
      field[at] = 0x30 + rest % 8;
      rest = Math.floor(rest / 8);
    }
    return;
  }
  let rest = value;
  for (let at = last; at >= 0; at--) {
    field[at] = ((rest % 256) + 256) % 256;
    rest = Math.floor(rest / 256);
  }
  field[0] = (field[0] ?? 0) | 0x80;
}

/*
 * Pax extended headers: lines of `LENGTH KEY=VALUE`, whose values may hold any byte.
 * https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html, "pax Extended Header"
 */

/** Values by key. A deleted key (`KEY=`) is present with no bytes. */
export type PaxRecords = ReadonlyMap<string, Uint8Array>;

const decoder = new TextDecoder("latin1");

/** Parses the body of an extended header. Throws {@link TarError} if it is malformed. */
export function parsePax(body: Uint8Array): Map<string, Uint8Array> {
  const records = new Map<string, Uint8Array>();
  let at = 0;
  while (at < body.length && body[at] !== 0) {
    const blank = body.indexOf(0x20, at);
    const length = blank < 0 ? "" : decoder.decode(body.subarray(at, Math.min(blank, at + 10)));
    const end = at + Number(length);
    const wrong = !/^[1-9]\d*$/.test(length) || end > body.length || body[end - 1] !== 0x0a;
    const equals = wrong ? -1 : body.indexOf(0x3d, blank);
    if (equals < 0 || equals >= end) throw new TarError("an extended header has a broken record");
    records.set(decoder.decode(body.subarray(blank + 1, equals)), body.slice(equals + 1, end - 1));
    at = end;
  }
  return records;
}

/** Returns a decimal number of a record without its fraction; undefined if the key is absent. */
export function paxNumber(records: PaxRecords, key: string): number | undefined {
  const bytes = records.get(key);
  if (bytes === undefined || bytes.length === 0) return undefined;
  const text = decoder.decode(bytes);
  if (!/^-?\d{1,16}(?:\.\d*)?$/.test(text)) {
    throw new TarError(`an extended header has a bad number for ${key.slice(0, 40)}`);
  }
  return Math.floor(Number(text));
}

/** Returns the bytes of a record; undefined if the key is absent or was deleted. */
export function paxBytes(records: PaxRecords, key: string): Uint8Array | undefined {
  const bytes = records.get(key);
  return bytes === undefined || bytes.length === 0 ? undefined : bytes;
}
