/** From offsets in the text of a workflow file to the parts of its data, and back. */
import { isMap, isPair, isScalar, isSeq, type Node, type Pair, type Scalar, visit } from "yaml";
import { keyText, type SourcePath, type YamlSource } from "../../base/yaml/source.ts";

/** A part of the file's text. Offsets are UTF-16 units. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/** A scalar of the file. */
interface ScalarAt extends Range {
  /** The path of the value; for a key, that of the value which it names. */
  readonly path: SourcePath;
  readonly isKey: boolean;
  readonly scalar: Scalar;
}

/** Returns the scalar that contains an offset or ends at it; undefined between scalars. */
export function scalarAt(source: YamlSource, offset: number): ScalarAt | undefined {
  let found: ScalarAt | undefined;
  visit(source.document, {
    Scalar(key, scalar, above) {
      const [start, end] = scalar.range ?? [-1, -1];
      if (offset < start || offset > end) return;
      const isKey = key === "key";
      found = { path: pathOf([...above, scalar] as Node[]), isKey, scalar, start, end };
    },
  });
  return found;
}

/** Returns the keys and indexes that lead to the last of these nodes. */
function pathOf(nodes: readonly (Node | Pair)[]): SourcePath {
  const path: (string | number)[] = [];
  for (const [at, node] of nodes.entries()) {
    const next = nodes[at + 1];
    if (isPair(node)) path.push(keyText(node.key));
    else if (isSeq(node) && next !== undefined) path.push(node.items.indexOf(next));
  }
  return path;
}

/** Returns the range of the key at the end of a path; undefined if there is none. */
export function keyRange(source: YamlSource, path: SourcePath): Range | undefined {
  const above = path.slice(0, -1);
  const parent = above.length === 0 ? source.document.contents : source.document.getIn(above, true);
  if (!isMap(parent)) return undefined;
  const pair = parent.items.find(({ key }) => keyText(key) === path.at(-1));
  return rangeOf(pair?.key as Node | undefined);
}

/** Returns the range of the value at a path; undefined if there is none. */
export function valueRange(source: YamlSource, path: SourcePath): Range | undefined {
  return rangeOf(source.document.getIn(path, true) as Node | undefined);
}

function rangeOf(node: Node | undefined): Range | undefined {
  const range = node?.range;
  if (!range) return undefined;
  const [start, end] = range;
  return { start, end };
}

/** Returns the text of the file's scalar at a path, with its range; undefined for anything else. */
export function textAt(
  source: YamlSource,
  path: SourcePath,
): (Range & { text: string }) | undefined {
  const node = source.document.getIn(path, true);
  const range = isScalar(node) ? rangeOf(node) : undefined;
  if (!isScalar(node) || typeof node.value !== "string" || range === undefined) return undefined;
  return { ...range, text: node.value };
}

/**
 * Returns the range in the file of a part of a scalar's text. Quotes, indentation and folded lines make the offsets of
 * the text differ from those of the file: the part is counted from the start of its expression, and expressions are
 * the same in both. Returns undefined if they aren't: for an escape in the middle of an expression.
 */
export function partRange(
  source: YamlSource,
  path: SourcePath,
  part: Range,
): Range | undefined {
  const scalar = textAt(source, path);
  if (scalar === undefined) return undefined;
  const before = scalar.text.slice(0, part.start);
  const opening = before.lastIndexOf("${{");
  if (opening < 0) return undefined;
  const count = before.slice(0, opening).split("${{").length;
  const written = source.file.text.slice(scalar.start, scalar.end);
  let at = -1;
  for (let index = 0; index < count; index++) at = written.indexOf("${{", at + 1);
  if (at < 0) return undefined;
  const start = scalar.start + at + (part.start - opening);
  const end = start + (part.end - part.start);
  const isSame = source.file.text.slice(start, end) === scalar.text.slice(part.start, part.end);
  return isSame ? { start, end } : undefined;
}

/** The beginning of an expression, up to an offset of the file. */
export interface OpenExpression {
  readonly path: SourcePath;
  /** The written text between `${{` and the offset. */
  readonly before: string;
}

/** Returns the expression that an offset is in, whether it is complete or not; undefined outside of expressions. */
export function openExpression(source: YamlSource, offset: number): OpenExpression | undefined {
  const scalar = scalarAt(source, offset);
  if (scalar === undefined || scalar.isKey) return undefined;
  const before = source.file.text.slice(scalar.start, offset);
  const opening = before.lastIndexOf("${{");
  if (opening < 0 || before[opening - 1] === "$" || before.includes("}}", opening)) {
    return undefined;
  }
  return { path: scalar.path, before: before.slice(opening + 3) };
}
