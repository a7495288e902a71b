/** The files of a copy by their checksums: sent files, ticked off as the other end reports the received files. */
import type { NewChecksum } from "./checksum.ts";
import { escapedName } from "./entry.ts";

const encoder = new TextEncoder();

/** A sent file. */
export interface SentFile {
  path: Uint8Array;
  size: number;
}

/** Checksums without names: `cksum` prints names of arbitrary bytes in ways that differ by image. */
export class CopyManifest {
  readonly #waiting = new Map<string, SentFile[]>();
  readonly #namedAgain: { path: Uint8Array; target: Uint8Array }[] = [];

  add(sum: string, file: SentFile): void {
    const same = this.#waiting.get(sum);
    if (same === undefined) this.#waiting.set(sum, [file]);
    else same.push(file);
  }

  /** Ticks off a file of this checksum. */
  tick(sum: string): void {
    const same = this.#waiting.get(sum);
    if (same === undefined) return;
    same.pop();
    if (same.length === 0) this.#waiting.delete(sum);
  }

  /** Adds a hard link to a file that was sent before; the target may be a link itself. */
  addName(path: Uint8Array, target: Uint8Array): void {
    this.#namedAgain.push({ path, target });
  }

  /** Returns a checksum over those of all files: a line for each of their names, in the order of `LC_ALL=C sort`. */
  digest(make: NewChecksum): string {
    const again = Map.groupBy(this.#sumsNamedAgain(), (sum) => sum);
    const all = make();
    for (const sum of [...this.#waiting.keys()].sort()) {
      const line = encoder.encode(`${sum}\n`);
      const names = (this.#waiting.get(sum)?.length ?? 0) + (again.get(sum)?.length ?? 0);
      for (let name = 0; name < names; name++) all.update(line);
    }
    return all.result();
  }

  #sumsNamedAgain(): string[] {
    if (this.#namedAgain.length === 0) return [];
    const files = [...this.#waiting].flatMap(([sum, same]) =>
      same.map(({ path }) => [path.toHex(), sum] as const)
    );
    const sums = new Map(files);
    return this.#namedAgain.flatMap(({ path, target }) => {
      const sum = sums.get(target.toHex());
      if (sum === undefined) return [];
      sums.set(path.toHex(), sum);
      return [sum];
    });
  }

  /** Files that weren't ticked off, with their checksums. */
  get missing(): readonly { sum: string; file: SentFile }[] {
    return [...this.#waiting].flatMap(([sum, files]) => files.map((file) => ({ sum, file })));
  }
}

const maxLine = 16 * 1024;

/** Parses the output of a checksum program into the first field of each line. */
export class SumLines {
  #line = "";
  readonly #decoder = new TextDecoder("latin1");

  constructor(private readonly take: (sum: string) => void) {}

  push(bytes: Uint8Array): void {
    const lines = (this.#line + this.#decoder.decode(bytes)).split("\n");
    this.#line = (lines.pop() ?? "").slice(0, maxLine);
    for (const line of lines) this.#takeLine(line);
  }

  #takeLine(line: string): void {
    // GNU writes a backslash before a line if its name has escaped characters.
    const sum = /^\\?([0-9a-f]+)(?:[ \t]|$)/.exec(line)?.[1];
    if (sum !== undefined) this.take(sum);
  }
}

/** Returns a few of the names, for a message. */
export function someNames(files: readonly SentFile[]): string {
  const shown = files.slice(0, 3).map(({ path }) => escapedName(path));
  const more = files.length - shown.length;
  return `${shown.join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}
