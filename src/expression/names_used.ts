/** The names that a template uses, as far as its text shows. */
import type { SourceSpan } from "./problem.ts";
import type { SyntaxNode } from "./syntax.ts";
import type { Template } from "./template.ts";

/** A name with its fields: `steps.version.byTarget` is three. */
interface NameUse extends SourceSpan {
  readonly path: readonly string[];
}

const known = new WeakMap<Template, readonly NameUse[]>();

/** Returns all of them, in the order of the text, without those that `map(item, …)` defines. */
export function namesUsed(template: Template): readonly NameUse[] {
  const before = known.get(template);
  if (before !== undefined) return before;
  const found = template.parts
    .flatMap((part) => part.kind === "expression" ? uses(part.node, []) : [])
    .toSorted((a, b) => a.start - b.start);
  known.set(template, found);
  return found;
}

function uses(node: SyntaxNode, own: readonly string[]): NameUse[] {
  const of = (inner: SyntaxNode) => uses(inner, own);
  const path = pathOf(node);
  if (path !== undefined) {
    return own.includes(path[0] ?? "") ? [] : [{ path, start: node.start, end: node.end }];
  }
  switch (node.kind) {
    case "literal":
    case "name":
      return [];
    case "field":
    case "not":
    case "minus":
      return of(node.of);
    case "index":
      return [...of(node.of), ...of(node.index)];
    case "has":
      return of(node.field);
    case "default":
      return [...of(node.value), ...of(node.otherwise)];
    case "call":
      return node.args.flatMap(of);
    case "each":
      return [...of(node.of), ...uses(node.body, [...own, node.variable.text])];
    case "binary":
      return [...of(node.left), ...of(node.right)];
    case "choice":
      return [node.condition, node.yes, node.no].flatMap(of);
    case "list":
      return node.items.flatMap(of);
    case "record":
      return node.entries.flatMap(({ key, value }) => [...of(key), ...of(value)]);
  }
}

/** Returns `a.b["c"]` as a path; undefined for anything that doesn't consist of names alone. */
function pathOf(node: SyntaxNode): readonly string[] | undefined {
  if (node.kind === "name") return [node.name];
  if (node.kind === "field") {
    const before = pathOf(node.of);
    return before === undefined ? undefined : [...before, node.name.text];
  }
  const isNamed = node.kind === "index" && node.index.kind === "literal" &&
    typeof node.index.value === "string";
  const before = isNamed ? pathOf(node.of) : undefined;
  return before === undefined || !isNamed ? undefined : [...before, String(node.index.value)];
}
