/**
 * Header compression of HTTP/2, decoding only: https://www.rfc-editor.org/rfc/rfc7541. npm's `hpack.js`, the only
 * package in use, is from 2016, needs Node's streams and sets no limit to a table that the peer requests.
 */
import { Unreadable } from "./incoming.ts";

/** Names and values as they were sent, a character per byte. */
export type HeaderField = readonly [name: string, value: string];

/** The largest table that a peer may request; browsers and gRPC use 4 to 64 KiB. */
const maxTableBytes = 256 * 1024;
const maxFields = 512;
const maxFieldBytes = 64 * 1024;

/** Appendix A: a name, and its value if it has a value. The index of the first is 1. */
const staticTable: readonly HeaderField[] = `:authority
:method GET
:method POST
:path /
:path /index.html
:scheme http
:scheme https
:status 200
:status 204
:status 206
:status 304
:status 400
:status 404
:status 500
accept-charset
accept-encoding gzip, deflate
accept-language
accept-ranges
accept
access-control-allow-origin
age
allow
authorization
cache-control
content-disposition
content-encoding
content-language
content-length
content-location
content-range
content-type
cookie
date
etag
expect
expires
from
host
if-match
if-modified-since
if-none-match
if-range
if-unmodified-since
last-modified
link
location
max-forwards
proxy-authenticate
proxy-authorization
range
referer
refresh
retry-after
server
set-cookie
strict-transport-security
transfer-encoding
user-agent
vary
via
www-authenticate`.split("\n").map((line): HeaderField => {
  const [name = "", ...value] = line.split(" ");
  return [name, value.join(" ")];
});

/** Decodes the header blocks of a direction, in their order: each depends on those before. */
export class HpackDecoder {
  /** The dynamic table, oldest first. */
  readonly #table: HeaderField[] = [];
  #tableBytes = 0;
  #limitBytes = 4096;

  /**
   * Returns the fields of a complete header block.
   *
   * @throws Unreadable if it is invalid; nothing after it can be decoded then.
   */
  decode(block: Uint8Array): HeaderField[] {
    const reader = new BlockReader(block);
    const fields: HeaderField[] = [];
    let bytes = 0;
    while (!reader.isAtEnd) {
      const field = this.#field(reader);
      if (field === undefined) continue;
      bytes += field[0].length + field[1].length;
      if (fields.push(field) > maxFields || bytes > maxFieldBytes) {
        throw new Unreadable("too many headers");
      }
    }
    return fields;
  }

  /** Reads a representation (section 6); undefined for a change of the table's size. */
  #field(reader: BlockReader): HeaderField | undefined {
    const first = reader.peek();
    if ((first & 0x80) !== 0) return this.#at(reader.integer(7));
    if ((first & 0xe0) === 0x20) {
      const limit = reader.integer(5);
      if (limit > maxTableBytes) throw new Unreadable("a header table without a limit");
      this.#limitBytes = limit;
      this.#evict(0);
      return undefined;
    }
    const isIndexed = (first & 0x40) !== 0;
    const index = reader.integer(isIndexed ? 6 : 4);
    const name = index === 0 ? reader.string() : this.#at(index)[0];
    const field: HeaderField = [name, reader.string()];
    if (isIndexed) this.#add(field);
    return field;
  }

  #at(index: number): HeaderField {
    const field = index <= staticTable.length
      ? staticTable[index - 1]
      : this.#table[this.#table.length - (index - staticTable.length)];
    if (field === undefined) throw new Unreadable("a header that was not sent");
    return field;
  }

  #add(field: HeaderField): void {
    this.#evict(sizeOf(field));
    if (sizeOf(field) > this.#limitBytes) return;
    this.#table.push(field);
    this.#tableBytes += sizeOf(field);
  }

  /** Removes the oldest entries until `bytes` more fit, or none is left. */
  #evict(bytes: number): void {
    let count = 0;
    while (count < this.#table.length && this.#tableBytes + bytes > this.#limitBytes) {
      this.#tableBytes -= sizeOf(this.#table[count++] as HeaderField);
    }
    if (count > 0) this.#table.splice(0, count);
  }
}

/** Section 4.1. */
function sizeOf([name, value]: HeaderField): number {
  return name.length + value.length + 32;
}

class BlockReader {
  #at = 0;

  constructor(private readonly block: Uint8Array) {}

  get isAtEnd(): boolean {
    return this.#at >= this.block.length;
  }

  peek(): number {
    const byte = this.block[this.#at];
    if (byte === undefined) throw new Unreadable("a header block that is cut");
    return byte;
  }

  /** Section 5.1: an integer that starts in the lowest `bits` of a byte. */
  integer(bits: number): number {
    const full = 2 ** bits - 1;
    let value = this.#byte() & full;
    if (value < full) return value;
    for (let shift = 0;; shift += 7) {
      if (shift > 28) throw new Unreadable("a header's number that is too large");
      const byte = this.#byte();
      value += (byte & 0x7f) * 2 ** shift;
      if ((byte & 0x80) === 0) return value;
    }
  }

  /** Section 5.2. */
  string(): string {
    const isCompressed = (this.peek() & 0x80) !== 0;
    const length = this.integer(7);
    if (this.#at + length > this.block.length) throw new Unreadable("a header block that is cut");
    const bytes = this.block.subarray(this.#at, this.#at + length);
    this.#at += length;
    return isCompressed ? huffman(bytes) : String.fromCharCode(...bytes);
  }

  #byte(): number {
    const byte = this.peek();
    this.#at++;
    return byte;
  }
}

/**
 * The length of the code of each symbol, as a digit in base 36; the last symbol ends a string. The codes are canonical:
 * they follow from the lengths (Appendix B).
 */
const codeLengths = "dnsssssssoussussssssssusssssssss6aacd68baa8b8666555666666678f6ca" +
  "d67777777777777777777777878djde6f56565666577666567655677777fbeds" +
  "kmkkmmmnmnnnnnonoomnonnnnlmnmnnomlkmmnnlnmmolmnnllmlnmnnkmmmnmmn" +
  "qqkjmnmpqqqrrqopjlqrrqrollqqsrrrkoklmllnmmppooqnqrqqrrrrrsrrrrrq" +
  "u";

/** For each length of a code: the first code, the number of codes, and the index of the first code's symbol. */
interface CodeRange {
  first: number;
  count: number;
  index: number;
}

const endOfString = 256;

const codes = (() => {
  const lengths = [...codeLengths].map((digit) => parseInt(digit, 36));
  const symbols = lengths.keys().toArray()
    .sort((a, b) => (lengths[a] ?? 0) - (lengths[b] ?? 0) || a - b);
  const ranges: CodeRange[] = [];
  for (let length = 0, first = 0, index = 0; length <= 30; length++) {
    const count = lengths.filter((one) => one === length).length;
    ranges.push({ first, count, index });
    index += count;
    first = (first + count) * 2;
  }
  return { symbols, ranges };
})();

function huffman(bytes: Uint8Array): string {
  let text = "";
  let code = 0;
  let length = 0;
  for (const byte of bytes) {
    for (let bit = 7; bit >= 0; bit--) {
      code = code * 2 + ((byte >> bit) & 1);
      const range = codes.ranges[++length];
      if (range === undefined) throw new Unreadable("a header that is not of its code");
      if (code - range.first >= range.count) continue;
      const symbol = codes.symbols[range.index + code - range.first] ?? endOfString;
      if (symbol === endOfString) throw new Unreadable("a header that is not of its code");
      text += String.fromCharCode(symbol);
      code = 0;
      length = 0;
    }
  }
  // Padding is the start of the end's code: fewer than eight bits of 1.
  if (length > 7 || code !== 2 ** length - 1) {
    throw new Unreadable("a header that is not of its code");
  }
  return text;
}
