/**
 * Header blocks of SPDY/3: one zlib stream for each direction of a session, with a dictionary.
 * https://www.chromium.org/spdy/spdy-protocol/spdy-protocol-draft3-1/#2610-namevalue-header-block
 */
import { constants, createInflate } from "node:zlib";
import { joinBytes } from "../../../base/join_bytes.ts";

/** Names and values at the start of the dictionary, each with its length before it. */
const words =
  `options head post put delete trace accept accept-charset accept-encoding accept-language
accept-ranges age allow authorization cache-control connection content-base content-encoding
content-language content-length content-location content-md5 content-range content-type date etag
expect expires from host if-match if-modified-since if-none-match if-range if-unmodified-since
last-modified location max-forwards pragma proxy-authenticate proxy-authorization range referer
retry-after server te trailer transfer-encoding upgrade user-agent vary via warning
www-authenticate method get status 200_OK version HTTP/1.1 url public set-cookie keep-alive origin`
    .split(/\s+/).map((word) => word.replace("_", " "));

/** The text at its end. */
const tail =
  "100101201202205206300302303304305306307402405406407408409410411412413414415416417502504505" +
  "203 Non-Authoritative Information204 No Content301 Moved Permanently400 Bad Request" +
  "401 Unauthorized403 Forbidden404 Not Found500 Internal Server Error501 Not Implemented" +
  "503 Service UnavailableJan Feb Mar Apr May Jun Jul Aug Sept Oct Nov Dec 00:00:00 " +
  "Mon, Tue, Wed, Thu, Fri, Sat, Sun, GMTchunked,text/html,image/png,image/jpg,image/gif," +
  "application/xml,application/xhtml+xml,text/plain,text/javascript,publicprivatemax-age=" +
  "gzip,deflate,sdchcharset=utf-8charset=iso-8859-1,utf-,*,enq=0.";

/** Returns the initial dictionary of both sides. */
export function headerDictionary(): Uint8Array {
  const text = new TextEncoder();
  const parts = words.flatMap((word) => [uint32(word.length), text.encode(word)]);
  return joinBytes([...parts, text.encode(tail)]);
}

function uint32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}

/** A block that inflates to more than this isn't a header of a stream. */
const blockLimitBytes = 64 * 1024;

/** Reads the header blocks of one direction, in their order. */
export interface HeaderReader extends Disposable {
  /** Rejects if the block is broken, or too large. */
  read(block: Uint8Array): Promise<ReadonlyMap<string, string>>;
}

/** Starts a direction that is read. */
export function createHeaderReader(): HeaderReader {
  const inflate = createInflate({ dictionary: headerDictionary(), flush: constants.Z_SYNC_FLUSH });
  let pieces: Uint8Array[] = [];
  let size = 0;
  let broken: Error | undefined;
  inflate.on("data", (piece: Uint8Array) => {
    size += piece.length;
    if (size <= blockLimitBytes) pieces.push(piece);
  });
  inflate.on("error", (error: Error) => broken = error);
  return {
    async read(block) {
      [pieces, size] = [[], 0];
      await new Promise<void>((resolve, reject) => {
        inflate.once("error", reject);
        inflate.write(block, () => {
          inflate.off("error", reject);
          resolve();
        });
      });
      if (broken) throw broken;
      if (size > blockLimitBytes) throw new RangeError("a header block is too large");
      return decodePairs(joinBytes(pieces));
    },
    [Symbol.dispose]: () => void inflate.destroy(),
  };
}

function decodePairs(block: Uint8Array): ReadonlyMap<string, string> {
  const view = new DataView(block.buffer, block.byteOffset, block.length);
  let offset = 0;
  const number = () => {
    offset += 4;
    return view.getUint32(offset - 4);
  };
  const text = () => {
    const length = number();
    if (offset + length > block.length) throw new RangeError("a header block is cut short");
    offset += length;
    return new TextDecoder().decode(block.subarray(offset - length, offset));
  };
  const count = number();
  const pairs = new Map<string, string>();
  for (let index = 0; index < count; index++) pairs.set(text().toLowerCase(), text());
  return pairs;
}

/** An empty stored block: at this one a reader flushes its output, instead of waiting for more (RFC 1951 §3.2.4). */
const syncFlush = Uint8Array.of(0, 0, 0, 0xff, 0xff);

/**
 * Writes the header blocks of one direction. They are stored and not compressed, which zlib allows
 * and which needs no state: replies have no headers worth compressing.
 */
export function createHeaderWriter(): (pairs: ReadonlyMap<string, string>) => Uint8Array {
  let begun = false;
  return (pairs) => {
    const text = new TextEncoder();
    const fields = [...pairs].flat().map((each) => text.encode(each));
    const data = joinBytes([
      uint32(pairs.size),
      ...fields.flatMap((each) => [uint32(each.length), each]),
    ]);
    const stored = new Uint8Array(5);
    const view = new DataView(stored.buffer);
    view.setUint16(1, data.length, true);
    view.setUint16(3, ~data.length & 0xffff, true);
    // The head of a zlib stream (RFC 1950) precedes its first block only.
    const head = begun ? new Uint8Array() : Uint8Array.of(0x78, 0x01);
    begun = true;
    return joinBytes([head, stored, data, syncFlush]);
  };
}
