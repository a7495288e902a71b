/** One connection to a container's log, from where the last one ended. */
import { KodamaError } from "../base/errors.ts";
import { Backoff, type RetryPolicy } from "../base/retry.ts";
import { isTransient, LinkError } from "../kube/failures.ts";
import { Cursor, StampReader } from "./cursor.ts";
import type { LogQuery, OpenLog, ReadEvent, ReadOptions } from "./reading.ts";
import { joinBytes } from "../base/byte_buffer.ts";
import type { LogLine } from "./line.ts";

/** How a connection ended. */
export type StreamEnd =
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
