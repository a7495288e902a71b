/**
 * The user's YAML files, checked against a shape: all problems at once, each with its source location.
 *
 * Schemas are valibot's; the message of a schema or check names the expected value, as a noun: `a text`, `a duration
 * such as 30s`. Positions come from the YAML document by the path of the problem.
 */
import * as v from "valibot";
import { type Document, isMap, isNode, isSeq } from "yaml";
import { didYouMean } from "../nearest_names.ts";
import {
  FileError,
  type FileProblem,
  keyText,
  type SourceFile,
  type SourcePath,
  YamlSource,
} from "./source.ts";

export { FileError, type SourceFile } from "./source.ts";

/** A schema of a whole file, or of a part of a file. */
export type FileSchema = v.GenericSchema<unknown, unknown>;

/** A value of the schema's shape, and its document. */
interface ShapedFile<S extends FileSchema> {
  value: v.InferOutput<S>;
  document: Document.Parsed;
}

/** The result for a part of a file. Without a value there is a problem. */
interface ShapedPart<S extends FileSchema> {
  value?: v.InferOutput<S>;
  problems: FileProblem[];
}

/**
 * Reads a file of this shape. An empty file counts as an empty mapping.
 *
 * @throws FileError with every problem.
 */
export async function readYamlShape<S extends FileSchema>(
  file: SourceFile,
  schema: S,
): Promise<ShapedFile<S>> {
  const source = YamlSource.parse(file);
  return { value: await shapeOf(source, schema), document: source.document };
}

/**
 * Returns the value of a whole document.
 *
 * @throws FileError with every problem.
 */
export async function shapeOf<S extends FileSchema>(
  source: YamlSource,
  schema: S,
): Promise<v.InferOutput<S>> {
  const { value, problems } = await shapeOfPart(source, schema, { plain: source.plain, path: [] });
  if (problems.length > 0) {
    throw new FileError(
      source.file,
      problems.toSorted((a, b) => a.line - b.line || a.column - b.column),
    );
  }
  return value;
}

/** Checks a part of a document against a shape of its own. */
export async function shapeOfPart<S extends FileSchema>(
  source: YamlSource,
  schema: S,
  { plain, path }: { plain: unknown; path: SourcePath },
): Promise<ShapedPart<S>> {
  const result = v.safeParse(schema, plain);
  const node = path.length === 0 ? source.document.contents : source.document.getIn(path, true);
  const misfit = misfits(schema, node, []);
  const wrong = (result.issues ?? [])
    // valibot reports only the first unknown field: the document is searched for all of them. So it is for those of a
    // value that may be a mapping or something else.
    .filter((issue) =>
      issue.expected !== "never" && !(issue.type === "union" && hasMisfit(issue, misfit)) &&
      !isWithinMisfit(issue, misfit)
    )
    .map((issue) => problemOf(issue, source, path));
  const misplaced = await Promise.all(
    misfit.map(async ({ name, path: inner, valid, expected }) => {
      const at = [...path, ...inner];
      if (name === undefined) {
        const subject = at.length === 0 ? "" : `${pathText(at)}: `;
        return source.atValue(at, `${subject}expected ${expected}, found a list`);
      }
      const near = await didYouMean(name, valid);
      return source.atKey(
        [...at, name],
        `unknown field ${JSON.stringify(name.slice(0, 60))}${near}`,
      );
    }),
  );
  // If the value isn't a mapping, its missing fields aren't reported.
  const isMapping = !misfit.some(({ name, path }) => name === undefined && path.length === 0);
  const problems = isMapping ? [...wrong, ...misplaced] : misplaced;
  return problems.length === 0 && result.success
    ? { value: result.output, problems }
    : { problems };
}

function problemOf(
  issue: v.BaseIssue<unknown>,
  source: YamlSource,
  above: SourcePath,
): FileProblem {
  const inner = innerIssue(issue);
  if (inner !== undefined) {
    const outer = (issue.path ?? []).map(({ key }) => key as string | number);
    return problemOf(inner, source, [...above, ...outer]);
  }
  const items = (issue.path ?? []) as readonly { key: string | number; origin: string }[];
  const path = [...above, ...items.map(({ key }) => key)];
  const field = pathText(path);
  if (items.at(-1)?.origin === "key") {
    // If a key is present and invalid, the problem is at the key itself.
    if (issue.input !== undefined) {
      return source.atKey(path, `expected ${issue.message}, found ${foundText(issue.input)}`);
    }
    return source.atValue(path.slice(0, -1), `field "${field}" is missing`);
  }
  const subject = field === "" ? "" : `${field}: `;
  return source.atValue(
    path,
    `${subject}expected ${issue.message}, found ${foundText(issue.input)}`,
  );
}

/**
 * Returns, of a value that may be one of several kinds, the issue within it, if it is of a known kind: then an item of
 * a list is reported, or a field of a mapping, and not the whole.
 */
function innerIssue(issue: v.BaseIssue<unknown>): v.BaseIssue<unknown> | undefined {
  if (issue.type !== "union") return undefined;
  const { input } = issue;
  const kind = Array.isArray(input) ? "array" : typeof input === "object" && input ? "object" : "";
  const within = (issue.issues ?? []).filter(({ path }) => path !== undefined && path.length > 0);
  return kind === "" ? undefined : within[0];
}

/** Formats a path: `steps[2].exec`. */
export function pathText(path: SourcePath): string {
  return path.reduce<string>(
    (text, part) => typeof part === "number" ? `${text}[${part}]` : text ? `${text}.${part}` : part,
    "",
  );
}

/** Describes the value that was found instead of the expected value. */
export function foundText(input: unknown): string {
  if (input === null || input === undefined) return "nothing";
  if (Array.isArray(input)) return input.length === 0 ? "an empty list" : "a list";
  if (typeof input === "object") return "a mapping";
  return JSON.stringify(input).slice(0, 60);
}

/** A field that the schema doesn't have, or (without a name) another value instead of a mapping. */
interface Misfit {
  path: SourcePath;
  name?: string;
  valid: readonly string[];
  /** The expected value, as a noun. */
  expected: string;
}

/** Returns whether the value of an issue has an unknown field. */
function hasMisfit({ path }: v.BaseIssue<unknown>, misfit: readonly Misfit[]): boolean {
  const keys = ((path ?? []) as readonly { key: string | number }[]).map(({ key }) => key);
  return misfit.some(({ path: one }) => keys.every((key, index) => one[index] === key));
}

/** Returns whether an issue is below a list that should be a mapping: a list has `sort`, too. */
function isWithinMisfit({ path }: v.BaseIssue<unknown>, misfit: readonly Misfit[]): boolean {
  const keys = ((path ?? []) as readonly { key: string | number }[]).map(({ key }) => key);
  return misfit.some(({ name, path: list }) =>
    name === undefined && list.length < keys.length &&
    list.every((key, index) => keys[index] === key)
  );
}

/** Returns the misfits that valibot accepts or reports only once: lists as objects, and every unknown key. */
function misfits(schema: FileSchema, node: unknown, path: SourcePath): Misfit[] {
  const inner = "wrapped" in schema ? schema.wrapped as FileSchema : schema;
  const expected = "message" in inner && typeof inner.message === "string"
    ? inner.message
    : "a mapping of fields";
  if (inner.type === "record" && isSeq(node)) return [{ path, valid: [], expected }];
  const entries = entriesOf(schema) ?? (isMap(node) ? entriesOfUnion(schema) : undefined);
  if (entries === undefined || !isNode(node)) return [];
  if (!isMap(node)) return isSeq(node) ? [{ path, valid: [], expected }] : [];
  return node.items.flatMap(({ key, value }) => {
    const name = keyText(key);
    const field = Object.hasOwn(entries, name) ? entries[name] : undefined;
    if (field === undefined) return [{ path, name, valid: Object.keys(entries), expected }];
    return misfits(field, value, [...path, name]);
  });
}

/** Returns the fields of the only mapping among the kinds of a union. */
function entriesOfUnion(schema: FileSchema): Readonly<Record<string, FileSchema>> | undefined {
  if ("wrapped" in schema) return entriesOfUnion(schema.wrapped as FileSchema);
  if (schema.type !== "union" || !("options" in schema)) return undefined;
  const options = (schema.options as readonly FileSchema[]).map(entriesOf)
    .filter((entries) => entries !== undefined);
  return options.length === 1 ? options[0] : undefined;
}

/** Returns the fields of an object's schema, through `optional`; undefined for a schema of another kind. */
export function entriesOf(schema: FileSchema): Readonly<Record<string, FileSchema>> | undefined {
  if ("wrapped" in schema) return entriesOf(schema.wrapped as FileSchema);
  return "entries" in schema ? schema.entries as Record<string, FileSchema> : undefined;
}
