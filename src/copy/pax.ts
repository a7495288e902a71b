/**
 * Pax extended headers: lines of `LENGTH KEY=VALUE`, whose values may hold any byte.
 * https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html, "pax Extended Header"
 */
import { TarError } from "./tar_header.ts";

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
