/** The answer of a loop in a pod to one request: lines or an archive, and at its end a marked line with a code. */
import { joinBytes } from "../../base/join_bytes.ts";
import type { ByteReader } from "../../copy/byte_reader.ts";
import { SideLostError } from "../core/tree.ts";

const maxLine = 16 * 1024;
const decoder = new TextDecoder();

/** One answer while it arrives. */
export class Answer {
  constructor(private readonly reader: ByteReader, private readonly mark: string) {}

  /** For answers that are an archive: the bytes as they arrive. */
  get bytes(): ByteReader {
    return this.reader;
  }

  /** Reads lines to the end of the answer, and returns the code at its end. Other marked lines are passed to `said`. */
  async lines(
    take: (line: string) => void,
    said: (words: string) => void = () => {},
  ): Promise<number> {
    for (;;) {
      const line = decoder.decode(await this.#line());
      const words = this.#wordsOf(line);
      if (words === undefined) take(line);
      else {
        const code = codeOf(words);
        if (code !== undefined) return code;
        said(words);
      }
    }
  }

  /** Returns the arguments of the one line that a loop starts with, whatever precedes it. */
  async said(): Promise<string[]> {
    for (;;) {
      const words = this.#wordsOf(decoder.decode(await this.#line()));
      if (words !== undefined) return words.split(" ");
    }
  }

  /** Skips the padding of an archive, then as {@link lines}. */
  async afterArchive(): Promise<number> {
    const words = this.#wordsOf(decoder.decode(await this.#line(true)));
    return codeOf(words ?? "") ?? await this.lines(() => {});
  }

  /** Returns the loop's own message in a line; undefined for a line of its programs. */
  #wordsOf(line: string): string | undefined {
    return line.startsWith(this.mark) ? line.slice(this.mark.length) : undefined;
  }

  async #line(skipZeros = false): Promise<Uint8Array> {
    const pieces: Uint8Array[] = [];
    let length = 0;
    let skipping = skipZeros;
    for (;;) {
      const piece = await this.reader.upTo(65_536);
      if (piece === undefined) throw new SideLostError("remote");
      let from = 0;
      if (skipping) {
        while (from < piece.length && piece[from] === 0) from++;
        if (from === piece.length) continue;
        skipping = false;
      }
      const end = piece.indexOf(10, from);
      pieces.push(piece.subarray(from, end < 0 ? piece.length : end));
      length += pieces.at(-1)?.length ?? 0;
      if (length > maxLine) throw new Error("a line of an answer is too long");
      if (end < 0) continue;
      this.reader.unread(piece.subarray(end + 1));
      return joinBytes(pieces);
    }
  }
}

/** Returns the code of an answer's end; undefined for every other message. */
function codeOf(words: string): number | undefined {
  const [, code] = /^end (\d{1,3})$/.exec(words) ?? [];
  return code === undefined ? undefined : Number(code);
}
