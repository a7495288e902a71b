/** A program's output, without overwritten text. Pure. */
import { Capture } from "../exec/capture.ts";

/**
 * Standard error as a terminal would show it, up to 64 KiB: of progress, which ends each step with a carriage return,
 * only the last step. So even after a download of an hour the error at its end fits.
 */
export class WrittenLines {
  readonly #kept = new Capture(64 * 1024);
  readonly #decoder = new TextDecoder();
  readonly #encoder = new TextEncoder();
  #open = "";

  /** Takes the next bytes. */
  push(bytes: Uint8Array): void {
    const lines = (this.#open + this.#decoder.decode(bytes, { stream: true })).split("\n");
    const open = lines.pop() ?? "";
    for (const line of lines) this.#keep(`${lastShown(line)}\n`);
    this.#open = lastShown(open).slice(-4096);
  }

  /** Returns all of it, at the end of the output. */
  end(): string {
    this.#keep(this.#open);
    return new TextDecoder().decode(this.#kept.bytes);
  }

  #keep(text: string): void {
    this.#kept.push(this.#encoder.encode(text));
  }
}

/** Returns the text after the last carriage return; one at the very end overwrites nothing yet. */
function lastShown(line: string): string {
  const text = line.replace(/\r+$/, "");
  const ends = line.slice(text.length);
  return text.slice(text.lastIndexOf("\r") + 1) + (ends === "" ? "" : "\r");
}
