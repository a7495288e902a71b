/**
 * Log lines as JSON, written as bytes: at a million lines, every string that isn't made saves time.
 *
 *     {"context":…,"namespace":…,"pod":…,"container":…,"node":…,"time":…,"message":…}
 */
import { type LogLine, type Target, textOf } from "../actions/logs/events.ts";
import { escapeControls } from "../base/plain_text.ts";

const encoder = new TextEncoder();
const [quote, backslash] = [0x22, 0x5c];
/** Longer lines are rare; a string is fast enough for them. */
const longBytes = 16 * 1024;
/** `\u001b`: the longest escape of one byte. */
const longestEscape = 6;

/** For each byte below 0x80 that can't occur in a JSON string: its escape. */
const escapes: readonly (Uint8Array | undefined)[] = Array.from({ length: 0x80 }, (_, code) => {
  const plain = code >= 0x20 && code !== quote && code !== backslash;
  return plain ? undefined : encoder.encode(JSON.stringify(String.fromCharCode(code)).slice(1, -1));
});

/** Parts that are the same for all lines of a container. */
export interface JsonFrame {
  head: Uint8Array;
}

const afterTime = encoder.encode(`","message":"`);
const noTime = encoder.encode(`null,"message":"`);
const tail = encoder.encode(`"}`);
const openQuote = Uint8Array.of(quote);

/** The start of every line of a container; names in it can't send control sequences to a terminal. */
export function jsonFrame({ context, namespace, pod, container, node }: Target): JsonFrame {
  const text = escapeControls(JSON.stringify({ context, namespace, pod, container, node }));
  return { head: encoder.encode(`${text.slice(0, -1)},"time":`) };
}

/**
 * Writes one object, without a line feed.
 *
 * @param options.terminal control sequences are escaped too; JSON itself allows some of them.
 */
export function writeJsonLine(
  out: JsonBuffer,
  line: LogLine,
  { head }: JsonFrame,
  { terminal }: { terminal: boolean },
): void {
  out.add(head);
  if (line.stampEnd > line.stamp) {
    out.add(openQuote);
    out.add(line.bytes, line.stamp, line.stampEnd);
    out.add(afterTime);
  } else out.add(noTime);
  if (terminal || !writeEscaped(out, line)) writeText(out, textOf(line), terminal);
  out.add(tail);
}

/** Returns false, with nothing written, for a text that isn't ASCII. */
function writeEscaped(out: JsonBuffer, { bytes, text, end }: LogLine): boolean {
  if (end - text > longBytes) return false;
  const buffer = out.reserve(longestEscape * (end - text));
  let at = out.used;
  for (let from = text; from < end; from++) {
    const byte = bytes[from] as number;
    if (byte >= 0x20 && byte < 0x80 && byte !== quote && byte !== backslash) {
      buffer[at++] = byte;
      continue;
    }
    const escape = escapes[byte];
    if (escape === undefined) return false;
    for (const one of escape) buffer[at++] = one;
  }
  out.advance(at);
  return true;
}

function writeText(out: JsonBuffer, text: string, terminal: boolean): void {
  const escaped = JSON.stringify(text).slice(1, -1);
  out.add(encoder.encode(terminal ? escapeControls(escaped) : escaped));
}

/* Collects bytes for one write. */

const firstBytes = 64 * 1024;
/** Below it a loop is faster than a call that copies. */
const shortBytes = 32;

/** Grows as it is written to. */
export class JsonBuffer {
  #buffer = new Uint8Array(0);
  #used = 0;

  /** Reserves at least N bytes, from `used` on. They count once they are passed to {@link advance}. */
  reserve(bytes: number): Uint8Array {
    const needed = this.#used + bytes;
    if (needed > this.#buffer.length) {
      const grown = new Uint8Array(Math.max(needed, 2 * this.#buffer.length, firstBytes));
      grown.set(this.#buffer.subarray(0, this.#used));
      this.#buffer = grown;
    }
    return this.#buffer;
  }

  /** Offset of the next byte. */
  get used(): number {
    return this.#used;
  }

  /** Marks the bytes up to this offset as written. */
  advance(used: number): void {
    this.#used = used;
  }

  /** Copies a range of some bytes. */
  add(bytes: Uint8Array, start = 0, end = bytes.length): void {
    const length = end - start;
    const buffer = this.reserve(length);
    let at = this.#used;
    if (length > shortBytes) buffer.set(bytes.subarray(start, end), at);
    else for (let from = start; from < end; from++) buffer[at++] = bytes[from] as number;
    this.#used += length;
  }

  /** Returns all bytes and resets; the memory is used again. */
  take(): Uint8Array {
    const bytes = this.#buffer.subarray(0, this.#used);
    this.#used = 0;
    return bytes;
  }
}
