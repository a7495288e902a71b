/** Kodama's own lines within a command's output: one at its start, and the mark at its end. */
import { joinBytes } from "../base/byte_buffer.ts";

/** The most bytes that are held back while the line isn't found. */
const headLimitBytes = 4096;
const escape = 0x1b;

/**
 * Extracts one line from a stream, however it is split over chunks, and passes every other byte on. The line is
 * recognized by its marker; it is the first one, unless a terminal joins a shell's warnings to standard output.
 */
export class MarkedLine<T> {
  readonly #marker: Uint8Array;
  readonly #isFirst: boolean;
  #head: Uint8Array = new Uint8Array();
  #state: { kind: "searching" } | { kind: "found"; value: T } | { kind: "absent" } = {
    kind: "searching",
  };

  /**
   * @param parse parses the text after the marker, without the end of the line; returns undefined if it isn't ours.
   * @param isFirst whether nothing draws on the terminal before it. Then an escape sequence shows that it is lost: tmux
   *   and other programs discard what nobody has read of the terminal yet (`tcflush`).
   */
  constructor(
    marker: string,
    private readonly parse: (text: string) => T | undefined,
    { isFirst }: { isFirst: boolean },
  ) {
    this.#marker = new TextEncoder().encode(marker);
    this.#isFirst = isFirst;
  }

  /** The line's value, as soon as it has arrived. */
  get value(): T | undefined {
    return this.#state.kind === "found" ? this.#state.value : undefined;
  }

  /** Whether the line is still awaited. */
  get searching(): boolean {
    return this.#state.kind === "searching";
  }

  /** Returns the output so far that is known to be the command's. */
  push(chunk: Uint8Array): Uint8Array {
    if (this.#state.kind !== "searching") return chunk;
    this.#head = joinBytes([this.#head, chunk]);
    const start = indexOfBytes(this.#head, this.#marker);
    const newline = start < 0 ? -1 : this.#head.indexOf(0x0a, start + this.#marker.length);
    const drawn = this.#isFirst ? this.#head.indexOf(escape) : -1;
    if (drawn >= 0 && (newline < 0 || newline > drawn)) return this.finish();
    if (newline < 0) return this.#head.length > headLimitBytes ? this.finish() : new Uint8Array();
    const text = new TextDecoder().decode(
      this.#head.subarray(start + this.#marker.length, newline),
    );
    const value = this.parse(text.replace(/\r$/, ""));
    if (value === undefined) return this.finish();
    this.#state = { kind: "found", value };
    const remaining = joinBytes([this.#head.subarray(0, start), this.#head.subarray(newline + 1)]);
    this.#head = new Uint8Array();
    return remaining;
  }

  /** Returns the held-back bytes, when the output has ended. */
  finish(): Uint8Array {
    if (this.#state.kind === "searching") this.#state = { kind: "absent" };
    const remaining = this.#head;
    this.#head = new Uint8Array();
    return remaining;
  }
}

function indexOfBytes(haystack: Uint8Array, needle: Uint8Array): number {
  const first = needle[0] ?? 0;
  for (let at = haystack.indexOf(first); at >= 0; at = haystack.indexOf(first, at + 1)) {
    if (needle.every((byte, offset) => haystack[at + offset] === byte)) return at;
  }
  return -1;
}

/*
 * The mark that the shell which runs a command sets behind it on both output streams: proof that the command has ended
 * by itself, and that all it wrote has arrived.
 *
 * The server's Status isn't enough: if kubelet dies, or its link to the API server breaks, some API servers (1.30 and
 * later, with WebSockets) report `Success` for a command that still runs. Their own client for kubelet treats a stream
 * that ends without a Status as a success.
 */

/** Returns the text that ends a command's output, before its exit code. */
export function endMarkOf(nonce: string): string {
  return `kodama:${nonce}:end:`;
}

/** An exit code with the end of its line, which a terminal writes as CR LF. */
const wholeCode = /^\d{1,3}\r?\n/;
/** A possible start of an exit code. */
const openCode = /^(?:\d{0,3}|\d{1,3}\r)$/;
/** Digits and line end. */
const longestCode = 5;

/** Removes the mark from one stream, however it is split over chunks, and passes every other byte on. */
export class EndMarkReader {
  readonly #mark: Uint8Array;
  #held: Uint8Array = new Uint8Array();
  #exitCode: number | undefined;

  constructor(nonce: string) {
    this.#mark = new TextEncoder().encode(endMarkOf(nonce));
  }

  /** The command's own exit code, when the mark has arrived. */
  get exitCode(): number | undefined {
    return this.#exitCode;
  }

  /** Returns the output so far that is known to be the command's. */
  push(chunk: Uint8Array): Uint8Array {
    if (this.#exitCode !== undefined) return chunk;
    const bytes = this.#held.length === 0 ? chunk : joinBytes([this.#held, chunk]);
    const { start, end } = this.#find(bytes);
    // A possible start of the mark is copied: the chunk may be reused.
    this.#held = end === undefined ? bytes.slice(start) : new Uint8Array();
    if (end === undefined) return bytes.subarray(0, start);
    const code = bytes.subarray(start + this.#mark.length, end);
    this.#exitCode = Number.parseInt(String.fromCharCode(...code), 10);
    return joinBytes([bytes.subarray(0, start), bytes.subarray(end)]);
  }

  /** Returns the held-back bytes, when the output has ended. */
  finish(): Uint8Array {
    const held = this.#held;
    this.#held = new Uint8Array();
    return held;
  }

  /** Returns the mark's position; without `end`, where it may start: the end of the bytes if it doesn't. */
  #find(bytes: Uint8Array): { start: number; end?: number } {
    const first = this.#mark[0] ?? 0;
    for (let at = bytes.indexOf(first); at >= 0; at = bytes.indexOf(first, at + 1)) {
      const length = this.#lengthAt(bytes.subarray(at, at + this.#mark.length + longestCode));
      if (length === "open") return { start: at };
      if (length !== "none") return { start: at, end: at + length };
    }
    return { start: bytes.length };
  }

  /**
   * Returns a mark's length with code and line end. The command may print the mark's text, as in an environment: then
   * no code follows.
   */
  #lengthAt(bytes: Uint8Array): number | "none" | "open" {
    for (const [index, byte] of this.#mark.entries()) {
      if (index === bytes.length) return "open";
      if (bytes[index] !== byte) return "none";
    }
    const code = String.fromCharCode(...bytes.subarray(this.#mark.length));
    const whole = wholeCode.exec(code);
    if (whole !== null) return this.#mark.length + whole[0].length;
    return openCode.test(code) ? "open" : "none";
  }
}
