/** One connection to a container's log, from where the last one ended. */
import { KodamaError } from "../base/errors.ts";
import { Backoff, type RetryPolicy } from "../base/retry.ts";
import { isTransient, LinkError } from "../kube/failures.ts";
import { Cursor } from "./cursor.ts";
import type { LogQuery, OpenLog, ReadEvent, ReadOptions } from "./reading.ts";
import { LineSplitter } from "./split_lines.ts";

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
      const wanted = start.sinceTime;
      // Both limit the start of the log: the later one applies, as it did at first.
      const later = wanted !== undefined && wanted.getTime() > Date.parse(from);
      return { sinceTime: later ? wanted.toISOString() : from };
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
