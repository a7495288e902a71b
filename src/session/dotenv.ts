/**
 * Dotenv files: names and values, with quotes, several lines and comments, as the `dotenv` package of npm reads them.
 * Pure. An error never contains any of a value.
 */
import { KodamaError } from "../base/errors.ts";

/** One variable of a file. */
export interface DotenvEntry {
  name: string;
  value: string;
  /** Starts at 1. */
  line: number;
}

/** Returns the variables of a text, in order; a name may occur several times, and the last one counts. */
export function parseDotenv(path: string, text: string): DotenvEntry[] {
  const reader = new Reader(path, text.replace(/\r\n?/g, "\n").replace(/^\uFEFF/, ""));
  return [...reader.entries()];
}

class Reader {
  #at = 0;
  #line = 1;

  constructor(private readonly path: string, private readonly text: string) {}

  *entries(): Generator<DotenvEntry, void> {
    while (this.#at < this.text.length) {
      const line = this.#line;
      const head = /^[ \t]*(?:export[ \t]+)?([^\s=#:'"`]+)[ \t]*=[ \t]*/.exec(this.#rest());
      if (head === null) {
        this.#skipLine(line);
        continue;
      }
      this.#at += head[0].length;
      yield { name: head[1] ?? "", value: this.#value(line), line };
    }
  }

  /** Returns the remaining text from the current position; one line if no more is read. */
  #rest(): string {
    const end = this.text.indexOf("\n", this.#at);
    return this.text.slice(this.#at, end < 0 ? undefined : end);
  }

  /** Skips a blank line or a comment; anything else is invalid here. */
  #skipLine(line: number): void {
    const rest = this.#rest();
    if (!/^\s*(?:#|$)/.test(rest)) {
      throw this.#wrong(line, "expected NAME=VALUE or a comment");
    }
    this.#advance(rest.length);
  }

  #value(line: number): string {
    const quote = this.text[this.#at];
    if (quote === "'" || quote === '"' || quote === "`") {
      const end = this.#endOfQuote(quote);
      if (end !== undefined) return this.#quoted(quote, end);
      if (!this.#rest().slice(1).trim()) throw this.#wrong(line, `the ${quote} has no end`);
    }
    const rest = this.#rest();
    this.#advance(rest.length);
    return rest.replace(/(?:^|\s)#.*$/, "").trim();
  }

  /** Returns the closing quote's position; a backslash before a double quote escapes it. */
  #endOfQuote(quote: string): number | undefined {
    for (let at = this.#at + 1; at < this.text.length; at++) {
      if (this.text[at] === "\\" && quote === '"') at++;
      else if (this.text[at] === quote) return at;
    }
    return undefined;
  }

  #quoted(quote: string, end: number): string {
    const inner = this.text.slice(this.#at + 1, end);
    this.#advance(end + 1 - this.#at, false);
    const tail = this.#rest();
    this.#advance(tail.length);
    if (quote !== '"') return inner;
    return inner.replace(/\\([nrt"\\$])/g, (_, one: string) => escapes[one] ?? one);
  }

  /** Advances by N characters, and past a line end there. */
  #advance(length: number, overLineEnd = true): void {
    const taken = this.text.slice(this.#at, this.#at + length);
    this.#line += taken.split("\n").length - 1;
    this.#at += length;
    if (!overLineEnd || this.text[this.#at] !== "\n") return;
    this.#at += 1;
    this.#line += 1;
  }

  #wrong(line: number, message: string): KodamaError {
    return new KodamaError("config", `${this.path}:${line}: ${message}`, {
      hint: 'values with several lines stand between quotes: NAME="…"',
    });
  }
}

const escapes: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t" };
