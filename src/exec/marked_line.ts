/** A line of kodama's own within a command's output. */
import { joinBytes } from "../base/join_bytes.ts";

/** The most bytes that are held back while the line isn't found. */
const headLimitBytes = 4096;

/**
 * Extracts one line from a stream, however it is split over chunks, and passes every other byte on. The line is
 * recognized by its marker; it is the first one, unless a terminal joins a shell's warnings to standard output.
 */
export class MarkedLine<T> {
  readonly #marker: Uint8Array;
  readonly #parse: (text: string) => T | undefined;
  #head: Uint8Array = new Uint8Array();
  #state: { kind: "searching" } | { kind: "found"; value: T } | { kind: "absent" } = {
    kind: "searching",
  };

  /** @param parse parses the text after the marker, without the end of the line; returns undefined if it isn't ours. */
  constructor(marker: string, parse: (text: string) => T | undefined) {
    this.#marker = new TextEncoder().encode(marker);
    this.#parse = parse;
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
    if (newline < 0) return this.#head.length > headLimitBytes ? this.finish() : new Uint8Array();
    const text = new TextDecoder().decode(
      this.#head.subarray(start + this.#marker.length, newline),
    );
    const value = this.#parse(text.replace(/\r$/, ""));
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
