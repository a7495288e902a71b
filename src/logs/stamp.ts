/**
 * Times at the start of lines, parsed as bytes: RFC 3339 with up to nine digits of a second, in the node's time zone.
 * Lines of one container nearly always share the minute of the line before.
 */
const digit0 = 0x30;
const [dash, colon, dot, tee, zed, plus, blank] = [0x2d, 0x3a, 0x2e, 0x54, 0x5a, 0x2b, 0x20];

/** `2026-01-02T15:04`, which is followed by `:05.123456789Z `. */
const minuteLength = 16;
/** The shortest time, `2026-01-02T15:04:05Z`. */
const shortest = 20;

/** Parses times in sequence. The fields hold the last one. */
export class StampReader {
  seconds = 0;
  nanos = 0;
  readonly #minute = new Uint8Array(minuteLength);
  #minuteSeconds = 0;

  /** Returns the offset after the time, followed by a blank or the line's end; -1 if there is no time. */
  read(bytes: Uint8Array, start: number, end: number): number {
    if (end - start < shortest || bytes[start + minuteLength] !== colon) return -1;
    if (!this.#sameMinute(bytes, start) && !this.#readMinute(bytes, start)) return -1;
    const second = twoDigits(bytes, start + 17);
    if (second < 0 || second > 60) return -1;
    let at = start + 19;
    let nanos = 0;
    if (bytes[at] === dot) {
      let unit = 100_000_000;
      for (at++; at < end; at++) {
        const digit = (bytes[at] ?? 0) - digit0;
        if (digit < 0 || digit > 9) break;
        nanos += digit * unit;
        // Digits below a nanosecond are ignored.
        unit = unit === 1 ? 0 : unit / 10;
      }
    }
    const zone = zoneSeconds(bytes, at);
    if (zone === undefined) return -1;
    at += bytes[at] === zed ? 1 : 6;
    if (at > end || (at < end && bytes[at] !== blank)) return -1;
    this.seconds = this.#minuteSeconds + second - zone;
    this.nanos = Math.trunc(nanos);
    return at;
  }

  #sameMinute(bytes: Uint8Array, start: number): boolean {
    // From its end, which changes first.
    for (let at = minuteLength - 1; at >= 0; at--) {
      if (bytes[start + at] !== this.#minute[at]) return false;
    }
    return true;
  }

  #readMinute(bytes: Uint8Array, start: number): boolean {
    const year = 100 * twoDigits(bytes, start) + twoDigits(bytes, start + 2);
    const [month, day] = [twoDigits(bytes, start + 5), twoDigits(bytes, start + 8)];
    const [hour, minute] = [twoDigits(bytes, start + 11), twoDigits(bytes, start + 14)];
    if (year < 0 || month < 1 || day < 1 || hour < 0 || minute < 0) return false;
    if (bytes[start + 4] !== dash || bytes[start + 7] !== dash) return false;
    if (bytes[start + 10] !== tee || bytes[start + 13] !== colon) return false;
    this.#minuteSeconds = Date.UTC(year, month - 1, day, hour, minute) / 1000;
    this.#minute.set(bytes.subarray(start, start + minuteLength));
    return true;
  }
}

/** Returns a number of two digits, far below zero if there is none. */
function twoDigits(bytes: Uint8Array, at: number): number {
  const tens = (bytes[at] ?? 0) - digit0;
  const ones = (bytes[at + 1] ?? 0) - digit0;
  return tens < 0 || tens > 9 || ones < 0 || ones > 9 ? -1_000_000 : 10 * tens + ones;
}

/** Returns how far the zone is ahead of UTC: `Z`, `+02:00`. */
function zoneSeconds(bytes: Uint8Array, at: number): number | undefined {
  const first = bytes[at];
  if (first === zed) return 0;
  if ((first !== plus && first !== dash) || bytes[at + 3] !== colon) return undefined;
  const ahead = 3600 * twoDigits(bytes, at + 1) + 60 * twoDigits(bytes, at + 4);
  if (ahead < 0) return undefined;
  return first === plus ? ahead : -ahead;
}
