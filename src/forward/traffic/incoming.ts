/**
 * The bytes of one direction of a connection, as parsers read them.
 *
 * A parser is a coroutine: it reads its protocol from top to bottom and yields if a byte is missing, so its reports
 * can't depend on how the bytes were cut into chunks. A chunk is read in the caller's array; only the start of an
 * incomplete token is copied, at most {@link maxPendingBytes} of it.
 */

/** A parser, or a part of a parser. It yields if it needs more bytes, or progress of the other direction. */
export type Parsing<T = void> = Generator<undefined, T, undefined>;

/** The longest token, and the most that a direction stores while it waits for the other direction. */
const maxPendingBytes = 256 * 1024;

/** Thrown by a parser to end itself: the bytes are not of its protocol, or exceed a limit. */
export class Unreadable extends Error {}

const empty = new Uint8Array(0);

/** Bytes of one direction. */
export class Incoming {
  #buffer: Uint8Array = empty;
  /** The unread bytes are `#buffer` from `#start` to `#end`. */
  #start = 0;
  #end = 0;
  /** The buffer is this object's own, and not a chunk of the caller. */
  #owned = false;
  /** Counts the bytes that the parser has consumed and passed; the driver compares it to detect progress. */
  progress = 0;
  /** No more bytes will come. */
  ended = false;

  /** The number of unread bytes. */
  get available(): number {
    return this.#end - this.#start;
  }

  /** Lends a chunk to the parser; `release` must follow before the caller may reuse it. */
  lend(chunk: Uint8Array): void {
    if (this.available === 0) {
      [this.#buffer, this.#start, this.#end, this.#owned] = [chunk, 0, chunk.length, false];
    } else {
      this.#append(chunk);
    }
  }

  /**
   * Copies the unread bytes, so that the caller may reuse its chunk.
   *
   * @throws Unreadable if they are too many.
   */
  release(): void {
    if (this.available === 0) this.drop();
    else if (!this.#owned) {
      const rest = this.#buffer.subarray(this.#start, this.#end);
      [this.#buffer, this.#start, this.#end, this.#owned] = [empty, 0, 0, true];
      this.#append(rest);
    }
    if (this.available > maxPendingBytes) throw new Unreadable("too much is unanswered");
  }

  /** Forgets all unread bytes. */
  drop(): void {
    [this.#buffer, this.#start, this.#end, this.#owned] = [empty, 0, 0, false];
  }

  /** Waits for a byte. */
  *some(): Parsing {
    while (this.available === 0) yield;
  }

  /** Returns the byte at `index` of the unread bytes, without reading it. */
  *peek(index: number): Parsing<number> {
    while (this.available <= index) yield;
    return this.#buffer[this.#start + index] ?? 0;
  }

  /** Reads a byte. */
  *byte(): Parsing<number> {
    const byte = yield* this.peek(0);
    this.#consume(1);
    return byte;
  }

  /**
   * Reads `length` bytes; they are valid until the next read.
   *
   * @throws Unreadable if that is longer than `limit`.
   */
  *take(length: number, limit = maxPendingBytes / 2): Parsing<Uint8Array> {
    if (length > limit) throw new Unreadable(`a message of ${length} bytes`);
    while (this.available < length) yield;
    const bytes = this.#buffer.subarray(this.#start, this.#start + length);
    this.#consume(length);
    return bytes;
  }

  /** Reads and ignores `length` bytes; `onBytes` gets the size of each part as it comes. */
  *skip(length: number, onBytes?: (bytes: number) => void): Parsing {
    for (let left = length; left > 0;) {
      yield* this.some();
      const part = Math.min(left, this.available);
      this.#consume(part);
      onBytes?.(part);
      left -= part;
    }
  }

  /** Reads and ignores everything up to the end. */
  *skipToEnd(onBytes?: (bytes: number) => void): Parsing {
    for (;;) {
      const part = this.available;
      if (part > 0) {
        this.#consume(part);
        onBytes?.(part);
      }
      if (this.ended) return;
      yield;
    }
  }

  /**
   * Reads up to a line feed; returns the line without it and without a carriage return before it, a character per byte.
   *
   * @throws Unreadable if it is longer than `limit`.
   */
  *line(limit = 32 * 1024): Parsing<string> {
    for (let scanned = 0;;) {
      const at = this.#buffer.subarray(0, this.#end).indexOf(10, this.#start + scanned);
      const length = at === -1 ? this.available : at - this.#start;
      if (length > limit) throw new Unreadable(`a line of more than ${limit} bytes`);
      if (at !== -1) {
        const carriage = length > 0 && this.#buffer[at - 1] === 13 ? 1 : 0;
        const line = latin1(this.#buffer.subarray(this.#start, at - carriage));
        this.#consume(length + 1);
        return line;
      }
      scanned = this.available;
      yield;
    }
  }

  /** Waits for a state that the other direction brings about. */
  *until(isTrue: () => boolean): Parsing {
    while (!isTrue()) yield;
    this.progress++;
  }

  /**
   * Lets the other direction continue, which waited {@link until} now. Without it, the next byte's chunk would decide
   * which direction runs first.
   */
  *handOver(): Parsing {
    this.progress++;
    yield;
  }

  #consume(length: number): void {
    this.#start += length;
    this.progress += length;
  }

  #append(chunk: Uint8Array): void {
    const length = this.available + chunk.length;
    if (!this.#owned || this.#end + chunk.length > this.#buffer.length) {
      const buffer = this.#owned && length <= this.#buffer.length / 2
        ? this.#buffer
        : new Uint8Array(Math.max(256, 2 * length));
      buffer.set(this.#buffer.subarray(this.#start, this.#end));
      [this.#buffer, this.#start, this.#end, this.#owned] = [buffer, 0, this.available, true];
    }
    this.#buffer.set(chunk, this.#end);
    this.#end += chunk.length;
  }
}

/** Returns a character per byte. */
export function latin1(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 8192) {
    text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  }
  return text;
}

/** Returns the number in `count` bytes, most significant first. */
export function unsigned(bytes: Uint8Array, at: number, count: number): number {
  let value = 0;
  for (let index = at; index < at + count; index++) value = value * 256 + (bytes[index] ?? 0);
  return value;
}
