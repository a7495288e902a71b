/**
 * A YAML document that isn't ours, read with a finger on each place: every mismatch ends in one error
 * that says which file, which field and which line.
 *
 * Narrowings by hand rather than a schema: a kubeconfig has forty fields of four shapes, and the
 * finger gives exact places for nothing.
 */
import { Composer, Lexer, LineCounter, Parser } from "yaml";
import type { Document } from "yaml";
import { KodamaError } from "../base/errors.ts";

/** More than any fleet's kubeconfig, and less than what stalls a parser noticeably. */
const maxLength = 2 * 1024 * 1024;
/** Anchors of an honest file are few; each reference copies what it names. */
const maxAliases = 100;
/** A kubeconfig is nested seven deep; the parser's time grows with the square of the depth. */
const maxDepth = 64;
/**
 * What isn't a kubeconfig may be all punctuation, and take the parser seconds. An honest file has one lexeme
 * for every three or four characters; up to the first number, whatever the shape, it is parsed in no time.
 */
const freeLexemes = 20_000;
const maxLexemesPerCharacter = 0.4;

interface Source {
  what: string;
  path: string;
  /** The document with its places: made when a place is to be told, where reading needed none. */
  parsed(): Parsed;
}

interface Parsed {
  document: Document.Parsed;
  lines: LineCounter;
}

/** Parses text to the root of a document. Throws a `config` error that begins with `what` and the path. */
export function readYaml(file: { path: string; text: string }, what: string): Node {
  const { path, text } = file;
  if (text.length > maxLength) {
    throw new KodamaError("config", `${what} ${path}: larger than ${maxLength >> 20} MiB`);
  }
  if (text.includes("\0")) {
    throw new KodamaError("config", `${what} ${path}: not a text file`);
  }
  const json = asJson(text);
  if (json !== undefined) {
    return new Node({ what, path, parsed: () => parse(file, what) }, [], json);
  }
  const parsed = parse(file, what);
  try {
    const value: unknown = parsed.document.toJS({ maxAliasCount: maxAliases });
    return new Node({ what, path, parsed: () => parsed }, [], value);
  } catch (error) {
    const reason = error instanceof Error ? oneLine(error.message) : "can't be read";
    throw new KodamaError("config", `${what} ${path}: ${reason}`, { cause: error });
  }
}

/** JSON is YAML too, and the runtime reads it in a hundredth of the time. What it refuses, the YAML parser explains. */
function asJson(text: string): unknown {
  if (!text.startsWith("{")) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function parse({ path, text }: { path: string; text: string }, what: string): Parsed {
  const lines = new LineCounter();
  const document = parseBounded(text, lines, (problem, offset) => {
    throw new KodamaError(
      "config",
      `${what} ${path}: line ${lines.linePos(offset).line}: ${problem}`,
    );
  });
  const first = document.errors[0];
  if (first !== undefined) {
    const line = lines.linePos(first.pos[0]).line;
    const problem = /call stack/.test(first.message) ? "nested too deeply" : oneLine(first.message);
    throw new KodamaError("config", `${what} ${path}: line ${line}: ${problem}`);
  }
  return { document, lines };
}

/** `parseDocument`, lexeme by lexeme: `refuse` is called, and throws, where it would take too long. */
function parseBounded(
  text: string,
  lines: LineCounter,
  refuse: (problem: string, offset: number) => never,
): Document.Parsed {
  const parser = new Parser(lines.addNewLine);
  lines.addNewLine(0);
  const composer = new Composer({ lineCounter: lines, prettyErrors: false });
  let lexemes = 0;
  const documents: Document.Parsed[] = [];
  const compose = (tokens: ReturnType<Parser["next"]>) => {
    for (const token of tokens) {
      // The first error is all that is told, and a text of errors has one in every few bytes.
      if (token.type === "error") refuse(oneLine(token.message), token.offset);
      documents.push(...composer.next(token));
      if (documents.length > 1) refuse("a second document begins before here", token.offset);
    }
  };
  for (const lexeme of new Lexer().lex(text)) {
    compose(parser.next(lexeme));
    const { offset } = parser;
    if (parser.stack.length > maxDepth) refuse("nested too deeply", offset);
    if (++lexemes > freeLexemes + offset * maxLexemesPerCharacter) {
      refuse("more punctuation than text: this is no kubeconfig", offset);
    }
  }
  compose(parser.end());
  documents.push(...composer.end(true, text.length));
  const [first, second] = documents;
  if (first === undefined) throw new Error("a forced end gives a document");
  if (second !== undefined) refuse("a second document begins before here", text.length);
  return first;
}

/** One place of a document. Absent, `null` and the empty text all count as "not there", as in kubectl. */
export class Node {
  constructor(
    private readonly source: Source,
    private readonly place: readonly (string | number)[],
    private readonly value: unknown,
  ) {}

  isAbsent(): boolean {
    return this.value === undefined || this.value === null || this.value === "";
  }

  field(name: string): Node {
    const object = this.isAbsent() ? {} : this.record();
    return new Node(this.source, [...this.place, name], object[name]);
  }

  objectOrEmpty(): Node {
    return this.isAbsent() ? new Node(this.source, this.place, {}) : this;
  }

  record(): Record<string, unknown> {
    if (isRecord(this.value)) return this.value;
    return this.fail(`expected a mapping, found ${shapeOf(this.value)}`);
  }

  items(): Node[] {
    if (this.isAbsent()) return [];
    if (!Array.isArray(this.value)) {
      return this.fail(`expected a list, found ${shapeOf(this.value)}`);
    }
    return this.value.map((item, index) => new Node(this.source, [...this.place, index], item));
  }

  optionalText(): string | undefined {
    if (this.isAbsent()) return undefined;
    if (typeof this.value === "string") return this.value;
    return this.fail(`expected a text, found ${shapeOf(this.value)}`);
  }

  text(): string {
    return this.optionalText() ?? this.fail("must be there");
  }

  /** One of the given words; `problem` says which they are. */
  oneOf<T extends string>(words: readonly T[], problem: string): T {
    const text = this.text();
    return words.find((word) => word === text) ?? this.fail(problem);
  }

  flag(): boolean {
    if (this.isAbsent()) return false;
    if (typeof this.value === "boolean") return this.value;
    return this.fail(`expected true or false, found ${shapeOf(this.value)}`);
  }

  /** Throws the `config` error of this place. */
  fail(problem: string): never {
    const { what, path } = this.source;
    const place = this.place.reduce<string>(
      (text, part) =>
        typeof part === "number" ? `${text}[${part}]` : text === "" ? part : `${text}.${part}`,
      "",
    );
    const line = this.line();
    const where = line === undefined ? "" : `line ${line}: `;
    const subject = place === "" ? "" : `${place}: `;
    throw new KodamaError("config", `${what} ${path}: ${where}${subject}${problem}`);
  }

  /** The line of the nearest place that is really there. */
  private line(): number | undefined {
    const { document, lines } = this.source.parsed();
    for (let depth = this.place.length; depth > 0; depth--) {
      const found: unknown = document.getIn(this.place.slice(0, depth), true);
      if (isRecord(found) && Array.isArray(found["range"])) {
        const start: unknown = found["range"][0];
        if (typeof start === "number") return lines.linePos(start).line;
      }
    }
    return undefined;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function shapeOf(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  if (isRecord(value)) return "a mapping";
  return typeof value === "string" ? "a text" : `${typeof value} ${String(value).slice(0, 40)}`;
}

function oneLine(message: string): string {
  return message.replace(/\s+/g, " ").slice(0, 200);
}
