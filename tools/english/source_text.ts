/** A TypeScript file as a reader sees it: its comments, the texts in it, and its identifiers. */

/** A part of a file, with the number of the line it starts on. A page of documentation has lines. */
export interface Fragment {
  readonly kind: "comment" | "text" | "identifier" | "page";
  readonly text: string;
  readonly line: number;
}

const identifier = /[A-Za-z_$][\w$]*/y;
const plainText = /(["'])(?:\\[^]|(?!\1)[^\\\n])*\1/y;
const comment = /\/\/[^\n]*|\/\*[^]*?\*\//y;
const pattern = /\/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])+\/[dgimsuvy]*/y;
const number = /\d[\w.]*/y;

/** A slash after one of these divides; after anything else it starts a regular expression. */
const endsValue = /(?:[\w$)\]}"'`])$/;
const precedesPattern = /\b(?:return|typeof|case|in|of|yield|await)$/;

/** Returns the fragments of a TypeScript file in their order. Line breaks within a comment become spaces. */
export function readSource(source: string): Fragment[] {
  return new Scanner(source).fragments();
}

class Scanner {
  readonly #source: string;
  readonly #found: Fragment[] = [];
  #at = 0;
  #line = 1;
  #counted = 0;
  /** The end of what precedes the current position, without spaces and comments. */
  #end = 0;

  constructor(source: string) {
    this.#source = source;
  }

  fragments(): Fragment[] {
    this.#code(false);
    return this.#found;
  }

  /** Reads code to its end, or, in a template, to the brace that closes an expression. */
  #code(inTemplate: boolean): void {
    let depth = 0;
    while (this.#at < this.#source.length) {
      const next = this.#source[this.#at] ?? "";
      if (next === " " || next === "\n") {
        this.#at++;
        continue;
      }
      if (next === "/" && this.#take(comment, "comment")) continue;
      if (inTemplate && next === "}" && depth-- === 0) return;
      if (next === "{") depth++;
      if (next === "`") this.#template();
      else if (this.#take(plainText, "text") || this.#take(identifier, "identifier")) continue;
      else if (this.#match(number) !== undefined) continue;
      else if (next === "/" && this.#mayBePattern() && this.#match(pattern) !== undefined) continue;
      else this.#skip(1);
    }
  }

  #mayBePattern(): boolean {
    const before = this.#source.slice(Math.max(0, this.#end - 10), this.#end);
    return !endsValue.test(before) || precedesPattern.test(before);
  }

  #template(): void {
    this.#skip(1);
    let start = this.#at;
    const add = () => this.#add("text", this.#source.slice(start, this.#at), start);
    while (this.#at < this.#source.length && this.#source[this.#at] !== "`") {
      if (this.#source[this.#at] === "\\") this.#at++;
      else if (this.#source.startsWith("${", this.#at)) {
        add();
        this.#skip(2);
        this.#code(true);
        start = this.#at + 1;
      }
      this.#at++;
    }
    add();
    this.#skip(1);
  }

  #take(token: RegExp, kind: Fragment["kind"]): boolean {
    const start = this.#at;
    const end = this.#end;
    const text = this.#match(token);
    if (text === undefined) return false;
    if (kind === "comment") this.#end = end;
    this.#add(kind, kind === "comment" ? commentText(text) : text, start);
    return true;
  }

  #match(token: RegExp): string | undefined {
    token.lastIndex = this.#at;
    const text = token.exec(this.#source)?.[0];
    if (text !== undefined) this.#skip(text.length);
    return text;
  }

  #skip(length: number): void {
    this.#at += length;
    this.#end = this.#at;
  }

  #add(kind: Fragment["kind"], text: string, start: number): void {
    for (; this.#counted < start; this.#counted++) {
      if (this.#source[this.#counted] === "\n") this.#line++;
    }
    if (text !== "") this.#found.push({ kind, text, line: this.#line });
  }
}

function commentText(comment: string): string {
  return comment.replace(/^\/\*+|\*\/$/g, "").replace(/^\s*(?:\/\/+|\*+)/gm, "")
    .replaceAll(/\s+/g, " ").trim();
}

/** Returns the lower-case words of an identifier: `farEnd`, `far_end` and `FAR_END` are `far` and `end`. */
export function identifierWords(identifier: string): string[] {
  return identifier.replaceAll(/([a-z\d])([A-Z])/g, "$1 $2").split(/[^A-Za-z]+/)
    .filter((word) => word !== "").map((word) => word.toLowerCase());
}
