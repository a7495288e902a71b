/** YAML files, parsed once and within limits: their plain value, and the position of each part in the text. */
import {
  Composer,
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  type Node,
  Parser,
  type Scalar,
  visit,
  type YAMLParseError,
} from "yaml";
import { KodamaError } from "../errors.ts";
import type { Hint } from "../hint.ts";
import { isRecord } from "../json_value.ts";
import { editedDocument, type ParsedText } from "./edited.ts";

/** A file that was read. */
export interface SourceFile {
  /** The path in messages. */
  path: string;
  text: string;
}

/** A problem in a file. Lines and columns count from 1. */
export interface FileProblem {
  line: number;
  column: number;
  /** The number of affected characters of the line; at least 1. */
  width: number;
  message: string;
}

/** Keys and indexes, from the top of a document. */
export type SourcePath = readonly (string | number)[];

/** Thrown for a file that can't be used as it is. The message contains every problem, with its line and a caret. */
export class FileError extends KodamaError {
  override readonly name = "FileError";

  constructor(readonly file: SourceFile, readonly problems: readonly FileProblem[], hint?: Hint) {
    super("config", describe(file, problems), hint === undefined ? {} : { hint });
  }
}

/** The limits of a file. */
interface YamlLimits {
  maxChars: number;
  /** Real files have few anchors; each reference copies its target. */
  maxAliases: number;
}

const ofPeople: YamlLimits = { maxChars: 256 * 1024, maxAliases: 50 };

/** Problems of a file that an error shows. */
export const maxProblems = 20;
/** Deeper than anything that a person writes, and far below the limit of any stack. */
const maxDepth = 64;
/**
 * A text that isn't YAML may be all punctuation, and take the parser seconds. A real file has a lexeme for every three
 * or four characters; up to the first number, whatever the shape, parsing takes no time.
 */
const freeLexemes = 20_000;
const maxLexemesPerCharacter = 0.4;

/** A document, and the positions in it. */
export class YamlSource {
  private constructor(
    readonly file: SourceFile,
    readonly document: Document.Parsed,
    /** Plain data; an empty mapping for an empty file. */
    readonly plain: unknown,
    readonly lines: LineCounter,
  ) {}

  /**
   * Reads a document; by default with the limits of a file that people write.
   *
   * @throws FileError for a text that isn't YAML, or exceeds the limits.
   */
  static parse(file: SourceFile, limits: YamlLimits = ofPeople): YamlSource {
    const lines = new LineCounter();
    const refuse = refuseAt(file, lines);
    lines.addNewLine(0);
    checkText(file.text, limits.maxChars, refuse);
    const { document } = parseBounded(file.text, lines, refuse);
    if (document.errors.length > 0) throw syntaxError(file, document.errors, lines);
    // Keys and numbers that JSON can't hold may be in unread parts.
    checkJson(file, document, lines);
    return new YamlSource(file, document, toPlain(file, document, lines, limits), lines);
  }

  /**
   * Reads the first document as kubectl does; returns whether more follow, which kubectl ignores too.
   *
   * @throws FileError for a text that kubectl can't read either, or that exceeds the limits.
   */
  static parseAsKubectl(
    file: SourceFile,
    maxChars: number,
  ): { source: YamlSource; isFollowed: boolean } {
    const lines = new LineCounter();
    const refuse = refuseAt(file, lines);
    lines.addNewLine(0);
    checkText(file.text, maxChars, refuse);
    const { document, isFollowed } = parseBounded(file.text, lines, refuse, "kubectl");
    if (document.errors.length > 0) throw syntaxError(file, document.errors, lines);
    const plain = kubectlPlain(document, (node, problem) => {
      throw errorAt(file, lines, node, problem);
    });
    return { source: new YamlSource(file, document, plain ?? {}, lines), isFollowed };
  }

  /**
   * Reads a later text of a file that people write. Of changes within an item of a list at the top, only that item is
   * parsed.
   *
   * @throws FileError as {@link parse} does.
   */
  static parseEdited(file: SourceFile, before: YamlSource): YamlSource {
    const { text } = file;
    // The anchor of an alias may be anywhere.
    if (text.length > ofPeople.maxChars || before.#hasAlias()) return YamlSource.parse(file);
    const parsePart = (part: string) => {
      const source = parsedOrUndefined({ path: file.path, text: part });
      return source === undefined || source.#hasAlias() ? undefined : source.#parsed();
    };
    const edited = editedDocument(before.#parsed(), text, parsePart);
    if (edited === undefined) return YamlSource.parse(file);
    const lines = new LineCounter();
    for (let start = 0, end = 0; end >= 0; start = end + 1) {
      lines.addNewLine(start);
      end = text.indexOf("\n", start);
    }
    return new YamlSource(file, edited.document, edited.plain, lines);
  }

  /** Returns a problem at the value at a path, or at its nearest existing parent. */
  atValue(path: SourcePath, message: string): FileProblem {
    const range = this.#node(path)?.range;
    return range ? this.#problem(range[0], range[1], message) : this.atTop(message);
  }

  /** Returns the position of the value at a path. */
  location(path: SourcePath): { file: string; path: SourcePath; line: number } {
    return { file: this.file.path, path, line: this.atValue(path, "").line };
  }

  /** Returns a number or a boolean as it is written: `1.10`, `007`; undefined for anything else. */
  spelling(path: SourcePath): string | undefined {
    const node = this.document.getIn(path, true);
    if (!isScalar(node) || !["number", "boolean"].includes(typeof node.value)) return undefined;
    return node.source;
  }

  /** Returns a problem at the start of the file. */
  atTop(message: string): FileProblem {
    return { line: 1, column: 1, width: 1, message };
  }

  /** Returns a problem at the key at the end of a path. */
  atKey(path: SourcePath, message: string): FileProblem {
    const above = path.slice(0, -1);
    const parent = above.length === 0 ? this.document.contents : this.document.getIn(above, true);
    const pair = isMap(parent)
      ? parent.items.find(({ key }) => keyText(key) === path.at(-1))
      : undefined;
    const range = (pair?.key as Node | undefined)?.range;
    return range ? this.#problem(range[0], range[1], message) : this.atValue(path, message);
  }

  /**
   * Returns a problem at a part of the text at a path. Quotes and line folding make a text's offsets differ from the
   * file's: the part is searched by its text; if it isn't found as it is, the problem is at the whole text.
   */
  atPart(
    path: SourcePath,
    part: { text: string; start: number; end: number },
    message: string,
  ): FileProblem {
    const range = this.#node(path)?.range;
    if (!range) return this.atTop(message);
    const written = this.file.text.slice(range[0], range[1]);
    const text = part.text.slice(part.start, part.end);
    const before = text === "" ? 0 : part.text.slice(0, part.start).split(text).length - 1;
    let at = -1;
    for (let seen = 0; text !== "" && seen <= before; seen++) at = written.indexOf(text, at + 1);
    if (at < 0) return this.#problem(range[0], range[1], message);
    return this.#problem(range[0] + at, range[0] + at + text.length, message);
  }

  #parsed(): ParsedText {
    return { text: this.file.text, document: this.document, plain: this.plain };
  }

  #hasAlias(): boolean {
    let found = false;
    if (!this.file.text.includes("*")) return found;
    visit(this.document, {
      Alias() {
        found = true;
        return visit.BREAK;
      },
    });
    return found;
  }

  #node(path: SourcePath): Node | undefined {
    for (let depth = path.length; depth > 0; depth--) {
      const node = this.document.getIn(path.slice(0, depth), true);
      if (isNode(node) && node.range) return node;
    }
    return undefined;
  }

  #problem(start: number, end: number, message: string): FileProblem {
    const { line, col } = this.lines.linePos(start);
    return { line, column: col, width: Math.max(1, end - start), message };
  }
}

/** Returns the document of a file that people write; undefined if it can't be read. */
export function parsedOrUndefined(file: SourceFile, before?: YamlSource): YamlSource | undefined {
  try {
    return before === undefined ? YamlSource.parse(file) : YamlSource.parseEdited(file, before);
  } catch (error) {
    if (error instanceof FileError) return undefined;
    throw error;
  }
}

/** Returns the text of a key, whatever kind of scalar it is. */
export function keyText(key: unknown): string {
  return typeof key === "object" && key !== null && "value" in key ? String(key.value) : `${key}`;
}

function syntaxError(
  file: SourceFile,
  errors: readonly YAMLParseError[],
  lines: LineCounter,
): FileError {
  const seen = new Set<number>();
  const problems = errors.flatMap((error) => {
    const { line, col } = lines.linePos(error.pos[0]);
    // Further errors on the same line are most often a consequence.
    if (seen.has(line)) return [];
    seen.add(line);
    const isInBraces = file.text.split("\n")[line - 1]?.includes("${{") === true;
    const quoting = isInBraces ? "; inside { } and [ ] a text with ${{ in it needs quotes" : "";
    const width = Math.max(1, error.pos[1] - error.pos[0]);
    return [{ line, column: col, width, message: syntaxText(error) + quoting }];
  });
  return new FileError(file, problems.slice(0, 3));
}

function syntaxText({ code, message }: YAMLParseError): string {
  if (code === "MULTIPLE_DOCS") return "expected one document, found another";
  if (message.includes("call stack")) return "nested too deeply";
  if (code === "DUPLICATE_KEY") return "duplicate field";
  if (code === "TAB_AS_INDENT") return "a tab can't indent in YAML; use spaces";
  return `not YAML: ${message[0]?.toLowerCase() ?? ""}${message.slice(1)}`;
}

type Refuse = (offset: number, message: string, width?: number) => never;

function refuseAt(file: SourceFile, lines: LineCounter): Refuse {
  return (offset, message, width = 1) => {
    const { line, col: column } = lines.linePos(offset);
    throw new FileError(file, [{ line, column, width, message }]);
  };
}

function checkText(text: string, maxChars: number, refuse: Refuse): void {
  if (text.length > maxChars) refuse(0, `larger than ${sizeText(maxChars)}`);
  if (text.includes("\0")) refuse(0, "not a text file");
}

/**
 * `parseDocument`, lexeme by lexeme: calls `refuse`, which throws, if it would take too long or too deep a stack. In
 * the dialect of kubectl a key may be repeated, and documents behind the first aren't read.
 */
function parseBounded(
  text: string,
  lines: LineCounter,
  refuse: Refuse,
  dialect?: "kubectl",
): { document: Document.Parsed; isFollowed: boolean } {
  const parser = new Parser(lines.addNewLine);
  const composer = new Composer({
    lineCounter: lines,
    prettyErrors: false,
    logLevel: "error",
    uniqueKeys: dialect === undefined,
  });
  let lexemes = 0;
  let errors = 0;
  let first: Document.Parsed | undefined;
  let isFollowed = false;
  const take = (documents: Iterable<Document.Parsed>) => {
    for (const document of documents) {
      const [start, end] = document.range;
      if (first === undefined) first = document;
      else if (dialect === "kubectl") isFollowed ||= document.contents !== null;
      else refuse(start, "expected one document, found another", end - start);
    }
  };
  const compose = (tokens: ReturnType<Parser["next"]>) => {
    for (const token of tokens) {
      // A text that isn't YAML has an error in every few bytes.
      if (token.type === "error" && ++errors > maxProblems) refuse(token.offset, token.message);
      take(composer.next(token));
    }
  };
  for (const lexeme of new Lexer().lex(text)) {
    compose(parser.next(lexeme));
    const { offset } = parser;
    if (parser.stack.length > maxDepth) refuse(offset, "nested too deeply");
    if (++lexemes > freeLexemes + offset * maxLexemesPerCharacter) {
      refuse(offset, "more punctuation than text");
    }
  }
  compose(parser.end());
  take(composer.end(true, text.length));
  if (first === undefined) throw new Error("a forced end gives a document");
  return { document: first, isFollowed };
}

/** Larger than any fleet's kubeconfig with all its aliases replaced by their values. */
const maxExpandedNodes = 500_000;

/** YAML 1.1's, which kubectl reads: `insecure-skip-tls-verify: yes` is true. */
const oldBooleans: readonly [pattern: RegExp, value: boolean][] = [
  [/^(?:y|Y|yes|Yes|YES|on|On|ON)$/, true],
  [/^(?:n|N|no|No|NO|off|Off|OFF)$/, false],
];

/**
 * Returns the plain value of a document as kubectl's parser, version 2 of go-yaml, understands it. Of repeated keys the
 * last counts, and a merge key (`<<`) is a key like the others: it overrules those before it. Aliases of a value are
 * the same object.
 */
function kubectlPlain(
  document: Document.Parsed,
  refuse: (node: Node, problem: string) => never,
): unknown {
  const anchors = new Map<string, { value: unknown; nodes: number } | "open">();
  let nodes = 0;
  return read(document.contents);

  function read(node: unknown): unknown {
    if (!isNode(node)) return null;
    if (++nodes > maxExpandedNodes) refuse(node, "aliases repeat too many values");
    if (isAlias(node)) {
      const target = anchors.get(node.source);
      if (target === undefined) refuse(node, `anchor &${node.source} is not defined before this`);
      if (target === "open") refuse(node, `the value of &${node.source} contains itself`);
      nodes += target.nodes;
      return target.value;
    }
    const { anchor } = node as { anchor?: string };
    if (anchor === undefined) return content(node);
    anchors.set(anchor, "open");
    const before = nodes;
    const value = content(node);
    anchors.set(anchor, { value, nodes: nodes - before });
    return value;
  }

  function content(node: Node): unknown {
    if (isScalar(node)) return scalarText(node);
    if (isSeq(node)) return node.items.map(read);
    const result: Record<string, unknown> = {};
    if (!isMap(node)) return result;
    for (const { key, value } of node.items) {
      const isMerge = isScalar(key) && key.type === "PLAIN" && key.value === "<<";
      const plain = read(value);
      if (!isMerge) {
        setOwn(result, String(isNode(key) ? read(key) : key), plain);
        continue;
      }
      // Earlier elements of a list overrule later elements.
      for (const source of Array.isArray(plain) ? plain.toReversed() : [plain]) {
        if (!isRecord(source)) refuse(isNode(value) ? value : node, "<< needs mappings to merge");
        const entries = Object.entries(source);
        nodes += entries.length;
        for (const [name, merged] of entries) setOwn(result, name, merged);
      }
    }
    return result;
  }

  function scalarText({ value, type, tag, source = "" }: Scalar): unknown {
    if (value instanceof Uint8Array) return new TextDecoder().decode(value);
    if (value instanceof Date) return source;
    if (type !== "PLAIN" || tag !== undefined || typeof value !== "string") return value;
    return oldBooleans.find(([pattern]) => pattern.test(value))?.[1] ?? value;
  }
}

/** Assigns a property of the object itself, also `__proto__`. */
function setOwn(object: Record<string, unknown>, name: string, value: unknown): void {
  Object.defineProperty(object, name, {
    value,
    writable: true,
    enumerable: true,
    configurable: true,
  });
}

/** @throws FileError at a key that isn't a text, and at a number that isn't exact. */
function checkJson(file: SourceFile, document: Document.Parsed, lines: LineCounter): void {
  visit(document, {
    Pair(_, { key }) {
      if (isMap(key) || (isNode(key) && "items" in key)) {
        throw errorAt(
          file,
          lines,
          key,
          "expected a name, found a list or a mapping as a key",
        );
      }
    },
    Scalar(_, scalar) {
      const { value, source = "" } = scalar;
      if (typeof value !== "number" || Number.isSafeInteger(value)) return;
      if (!/^[-+]?\d+$/.test(source)) return;
      throw errorAt(
        file,
        lines,
        scalar,
        `${
          source.slice(0, 40)
        } is too large to be exact as a number; write it as a text, in quotes`,
      );
    },
  });
}

function toPlain(
  file: SourceFile,
  document: Document.Parsed,
  lines: LineCounter,
  { maxAliases }: YamlLimits,
): unknown {
  try {
    return document.toJS({ maxAliasCount: maxAliases }) ?? {};
  } catch (error) {
    let anyAlias: Node | undefined;
    visit(document, {
      Alias(_, alias) {
        anyAlias ??= alias;
        if (alias.resolve(document) === undefined) {
          throw errorAt(file, lines, alias, `anchor &${alias.source} is not defined before this`);
        }
      },
    });
    if (anyAlias === undefined || !isAlias(anyAlias)) throw error;
    const message = `aliases repeat more than ${maxAliases} anchored values`;
    throw errorAt(file, lines, anyAlias, message);
  }
}

function errorAt(file: SourceFile, lines: LineCounter, node: Node, message: string): FileError {
  const [start, end] = node.range ?? [0, 1];
  const { line, col } = lines.linePos(start);
  return new FileError(file, [{ line, column: col, width: Math.max(1, end - start), message }]);
}

function sizeText(chars: number): string {
  return chars < 1 << 20 ? `${chars >> 10} KiB` : `${chars >> 20} MiB`;
}

/** Options of {@link describe}. */
export interface ProblemsOptions {
  /** How to see the omitted problems; behind their number. */
  wayToAll?: string;
  /** Maximum of a file. */
  most?: number;
}

/** Formats each problem with its position, its line and a caret. */
export function describe(
  file: SourceFile,
  problems: readonly FileProblem[],
  { wayToAll = "", most = maxProblems }: ProblemsOptions = {},
): string {
  const lines = file.text.split(/\r?\n/);
  const shown = problems.slice(0, most).map((problem) => {
    const location = `${file.path}:${problem.line}:${problem.column}`;
    return `${location}: ${problem.message}\n${excerpt(lines[problem.line - 1] ?? "", problem)}`;
  });
  const omitted = problems.length - shown.length;
  return [...shown, ...(omitted > 0 ? [`and ${omitted} more${wayToAll}`] : [])].join("\n");
}

/** Returns the line with a caret under the problem; of a long line, the part around it. */
function excerpt(source: string, { line, column, width }: FileProblem): string {
  const start = Math.max(0, column - 1 - 60);
  // Control characters must not reach the terminal, and would move the caret.
  const part = source.slice(start, start + 100).replace(/\p{Cc}/gu, " ");
  const at = column - 1 - start;
  const carets = "^".repeat(Math.max(1, Math.min(width, part.length - at)));
  const margin = String(line).length;
  return `  ${line} | ${part}\n  ${" ".repeat(margin)} | ${" ".repeat(at)}${carets}`;
}
