/** One connection to a container's log, from where the last one ended. */
import { KodamaError } from "../base/errors.ts";
import { Backoff, type RetryPolicy } from "../base/retry.ts";
import { isTransient, LinkError } from "../kube/failures.ts";
import type { LogQuery, OpenLog, ReadEvent, ReadOptions } from "./reading.ts";
import { joinBytes } from "../base/byte_buffer.ts";
import { compareMoments, type LogLine, type Moment } from "./line.ts";

/** How a connection ended. */
type StreamEnd =
  /** The server sent no more. The log is known to be complete only if it wasn't followed. */
  | { kind: "ended" }
  /** A retry may succeed. */
  | { kind: "cut"; error: KodamaError }
  /** It isn't the log that was read before. */
  | { kind: "lost" }
  /** The server refuses it. */
  | { kind: "refused"; error: KodamaError };

const retries: RetryPolicy = { delayMs: 250, maxDelayMs: 30_000, jitter: 0.5 };

/** Reads one container over as many connections as needed. */
export class StreamReader {
  readonly cursor = new Cursor();
  readonly #open: OpenLog;
  readonly #options: ReadOptions;
  readonly #beganMs: number;
  readonly #backoff: Backoff;
  #fruitless = 0;

  constructor(open: OpenLog, options: ReadOptions) {
    this.#open = open;
    this.#options = options;
    const { clock, random, signal } = options;
    this.#beganMs = clock.elapsedMs();
    this.#backoff = new Backoff(retries, { clock, random, signal });
  }

  /** Connections since the last one that returned a new line. */
  get fruitless(): number {
    return this.#fruitless;
  }

  /** Returns the new lines. The tail of an unfinished line counts if nothing more is to come. */
  async *read(
    { follow, previous }: Pick<LogQuery, "follow" | "previous">,
  ): AsyncGenerator<ReadEvent, StreamEnd> {
    const { source, signal } = this.#options;
    const splitter = new LineSplitter(source);
    this.#fruitless++;
    try {
      const chunks = await this.#open({ follow, previous, ...this.#start() }, signal);
      this.cursor.resume();
      for await (const chunk of chunks) {
        const lines = this.cursor.take(splitter.push(chunk));
        if (lines === "lost") return { kind: "lost" };
        if (lines.length === 0) continue;
        this.#progress();
        yield { kind: "lines", lines };
      }
      if (follow) return { kind: "ended" };
      const lines = this.cursor.take(splitter.end());
      if (lines === "lost") return { kind: "lost" };
      if (lines.length > 0) yield { kind: "lines", lines };
      return { kind: "ended" };
    } catch (error) {
      if (!(error instanceof KodamaError)) throw error;
      // A node answers 500 for a missing log: so the server's own failures aren't retried here.
      const isCut = isTransient(error) && error.kind !== "server";
      return { kind: isCut ? "cut" : "refused", error };
    }
  }

  /** Waits before the next connection, longer after each one without a new line. */
  async backOff(): Promise<void> {
    await this.#backoff.wait();
  }

  #progress(): void {
    this.#fruitless = 0;
    this.#backoff.reset();
  }

  #start(): Partial<LogQuery> {
    const { start, clock } = this.#options;
    const from = this.cursor.sinceTime;
    if (from !== undefined) {
      const requested = start.sinceTime;
      // Both limit the start of the log: the later one applies, as it did at first.
      const later = requested !== undefined && requested.getTime() > Date.parse(from);
      return { sinceTime: later ? requested.toISOString() : from };
    }
    const { tailLines, sinceSeconds, sinceTime } = start;
    const elapsedSeconds = Math.ceil((clock.elapsedMs() - this.#beganMs) / 1000);
    return {
      ...(tailLines === undefined ? {} : { tailLines }),
      // Nothing was seen so far: lines that were new enough at the start still are.
      ...(sinceSeconds === undefined ? {} : { sinceSeconds: sinceSeconds + elapsedSeconds }),
      ...(sinceTime === undefined ? {} : { sinceTime: sinceTime.toISOString() }),
    };
  }
}

/**
 * Returns why a link broke: it was established, so the error's own message, about an unreachable server, would mislead.
 */
export function cutReason(error: KodamaError): string {
  return error instanceof LinkError ? error.failure.reason : error.message;
}

/* Complete lines from the bytes of a log, each with its time. */

/** The longest line that is emitted in one piece; a longer one is emitted in pieces of this size. */
const maxLineBytes = 1024 * 1024;

const newline = 0x0a;

/** Splits the log of one container. Its pieces don't depend on the chunk boundaries. */
export class LineSplitter {
  readonly #stamps = new StampReader();
  /** The start of a line whose end hasn't arrived. */
  #tail = new Uint8Array(0);

  /** @param limitBytes longer lines are emitted in pieces. */
  constructor(private readonly source: number, private readonly limitBytes = maxLineBytes) {}

  /** Returns the lines that this chunk completes. They share its memory. */
  push(chunk: Uint8Array): LogLine[] {
    const tailLength = this.#tail.length;
    const bytes = tailLength === 0 ? chunk : joinBytes([this.#tail, chunk]);
    const lines: LogLine[] = [];
    let start = 0;
    for (
      let end = bytes.indexOf(newline, tailLength);
      end >= 0;
      end = bytes.indexOf(newline, start)
    ) {
      start = this.#pieces(lines, bytes, start, end);
      lines.push(this.#line(bytes, start, end));
      start = end + 1;
    }
    // A copy: a few bytes of a line must not retain the complete chunk.
    this.#tail = bytes.slice(this.#pieces(lines, bytes, start, bytes.length));
    return lines;
  }

  /** Returns the unfinished line at the end of the log. */
  end(): LogLine[] {
    const bytes = this.#tail;
    this.#tail = new Uint8Array(0);
    return bytes.length === 0 ? [] : [this.#line(bytes, 0, bytes.length)];
  }

  /** Emits pieces of a line that is too long; returns the offset of the tail, which starts with the time again. */
  #pieces(lines: LogLine[], bytes: Uint8Array, start: number, end: number): number {
    while (end - start > this.limitBytes) {
      const piece = this.#line(bytes, start, start + this.limitBytes);
      // The time is copied in front of the tail, over bytes that have been emitted.
      const given = { ...piece, bytes: bytes.slice(start, piece.end) };
      lines.push({
        ...given,
        stamp: 0,
        stampEnd: piece.stampEnd - start,
        text: piece.text - start,
        end: piece.end - start,
      });
      const head = piece.text - start;
      bytes.copyWithin(piece.end - head, start, piece.text);
      start = piece.end - head;
    }
    return start;
  }

  #line(bytes: Uint8Array, start: number, end: number): LogLine {
    const after = this.#stamps.read(bytes, start, end);
    const { seconds, nanos } = this.#stamps;
    return {
      source: this.source,
      bytes,
      // A line without a time has that of the previous one.
      seconds,
      nanos,
      stamp: start,
      stampEnd: after < 0 ? start : after,
      text: after < 0 ? start : Math.min(after + 1, end),
      end,
    };
  }
}

/*
 * The position in a container's log up to which it was read, and how to resume there on a new connection without a line
 * lost or repeated.
 *
 * A server is queried for lines since a time, and servers truncate that time to whole seconds. So the cursor queries
 * from the start of a second, and counts the lines seen since then: a log returns the same lines in the same order each
 * time, and that many of them are skipped. The second before the latest counts too, because standard output and
 * standard error may be written slightly out of order.
 */

/** The number of lines seen of a second, and the first of them. */
interface Bucket {
  second: number;
  count: number;
  first: Identity | undefined;
  /** Number of the first line, counted from the log's start. */
  order: number;
}

/** The identity of a line: its text and time. */
interface Identity extends Moment {
  hash: number;
}

/** How a new connection skips known lines. */
type Mode =
  | { kind: "reading" }
  /** The first counted line must come; then `count` lines are known. */
  | { kind: "seeking"; anchor: Identity; count: number }
  | { kind: "passing"; remaining: number }
  /** The log isn't the counted one: lines older than the last line are known, and as many of its own time. */
  | { kind: "byTime"; last: Moment; same: number };

/** A position in a log. */
class Cursor {
  #latest: Bucket = emptyBucket(-Infinity);
  #before: Bucket = emptyBucket(-Infinity);
  #last: Moment | undefined;
  /** Lines with the time of the last. */
  #same = 0;
  #order = 0;
  #mode: Mode = { kind: "reading" };

  /** Whether a line was seen. */
  get started(): boolean {
    return this.#last !== undefined;
  }

  /** The time to query from: RFC 3339, in whole seconds. Undefined if nothing was seen. */
  get sinceTime(): string | undefined {
    if (this.#last === undefined) return undefined;
    return `${new Date((this.#latest.second - 1) * 1000).toISOString().slice(0, 19)}Z`;
  }

  /** A new connection follows, which reads from {@link sinceTime}. */
  resume(): void {
    const last = this.#last;
    const anchor = this.#anchor();
    if (last === undefined) this.#mode = { kind: "reading" };
    else if (anchor === undefined) this.#mode = { kind: "byTime", last, same: this.#same };
    else {
      const count = this.#latest.count + this.#before.count;
      this.#mode = { kind: "seeking", anchor, count };
    }
  }

  /** Another instance's log follows: all of it is new. */
  restart(): void {
    this.#latest = emptyBucket(-Infinity);
    this.#before = emptyBucket(-Infinity);
    this.#last = undefined;
    this.#mode = { kind: "reading" };
  }

  /** The log was rotated away and started again: its counts are useless, and only times identify new lines. */
  trustTimes(): void {
    this.#before = emptyBucket(this.#before.second);
    this.#latest = emptyBucket(this.#latest.second);
  }

  /**
   * Returns the new lines. `lost`: the line that must come first is missing, so this isn't the log that was read
   * before; nothing of it is counted.
   */
  take(lines: LogLine[]): LogLine[] | "lost" {
    let at = 0;
    while (at < lines.length && this.#mode.kind !== "reading") {
      const verdict = this.#verdict(lines[at] as LogLine, this.#mode);
      if (verdict === "lost") return "lost";
      if (verdict === "new") break;
      at++;
    }
    const fresh = at === 0 ? lines : lines.slice(at);
    for (const line of fresh) this.#count(line);
    return fresh;
  }

  #verdict(line: LogLine, mode: Exclude<Mode, { kind: "reading" }>): "known" | "new" | "lost" {
    switch (mode.kind) {
      case "seeking": {
        const { anchor, count } = mode;
        const order = compareMoments(line, anchor);
        if (order === 0 && hashOf(line) === anchor.hash) this.#skip(count - 1);
        else if (order > 0) return "lost";
        // Earlier lines were omitted from the start (`--tail`).
        return "known";
      }
      case "passing":
        this.#skip(mode.remaining - 1);
        return "known";
      case "byTime": {
        const order = compareMoments(line, mode.last);
        if (order < 0) return "known";
        if (order === 0 && mode.same > 0) {
          mode.same--;
          return "known";
        }
        this.#mode = { kind: "reading" };
        return "new";
      }
    }
  }

  #skip(remaining: number): void {
    this.#mode = remaining <= 0 ? { kind: "reading" } : { kind: "passing", remaining };
  }

  #count(line: LogLine): void {
    const last = this.#last;
    if (last === undefined || compareMoments(line, last) > 0) {
      this.#last = { seconds: line.seconds, nanos: line.nanos };
      this.#same = 1;
    } else if (compareMoments(line, last) === 0) this.#same++;
    if (line.seconds > this.#latest.second) this.#turnTo(line.seconds);
    const order = this.#order++;
    const bucket = line.seconds === this.#latest.second
      ? this.#latest
      : line.seconds === this.#before.second
      ? this.#before
      : undefined;
    if (bucket === undefined) return;
    bucket.count++;
    if (bucket.first !== undefined) return;
    bucket.first = { seconds: line.seconds, nanos: line.nanos, hash: hashOf(line) };
    bucket.order = order;
  }

  #turnTo(second: number): void {
    this.#before = this.#latest.second === second - 1 ? this.#latest : emptyBucket(second - 1);
    this.#latest = emptyBucket(second);
  }

  /** The first of the counted lines. */
  #anchor(): Identity | undefined {
    const [a, b] = [this.#before, this.#latest];
    if (a.first === undefined) return b.first;
    return b.first === undefined || a.order < b.order ? a.first : b.first;
  }
}

function emptyBucket(second: number): Bucket {
  return { second, count: 0, first: undefined, order: 0 };
}

/** FNV-1a over the text. */
function hashOf({ bytes, text, end }: LogLine): number {
  let hash = 0x811c9dc5;
  for (let at = text; at < end; at++) hash = Math.imul(hash ^ (bytes[at] ?? 0), 0x01000193);
  return hash >>> 0;
}

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
class StampReader {
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
