/** Merges several logs, in the order of the servers' times. */
import type { LogLine } from "./line.ts";

/** Lines per batch: few enough to show soon, enough to cost little each. */
const batchLines = 1024;

/** One log, whose next lines are requested while the last are being consumed. */
interface Head {
  lines: readonly LogLine[];
  at: number;
  /** The time of the line at `at`: fields that are compared constantly are stored together. */
  seconds: number;
  nanos: number;
  source: number;
  iterator: AsyncIterator<LogLine[], void>;
  coming: Promise<void>;
  /** Received lines that aren't consumed yet. */
  come: IteratorResult<LogLine[], void> | undefined;
}

/**
 * Merges logs, each of which is sorted by time. Of equal times the earlier source comes first; an unsorted log retains
 * its order. Buffers at most two batches of each log. Closes all logs when it is stopped early.
 */
export async function* mergeByTime(
  logs: readonly AsyncIterable<LogLine[]>[],
): AsyncGenerator<LogLine[], void> {
  const heads = logs.map(startReading);
  try {
    const first = await Promise.all(heads.map(async (head) => (await refill(head)) ? head : null));
    const heap = new Heap(first.filter((head) => head !== null));
    let batch: LogLine[] = [];
    for (let head = heap.top; head !== undefined; head = heap.top) {
      batch.push(head.lines[head.at] as LogLine);
      if (moveTo(head, head.at + 1)) heap.sink();
      else {
        // Known lines aren't held back by a slow server.
        if (head.come === undefined && batch.length > 0) {
          yield batch;
          batch = [];
        }
        if (await refill(head)) heap.sink();
        else heap.drop();
      }
      if (batch.length < batchLines) continue;
      yield batch;
      batch = [];
    }
    if (batch.length > 0) yield batch;
  } finally {
    await Promise.allSettled(heads.map(({ iterator }) => iterator.return?.()));
  }
}

function startReading(log: AsyncIterable<LogLine[]>): Head {
  const iterator = log[Symbol.asyncIterator]();
  const head: Head = {
    lines: [],
    at: 0,
    seconds: 0,
    nanos: 0,
    source: 0,
    iterator,
    coming: Promise.resolve(),
    come: undefined,
  };
  askFor(head);
  return head;
}

function askFor(head: Head): void {
  head.come = undefined;
  head.coming = head.iterator.next().then((result) => {
    head.come = result;
  });
  // It is awaited later; until then a failure is unhandled.
  head.coming.catch(() => {});
}

/** Loads the next lines of a log; returns false at its end. */
async function refill(head: Head): Promise<boolean> {
  for (;;) {
    if (head.come === undefined) await head.coming;
    const result = head.come;
    if (result === undefined || result.done === true) return false;
    askFor(head);
    head.lines = result.value;
    if (moveTo(head, 0)) return true;
  }
}

/** Advances to another received line; returns false if there is none. */
function moveTo(head: Head, at: number): boolean {
  const line = head.lines[at];
  if (line === undefined) return false;
  head.at = at;
  head.seconds = line.seconds;
  head.nanos = line.nanos;
  head.source = line.source;
  return true;
}

/** A binary heap whose top is the log with the earliest line. */
class Heap {
  constructor(private readonly heads: Head[]) {
    for (let at = (heads.length >> 1) - 1; at >= 0; at--) this.sink(at);
  }

  get top(): Head | undefined {
    return this.heads[0];
  }

  /** The top is at its end. */
  drop(): void {
    const last = this.heads.pop();
    if (last === undefined || this.heads.length === 0) return;
    this.heads[0] = last;
    this.sink();
  }

  /** Moves the top, whose time has become later, down to its position. */
  sink(at = 0): void {
    const heads = this.heads;
    const moving = heads[at];
    if (moving === undefined) return;
    for (;;) {
      const left = 2 * at + 1;
      const [a, b] = [heads[left], heads[left + 1]];
      if (a === undefined) break;
      const [child, index] = b !== undefined && isBefore(b, a) ? [b, left + 1] : [a, left];
      if (!isBefore(child, moving)) break;
      heads[at] = child;
      at = index;
    }
    heads[at] = moving;
  }
}

function isBefore(a: Head, b: Head): boolean {
  if (a.seconds !== b.seconds) return a.seconds < b.seconds;
  if (a.nanos !== b.nanos) return a.nanos < b.nanos;
  return a.source < b.source;
}

/*
 * Reads logs ahead of their turn. A caller that merges by time reads one log after the other if each was written in a
 * burst of its own, and a server that may send only one log at a time leaves its other CPUs idle.
 */

/** Logs that share the memory for buffered bytes. */
export class ReadAhead {
  #waitingBytes = 0;
  readonly #stopped = new Set<AheadLog>();

  /** @param limitBytes above it only logs without buffered bytes are read, so that each can continue. */
  constructor(private readonly limitBytes: number) {}

  /** Returns the same pieces in the same order, read ahead. Closes the log when it is stopped early. */
  async *of(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
    const log = new AheadLog();
    const iterator = pieces[Symbol.asyncIterator]();
    const reading = this.#read(iterator, log);
    // It is awaited when the earlier pieces are consumed; until then a failure is unhandled.
    reading.catch(() => {});
    try {
      for (let piece = await log.take(); piece !== undefined; piece = await log.take()) {
        this.#release(piece.length);
        yield piece;
      }
      await reading;
    } finally {
      this.#stopped.delete(log);
      this.#release(log.drop());
      await iterator.return?.();
    }
  }

  async #read(iterator: AsyncIterator<Uint8Array>, log: AheadLog): Promise<void> {
    try {
      while (!log.dropped) {
        const { value, done } = await iterator.next();
        if (done === true) return;
        if (log.add(value)) this.#waitingBytes += value.length;
        if (this.#waitingBytes < this.limitBytes) continue;
        this.#stopped.add(log);
        await log.emptied();
        this.#stopped.delete(log);
      }
    } finally {
      log.end();
    }
  }

  /** Resumes readers when more than the next piece of one of them fits. */
  #release(bytes: number): void {
    this.#waitingBytes -= bytes;
    if (this.#waitingBytes > this.limitBytes * 3 / 4) return;
    for (const log of this.#stopped) log.resume();
  }
}

/** The bytes that were read of one log and not consumed. */
class AheadLog {
  #pieces: Uint8Array[] = [];
  #ended = false;
  #dropped = false;
  #wakeTaker: (() => void) | undefined;
  #wakeReader: (() => void) | undefined;

  get dropped(): boolean {
    return this.#dropped;
  }

  /** Returns false if no one reads the log any more. */
  add(piece: Uint8Array): boolean {
    if (this.#dropped) return false;
    this.#pieces.push(piece);
    this.#wakeTaker?.();
    return true;
  }

  /** No more comes. */
  end(): void {
    this.#ended = true;
    this.#wakeTaker?.();
  }

  /** Returns the next piece; undefined at the end. */
  async take(): Promise<Uint8Array | undefined> {
    while (this.#pieces.length === 0 && !this.#ended) {
      await new Promise<void>((resolve) => this.#wakeTaker = resolve);
    }
    const piece = this.#pieces.shift();
    if (this.#pieces.length === 0) this.resume();
    return piece;
  }

  /** Resolves when all of it is consumed, or with {@link resume}. */
  async emptied(): Promise<void> {
    if (this.#pieces.length === 0 || this.#dropped) return;
    await new Promise<void>((resolve) => this.#wakeReader = resolve);
  }

  resume(): void {
    this.#wakeReader?.();
    this.#wakeReader = undefined;
  }

  /** Discards the remaining bytes; returns their number. */
  drop(): number {
    this.#dropped = true;
    this.resume();
    return this.#pieces.splice(0).reduce((sum, { length }) => sum + length, 0);
  }
}
