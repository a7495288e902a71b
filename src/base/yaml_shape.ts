/**
 * YAML files of the user's, held against a shape: all problems at once, each with its place.
 *
 * Schemas are valibot's; the message of a schema or check is what is expected there, as a noun: `a text`, `a
 * duration such as 30s`. Positions come from the YAML document by the path of the problem.
 */
import * as v from "valibot";
import {
  type Document,
  isMap,
  isNode,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  type YAMLParseError,
} from "yaml";
import { KodamaError } from "./errors.ts";
import { didYouMean } from "./nearest_names.ts";

/** A file that was read. */
export interface SourceFile {
  /** As messages shall name it. */
  path: string;
  text: string;
}

/** One thing that is wrong in a file. Lines and columns count from 1. */
export interface FileProblem {
  line: number;
  column: number;
  /** How many characters of the line are meant; at least 1. */
  width: number;
  message: string;
}

/** A file that can't be used as it is. The message holds every problem, with its line and a caret. */
export class FileError extends KodamaError {
  override readonly name = "FileError";

  constructor(readonly file: SourceFile, readonly problems: readonly FileProblem[], hint?: string) {
    super("config", describe(file, problems), hint === undefined ? {} : { hint });
  }
}

/** A schema of a whole file. */
export type FileSchema = v.GenericSchema<unknown, unknown>;

/** Bounds of a file that people write. */
const maxChars = 256 * 1024;
/** Anchors of an honest file are few; each reference copies what it names. */
const maxAliases = 50;
const maxProblems = 20;

/** A value of the schema's shape, and the document that it came from. */
export interface ShapedFile<S extends FileSchema> {
  value: v.InferOutput<S>;
  document: Document.Parsed;
}

/**
 * Reads a file of this shape. An empty file counts as an empty mapping.
 *
 * @throws FileError with every problem that was found.
 */
export async function readYamlShape<S extends FileSchema>(
  file: SourceFile,
  schema: S,
): Promise<ShapedFile<S>> {
  const { document, lines } = parse(file);
  const plain = toPlain(file, document);
  const finder = new Places(document, lines);
  const result = v.safeParse(schema, plain);
  const wrong = (result.issues ?? [])
    // Of unknown fields valibot tells the first alone: they are looked for below.
    .filter((issue) => issue.expected !== "never")
    .map((issue) => problemOf(issue, finder));
  const misplaced = await Promise.all(
    misfits(schema, document.contents, []).map(async (misfit) => {
      const { path, name } = misfit;
      if (name === undefined) return finder.value(path, "expected a mapping of fields");
      const near = await didYouMean(name, misfit.valid);
      return finder.key(
        [...path, name],
        `unknown field ${JSON.stringify(name.slice(0, 60))}${near}`,
      );
    }),
  );
  const problems = [...wrong, ...misplaced].sort((a, b) => a.line - b.line || a.column - b.column);
  if (problems.length > 0 || !result.success) throw new FileError(file, problems);
  return { value: result.output, document };
}

function parse(file: SourceFile): { document: Document.Parsed; lines: LineCounter } {
  if (file.text.length > maxChars) {
    throw new KodamaError("config", `${file.path}: larger than ${maxChars / 1024} KiB`);
  }
  const lines = new LineCounter();
  const document = parseDocument(file.text, { lineCounter: lines, prettyErrors: false });
  if (document.errors.length === 0) return { document, lines };
  throw new FileError(
    file,
    // What follows a first few is most often their consequence.
    document.errors.slice(0, 3).map((error) => {
      const { line, col } = lines.linePos(error.pos[0]);
      const width = Math.max(1, error.pos[1] - error.pos[0]);
      return { line, column: col, width, message: syntaxText(error) };
    }),
  );
}

function syntaxText({ code, message }: YAMLParseError): string {
  if (code === "MULTIPLE_DOCS") return "expected one document, found another";
  if (message.includes("call stack")) return "nested too deeply";
  return `not YAML: ${message}`;
}

function toPlain(file: SourceFile, document: Document.Parsed): unknown {
  try {
    return document.toJS({ maxAliasCount: maxAliases }) ?? {};
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new KodamaError("config", `${file.path}: ${reason}`, { cause: error });
  }
}

type Path = readonly (string | number)[];

/** Where things stand in a document. */
class Places {
  constructor(readonly document: Document.Parsed, readonly lines: LineCounter) {}

  /** The value at a path, or the nearest thing around it that is there. */
  value(path: Path, message: string): FileProblem {
    for (let depth = path.length; depth > 0; depth--) {
      const node = this.document.getIn(path.slice(0, depth), true) as Node | undefined;
      const range = node?.range;
      if (range) return this.#problem(range[0], range[1], message);
    }
    return { line: 1, column: 1, width: 1, message };
  }

  /** The key at the end of a path. */
  key(path: Path, message: string): FileProblem {
    const parent = path.length === 1 ? this.document.contents : this.document.getIn(
      path.slice(0, -1),
      true,
    );
    const pair = isMap(parent)
      ? parent.items.find(({ key }) => keyText(key) === path.at(-1))
      : undefined;
    const range = (pair?.key as Node | undefined)?.range;
    return range ? this.#problem(range[0], range[1], message) : this.value(path, message);
  }

  #problem(start: number, end: number, message: string): FileProblem {
    const { line, col } = this.lines.linePos(start);
    return { line, column: col, width: Math.max(1, end - start), message };
  }
}

function problemOf(issue: v.BaseIssue<unknown>, places: Places): FileProblem {
  const items = (issue.path ?? []) as readonly { key: string | number; origin: string }[];
  const path = items.map(({ key }) => key);
  const field = path.reduce<string>(
    (text, part) => typeof part === "number" ? `${text}[${part}]` : text ? `${text}.${part}` : part,
    "",
  );
  if (items.at(-1)?.origin === "key") {
    return places.value(path.slice(0, -1), `field "${field}" is missing`);
  }
  const subject = field === "" ? "" : `${field}: `;
  return places.value(
    path,
    `${subject}expected ${issue.message}, found ${foundText(issue.input)}`,
  );
}

function foundText(input: unknown): string {
  if (input === null || input === undefined) return "nothing";
  if (Array.isArray(input)) return "a list";
  if (typeof input === "object") return "a mapping";
  return JSON.stringify(input).slice(0, 60);
}

/** A field that the schema doesn't have, or (without a name) something else in the place of a mapping. */
interface Misfit {
  path: Path;
  name?: string;
  valid: readonly string[];
}

/** What valibot lets pass or tells once only: lists as objects, and every unknown key. */
function misfits(schema: FileSchema, node: unknown, path: Path): Misfit[] {
  const entries = entriesOf(schema);
  if (entries === undefined || !isNode(node)) return [];
  if (!isMap(node)) return isSeq(node) ? [{ path, valid: [] }] : [];
  return node.items.flatMap(({ key, value }) => {
    const name = keyText(key);
    const inner = Object.hasOwn(entries, name) ? entries[name] : undefined;
    if (inner === undefined) return [{ path, name, valid: Object.keys(entries) }];
    return misfits(inner, value, [...path, name]);
  });
}

function keyText(key: unknown): string {
  return typeof key === "object" && key !== null && "value" in key ? String(key.value) : `${key}`;
}

/** The fields of an object's schema, through `optional`; undefined for a schema of another kind. */
export function entriesOf(schema: FileSchema): Readonly<Record<string, FileSchema>> | undefined {
  if ("wrapped" in schema) return entriesOf(schema.wrapped as FileSchema);
  return "entries" in schema ? schema.entries as Record<string, FileSchema> : undefined;
}

function describe(file: SourceFile, problems: readonly FileProblem[]): string {
  const lines = file.text.split(/\r?\n/);
  const shown = problems.slice(0, maxProblems).map((problem) => {
    const place = `${file.path}:${problem.line}:${problem.column}`;
    return `${place}: ${problem.message}\n${excerpt(lines[problem.line - 1] ?? "", problem)}`;
  });
  const rest = problems.length - shown.length;
  return [...shown, ...(rest > 0 ? [`and ${rest} more`] : [])].join("\n");
}

/** The line with a caret under what is meant; of a long line, the part around it. */
function excerpt(source: string, { line, column, width }: FileProblem): string {
  const start = Math.max(0, column - 1 - 60);
  // Control characters of a file are no business of the terminal's, and would move the caret.
  const part = source.slice(start, start + 100).replace(/\p{Cc}/gu, " ");
  const at = column - 1 - start;
  const carets = "^".repeat(Math.max(1, Math.min(width, part.length - at)));
  const margin = String(line).length;
  return `  ${line} | ${part}\n  ${" ".repeat(margin)} | ${" ".repeat(at)}${carets}`;
}
