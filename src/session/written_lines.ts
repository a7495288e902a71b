/** What a program wrote, without what it wrote over. Pure. */
import { Capture } from "../exec/capture.ts";

/**
 * Standard error as a terminal would show it, up to 64 KiB: of progress, which has a carriage return behind each step,
 * the last step alone. A download of an hour then leaves room for the error at its end.
 */
export class WrittenLines {
  readonly #kept = new Capture(64 * 1024);
  readonly #decoder = new TextDecoder();
  readonly #encoder = new TextEncoder();
  #open = "";

  /** Takes what comes next. */
  push(bytes: Uint8Array): void {
    const lines = (this.#open + this.#decoder.decode(bytes, { stream: true })).split("\n");
    const open = lines.pop() ?? "";
    for (const line of lines) this.#keep(`${lastShown(line)}\n`);
    this.#open = lastShown(open).slice(-4096);
  }

  /** All of it, when nothing more comes. */
  end(): string {
    this.#keep(this.#open);
    return new TextDecoder().decode(this.#kept.bytes);
  }

  #keep(text: string): void {
    this.#kept.push(this.#encoder.encode(text));
  }
}

/** What follows the last carriage return; one at the very end writes over nothing yet. */
function lastShown(line: string): string {
  const text = line.replace(/\r+$/, "");
  const ends = line.slice(text.length);
  return text.slice(text.lastIndexOf("\r") + 1) + (ends === "" ? "" : "\r");
}
