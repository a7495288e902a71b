/** One connection to a container's log, from where the last one ended. */
import { KodamaError } from "../base/errors.ts";
import { definedOnly } from "../base/json_value.ts";
import { Backoff, outagePolicy } from "../base/retry.ts";
import { isTransient, LinkError } from "../kube/failures.ts";
import type { LogQuery, LogStart, OpenLog, ReadEvent, ReadOptions } from "./reading.ts";
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

/**
 * How many lines at the end of a log a new connection asks for, beside those that are known: more if the last line
 * isn't among them, and the whole log in the end. A time isn't asked for: a node with a clock that goes back would leave
 * out all lines until that time comes again, also those that are written later.
 */
const tails = [100, 10_000] as const;

/** Reads one container over as many connections as needed. */
export class StreamReader {
  readonly cursor = new Cursor();
  readonly #beganMs: number;
  readonly #backoff: Backoff;
  #fruitless = 0;
  /** What applies to the log that is read: the requested start to that of the first instance alone. */
  #from: LogStart;

  constructor(private readonly open: OpenLog, private readonly options: ReadOptions) {
    this.#from = options.start;
    const { clock, random, signal } = options;
    this.#beganMs = clock.elapsedMs();
    this.#backoff = new Backoff(outagePolicy.background, { clock, random, signal });
  }

  /** Connections since the last one that returned a new line. */
  get fruitless(): number {
    return this.#fruitless;
  }

  /** Another log follows, all of which is new: that of a container which starts now. */
  restart(): void {
    this.#from = {};
    this.cursor.restart();
  }

  /**
   * Takes a position at the end of the log for a start of no lines: otherwise a new connection, before the first line
   * has arrived, wouldn't know what was written since the start.
   */
  async seekEnd(): Promise<StreamEnd | undefined> {
    if (this.#from.tail !== 0 || this.cursor.started) return undefined;
    this.#from = { tail: 1 };
    const reading = this.read({ follow: false, previous: false });
    for (;;) {
      const next = await reading.next();
      if (next.done !== true) continue;
      this.#from = next.value.kind === "ended" ? {} : { tail: 0 };
      return next.value.kind === "ended" ? undefined : next.value;
    }
  }

  /** Returns the new lines. The tail of an unfinished line counts if nothing more is to come. */
  async *read(
    { follow, previous }: Pick<LogQuery, "follow" | "previous">,
  ): AsyncGenerator<ReadEvent, StreamEnd> {
    this.#fruitless++;
    for (let attempt = 0;; attempt++) {
      const tail = tails[attempt];
      const end = yield* this.#readFrom({ follow, previous }, tail);
      if (end.kind !== "lost" || tail === undefined) return end;
    }
  }

  async *#readFrom(
    { follow, previous }: Pick<LogQuery, "follow" | "previous">,
    tail: number | undefined,
  ): AsyncGenerator<ReadEvent, StreamEnd> {
    const { source, signal } = this.options;
    const splitter = new LineSplitter(source);
    try {
      const chunks = await this.open({ follow, previous, ...this.#start(tail) }, signal);
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
      if (lines === "lost" || this.cursor.isSeeking) return { kind: "lost" };
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

  #start(tail: number | undefined): Partial<LogQuery> {
    const { clock } = this.options;
    if (this.cursor.started) {
      return tail === undefined ? {} : { tailLines: this.cursor.known + tail };
    }
    // Nothing was seen so far: lines that were new enough at the start still are.
    return startQuery(this.#from, clock.elapsedMs() - this.#beganMs);
  }
}

/** Returns the query of a start that was requested `elapsedMs` ago. The server counts whole seconds, at least one. */
export function startQuery({ tail, since, sinceTime }: LogStart, elapsedMs = 0): Partial<LogQuery> {
  return definedOnly({
    tailLines: tail,
    sinceSeconds: since && Math.ceil(since / 1000) + Math.ceil(elapsedMs / 1000),
    sinceTime: sinceTime?.toISOString(),
  });
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
 * A server is queried for the last lines of the log: the cursor finds the last lines that it has seen among them, as a
 * sequence, and skips everything up to its end. Times order lines only where that sequence is gone.
 */

/** How many lines the sequence has, unless the log is shorter. */
const sequenceLength = 64;

/** How a new connection skips known lines. */
type Mode =
  | { kind: "reading" }
  /** The sequence must come; `matched` lines of it have. `resumeAt` as in the algorithm of Knuth, Morris and Pratt. */
  | {
    kind: "seeking";
    sequence: readonly number[];
    resumeAt: readonly number[];
    matched: number;
    last: Moment;
  }
  /** The log isn't the one that was read: lines older than the last line are known, and as many of its own time. */
  | { kind: "byTime"; last: Moment; same: number };

/** A position in a log. */
class Cursor {
  /** The marks of the last lines. */
  #marks: number[] = [];
  #last: Moment | undefined;
  /** Lines with the time of the last. */
  #same = 0;
  /** The latest second of the lines from before the node's clock went back. */
  #past = -Infinity;
  #byTime = false;
  #mode: Mode = { kind: "reading" };

  /** Whether a line was seen. */
  get started(): boolean {
    return this.#last !== undefined;
  }

  /** The number of lines that {@link resume} looks for. */
  get known(): number {
    return Math.min(this.#marks.length, sequenceLength);
  }

  /** Lines from before the node's clock went back may have later times than the last one. */
  get wentBack(): boolean {
    return this.#last !== undefined && this.#past >= this.#last.seconds - 1;
  }

  /** The lines that were seen last haven't come. */
  get isSeeking(): boolean {
    return this.#mode.kind === "seeking";
  }

  /** A new connection follows, with at least the known lines if the log still has them. */
  resume(): void {
    const last = this.#last;
    if (last === undefined) this.#mode = { kind: "reading" };
    else if (this.#byTime) this.#mode = { kind: "byTime", last, same: this.#same };
    else {
      const sequence = this.#marks.slice(-sequenceLength);
      this.#mode = { kind: "seeking", sequence, resumeAt: bordersOf(sequence), matched: 0, last };
    }
  }

  /** Another instance's log follows: all of it is new. */
  restart(): void {
    this.#marks = [];
    this.#last = undefined;
    this.#past = -Infinity;
    this.#byTime = false;
    this.#mode = { kind: "reading" };
  }

  /** The log was rotated away and started again: only times identify new lines on the next connection. */
  trustTimes(): void {
    this.#byTime = true;
    this.#marks = [];
  }

  /**
   * Returns the new lines. `lost`: the lines that must come first are missing, so this isn't the log that was read
   * before, or not enough of it.
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
    if (mode.kind === "byTime") {
      const order = compareMoments(line, mode.last);
      if (order < 0) return "known";
      if (order === 0 && mode.same > 0) {
        mode.same--;
        return "known";
      }
      this.#mode = { kind: "reading" };
      return "new";
    }
    const { sequence, resumeAt } = mode;
    const mark = markOf(line);
    while (mode.matched > 0 && mark !== sequence[mode.matched]) {
      mode.matched = resumeAt[mode.matched - 1] ?? 0;
    }
    if (mark === sequence[mode.matched]) mode.matched++;
    if (mode.matched === sequence.length) this.#mode = { kind: "reading" };
    // Each line that was seen is as old as the last one, unless the clock went back.
    else if (!this.wentBack && compareMoments(line, mode.last) > 0) return "lost";
    return "known";
  }

  #count(line: LogLine): void {
    const last = this.#last;
    // Standard output and standard error are out of order by less than a second.
    const isBack = last !== undefined && line.seconds < last.seconds - 1;
    if (isBack) this.#past = Math.max(this.#past, last.seconds);
    if (last === undefined || isBack || compareMoments(line, last) > 0) {
      this.#last = { seconds: line.seconds, nanos: line.nanos };
      this.#same = 1;
    } else if (compareMoments(line, last) === 0) this.#same++;
    this.#byTime = false;
    this.#marks.push(markOf(line));
    // Cut now and then: a shift for each line would cost more.
    if (this.#marks.length > 16 * sequenceLength) this.#marks = this.#marks.slice(-sequenceLength);
  }
}

/** Returns, for each start of a sequence, the length of its longest other end that is also its start. */
function bordersOf(sequence: readonly number[]): number[] {
  const borders = [0];
  for (let at = 1, length = 0; at < sequence.length; at++) {
    while (length > 0 && sequence[at] !== sequence[length]) length = borders[length - 1] ?? 0;
    if (sequence[at] === sequence[length]) length++;
    borders.push(length);
  }
  return borders;
}

/** A mark of a line: of its time to the nanosecond, its length, and some of its bytes. */
function markOf({ bytes, seconds, nanos, text, end }: LogLine): number {
  let mark = Math.imul(seconds ^ 0x811c9dc5, 0x01000193) ^ nanos;
  mark = Math.imul(mark, 0x01000193) ^ (end - text);
  const step = Math.max(1, (end - text) >> 3);
  for (let at = text; at < end; at += step) mark = Math.imul(mark, 0x01000193) ^ (bytes[at] ?? 0);
  return mark;
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
