/** Decodes a chunked body as it arrives. https://www.rfc-editor.org/rfc/rfc9112#section-7.1 */

/** The size of a chunk in hexadecimal, with extensions that no one uses; a trailer field. */
const maxLine = 1024;
/** All trailer fields together. */
const maxTrailers = 64 * 1024;
/** Sixteen terabytes: more is an error, and soon beyond an exact number. */
const maxSizeDigits = 11;

const [newline, semicolon, carriageReturn] = [0x0a, 0x3b, 0x0d];

type Part =
  /** The line with a chunk's size. */
  | "size"
  | "data"
  /** The line end after a chunk. */
  | "dataEnd"
  /** Fields that weren't requested, up to an empty line. */
  | "trailers"
  | "ended";

/**
 * Strips the framing of a body. A server that writes line by line sends a frame for each: all frames of one read become
 * one piece.
 */
export class ChunkedBody {
  #part: Part = "size";
  /** The remaining bytes of the chunk. */
  #left = 0;
  /** The known part of an incomplete line. */
  #digits = "";
  #lineLength = 0;
  #inExtension = false;
  #trailersLength = 0;
  #rest = new Uint8Array(0);

  /** Whether the body is complete. */
  get ended(): boolean {
    return this.#part === "ended";
  }

  /** The bytes after the body's end. */
  get rest(): Uint8Array {
    return this.#rest;
  }

  /**
   * Returns the body's bytes among these; none may be. They are moved together within the given memory.
   *
   * @throws Error if it isn't a chunked body.
   */
  take(bytes: Uint8Array): Uint8Array {
    let at = 0;
    let used = 0;
    while (at < bytes.length && this.#part !== "ended") {
      if (this.#part !== "data") {
        at = this.#readLine(bytes, at);
        continue;
      }
      const end = Math.min(at + this.#left, bytes.length);
      if (used !== at) bytes.copyWithin(used, at, end);
      used += end - at;
      this.#left -= end - at;
      at = end;
      if (this.#left === 0) this.#part = "dataEnd";
    }
    if (this.#part === "ended") this.#rest = bytes.slice(at);
    return bytes.subarray(0, used);
  }

  /** Reads one byte between data. A line is short: searching for its end gains nothing. */
  #readLine(bytes: Uint8Array, at: number): number {
    const byte = bytes[at] as number;
    if (byte !== newline) {
      if (++this.#lineLength > maxLine) throw wrong();
      if (this.#part === "size") this.#readDigit(byte);
      else if (this.#part === "dataEnd" && byte !== carriageReturn) throw wrong();
      return at + 1;
    }
    this.#endLine();
    this.#lineLength = 0;
    return at + 1;
  }

  #readDigit(byte: number): void {
    if (byte === semicolon) this.#inExtension = true;
    else if (!this.#inExtension && byte !== carriageReturn) {
      this.#digits += String.fromCharCode(byte);
    }
  }

  #endLine(): void {
    if (this.#part === "dataEnd") this.#part = "size";
    else if (this.#part === "size") {
      this.#left = sizeOf(this.#digits);
      this.#digits = "";
      this.#inExtension = false;
      this.#part = this.#left === 0 ? "trailers" : "data";
    } else if (this.#lineLength <= 1) this.#part = "ended";
    else {
      this.#trailersLength += this.#lineLength;
      if (this.#trailersLength > maxTrailers) throw wrong();
    }
  }
}

function sizeOf(digits: string): number {
  const text = digits.trim();
  if (!/^[0-9a-fA-F]+$/.test(text) || text.length > maxSizeDigits) throw wrong();
  return Number.parseInt(text, 16);
}

function wrong(): Error {
  return new Error("the server's answer is cut into pieces wrongly");
}
