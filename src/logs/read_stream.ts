/** One connection to a container's log, from where the last one ended. */
import { passed } from "../base/abort.ts";
import { KodamaError } from "../base/errors.ts";
import { LinkError } from "../kube/failures.ts";
import { Cursor } from "./cursor.ts";
import type { LogQuery, OpenLog, ReadEvent, ReadOptions } from "./reading.ts";
import { LineSplitter } from "./split_lines.ts";

/** How a connection ended. */
export type StreamEnd =
  /** The server sent no more. That the log is whole follows only where it wasn't followed. */
  | { kind: "ended" }
  /** Time may mend it. */
  | { kind: "cut"; error: KodamaError }
  /** It isn't the log that was read before. */
  | { kind: "lost" }
  /** The server doesn't give it. */
  | { kind: "refused"; error: KodamaError };

const firstDelayMs = 250;
const lastDelayMs = 30_000;

/** Reads one container by as many connections as it takes. */
export class StreamReader {
  readonly cursor = new Cursor();
  readonly #open: OpenLog;
  readonly #options: ReadOptions;
  readonly #beganMs: number;
  #delayMs = firstDelayMs;
  #fruitless = 0;

  constructor(open: OpenLog, options: ReadOptions) {
    this.#open = open;
    this.#options = options;
    this.#beganMs = options.clock.elapsedMs();
  }

  /** Connections since the last one that gave a new line. */
  get fruitless(): number {
    return this.#fruitless;
  }

  /** Gives the lines that are new. What is left of an unfinished line counts where nothing more is to come. */
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
      return { kind: mayPass(error) ? "cut" : "refused", error };
    }
  }

  /** Waits longer after each fruitless connection, at most half a minute, never the same for two readers. */
  async backOff(): Promise<void> {
    const { clock, random, signal } = this.#options;
    const delayMs = this.#delayMs * (0.5 + random());
    this.#delayMs = Math.min(2 * this.#delayMs, lastDelayMs);
    await passed(clock, delayMs, { signal });
  }

  #progress(): void {
    this.#fruitless = 0;
    this.#delayMs = firstDelayMs;
  }

  #start(): Partial<LogQuery> {
    const { start, clock } = this.#options;
    const from = this.cursor.sinceTime;
    if (from !== undefined) {
      const wanted = start.sinceTime;
      // Both are the beginning of what was counted: the later one is, as it was at first.
      const later = wanted !== undefined && wanted.getTime() > Date.parse(from);
      return { sinceTime: later ? wanted.toISOString() : from };
    }
    const { tailLines, sinceSeconds, sinceTime } = start;
    const elapsedSeconds = Math.ceil((clock.elapsedMs() - this.#beganMs) / 1000);
    return {
      ...(tailLines === undefined ? {} : { tailLines }),
      // Nothing was seen so far: what was new enough at the beginning still is.
      ...(sinceSeconds === undefined ? {} : { sinceSeconds: sinceSeconds + elapsedSeconds }),
      ...(sinceTime === undefined ? {} : { sinceTime: sinceTime.toISOString() }),
    };
  }
}

/** Why a link broke: it was there, so that the error's own words, of a server out of reach, say too much. */
export function cutReason(error: KodamaError): string {
  return error instanceof LinkError ? error.failure.reason : error.message;
}

function mayPass({ kind }: KodamaError): boolean {
  return kind === "unreachable" || kind === "timeout";
}
