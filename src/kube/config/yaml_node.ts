/** Foreign YAML, parsed within bounds. Loaded for files that aren't JSON, or are invalid. */
import { Composer, Lexer, LineCounter, Parser } from "yaml";
import type { Document } from "yaml";
import { KodamaError } from "../../base/errors.ts";
import { isRecord } from "../../base/json_value.ts";
import { type DocumentSource, maxLength, Node, type Place } from "./document_node.ts";

/** An honest file has few anchors; each reference copies its target. */
const maxAliases = 100;
/** A kubeconfig is nested seven levels deep; the parser's time grows with the square of the depth. */
const maxDepth = 64;
/**
 * A text that isn't a kubeconfig may be all punctuation, and take the parser seconds. An honest file has one lexeme for
 * every three or four characters; up to the first number, whatever the shape, parsing takes no time.
 */
const freeLexemes = 20_000;
const maxLexemesPerCharacter = 0.4;

interface Parsed {
  document: Document.Parsed;
  lines: LineCounter;
}

/** Parses text to the root of a document. Throws a `config` error that starts with `what` and the path. */
export function readYaml(file: { path: string; text: string }, what: string): Node {
  const { path, text } = file;
  if (text.length > maxLength) {
    throw new KodamaError("config", `${what} ${path}: larger than ${maxLength >> 20} MiB`);
  }
  if (text.includes("\0")) {
    throw new KodamaError("config", `${what} ${path}: not a text file`);
  }
  const parsed = parse(file, what);
  const source: DocumentSource = { what, path, lineOf: (place) => lineOf(parsed, place) };
  try {
    const value: unknown = parsed.document.toJS({ maxAliasCount: maxAliases });
    return new Node(source, [], value);
  } catch (error) {
    const reason = error instanceof Error ? oneLine(error.message) : "can't be read";
    throw new KodamaError("config", `${what} ${path}: ${reason}`, { cause: error });
  }
}

/** Returns the line of the nearest path that exists. */
function lineOf({ document, lines }: Parsed, place: Place): number | undefined {
  for (let depth = place.length; depth > 0; depth--) {
    const found: unknown = document.getIn(place.slice(0, depth), true);
    if (isRecord(found) && Array.isArray(found["range"])) {
      const start: unknown = found["range"][0];
      if (typeof start === "number") return lines.linePos(start).line;
    }
  }
  return undefined;
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

/** `parseDocument`, lexeme by lexeme: calls `refuse`, which throws, if it would take too long. */
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
      // Only the first error is reported, and a text of errors has one in every few bytes.
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
      refuse("more punctuation than text: this is not a kubeconfig", offset);
    }
  }
  compose(parser.end());
  documents.push(...composer.end(true, text.length));
  const [first, second] = documents;
  if (first === undefined) throw new Error("a forced end gives a document");
  if (second !== undefined) refuse("a second document begins before here", text.length);
  return first;
}

function oneLine(message: string): string {
  return message.replace(/\s+/g, " ").slice(0, 200);
}
