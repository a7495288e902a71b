/** Evaluates an expression with values. It always ends: see {@link Budget}. */
import type { JsonValue } from "../base/json_value.ts";
import type { Budget } from "./budget.ts";
import { finite, functionOf } from "./functions.ts";
import { ExpressionError, ExpressionRefusal, nameHint, quotedText } from "./problem.ts";
import type { BinaryMark, FieldNode, SyntaxNode } from "./syntax.ts";
import { typeNoun } from "./type.ts";
import {
  equal,
  isList,
  isRecordValue,
  kindNoun,
  kindOf,
  ownValue,
  type RecordValue,
} from "./value.ts";

/** Names with their values; those of `map(item, …)` shadow the names around them. */
interface Bindings {
  readonly values: RecordValue;
  readonly outer?: Bindings;
}

/**
 * Returns the value of an expression.
 *
 * @throws ExpressionError with the position.
 */
export function evaluate(node: SyntaxNode, names: Bindings, budget: Budget): JsonValue {
  try {
    budget.spend(1);
    return valueOf(node, names, budget);
  } catch (error) {
    if (error instanceof ExpressionRefusal) throw new ExpressionError(error.message, node);
    throw error;
  }
}

function valueOf(node: SyntaxNode, names: Bindings, budget: Budget): JsonValue {
  const of = (inner: SyntaxNode) => evaluate(inner, names, budget);
  switch (node.kind) {
    case "literal":
      return node.value;
    case "name":
      return named(node.name, names);
    case "field":
      return field(of(node.of), node.name.text);
    case "index":
      return indexed(of(node.of), of(node.index));
    case "has":
      return has(node.field, names, budget);
    case "default":
      return withDefault(node.value, names, budget) ?? of(node.otherwise);
    case "call":
      return called(node.name.text, node.args.map(of), budget);
    case "each":
      return each(node, names, budget);
    case "not":
      return !truth(of(node.of), "!");
    case "minus":
      return finite(0 - number(of(node.of), "-"));
    case "binary":
      return binary(node, of, budget);
    case "choice":
      return truth(of(node.condition), "?") ? of(node.yes) : of(node.no);
    case "list":
      budget.make(node.items.length);
      return node.items.map(of);
    case "record":
      budget.make(node.entries.length);
      return Object.fromEntries(node.entries.map(({ key, value }) => [text(of(key)), of(value)]));
  }
}

function named(name: string, names: Bindings): JsonValue {
  for (let scope: Bindings | undefined = names; scope !== undefined; scope = scope.outer) {
    const value = ownValue(scope.values, name);
    if (value !== undefined) return value;
  }
  throw new ExpressionRefusal(`unknown name ${quotedText(name)}`);
}

function field(value: JsonValue, name: string): JsonValue {
  if (!isRecordValue(value)) {
    throw new ExpressionRefusal(`${kindNoun(value)} has no ${quotedText(name)}`);
  }
  const found = ownValue(value, name);
  if (found !== undefined) return found;
  throw new Missing(`unknown name ${quotedText(name)}${nameHint(name, Object.keys(value))}`);
}

function indexed(value: JsonValue, index: JsonValue): JsonValue {
  if (isRecordValue(value) && typeof index === "string") return field(value, index);
  if (!isList(value) || typeof index !== "number") {
    throw new ExpressionRefusal(`${kindNoun(value)} can't be indexed with ${kindNoun(index)}`);
  }
  const item = Number.isInteger(index) ? value[index] : undefined;
  if (item !== undefined) return item;
  throw new Missing(`a list of ${value.length} has no item ${index}; the first one is 0`);
}

/** A missing name or item, which `default` and `has` handle. */
class Missing extends ExpressionRefusal {}

/** Returns whether the last name exists; the names before it must. */
function has({ of, name }: FieldNode, names: Bindings, budget: Budget): boolean {
  const value = evaluate(of, names, budget);
  if (!isRecordValue(value)) throw new ExpressionRefusal(`${kindNoun(value)} has no names`);
  return Object.hasOwn(value, name.text);
}

/** Returns the value of a path, or undefined if a part of it is missing or null. */
function withDefault(node: SyntaxNode, names: Bindings, budget: Budget): JsonValue | undefined {
  if (node.kind !== "field" && node.kind !== "index") return evaluate(node, names, budget);
  const value = withDefault(node.of, names, budget);
  if (value === undefined || value === null) return undefined;
  try {
    budget.spend(1);
    return node.kind === "field"
      ? field(value, node.name.text)
      : indexed(value, evaluate(node.index, names, budget));
  } catch (error) {
    if (error instanceof Missing) return undefined;
    throw error instanceof ExpressionRefusal ? new ExpressionError(error.message, node) : error;
  }
}

function called(name: string, args: readonly JsonValue[], budget: Budget): JsonValue {
  const declaration = functionOf(name);
  if (declaration === undefined) {
    throw new ExpressionRefusal(`unknown function ${quotedText(name)}`);
  }
  const { takes, optional = 0 } = declaration;
  if (args.length > takes.length || args.length < takes.length - optional) {
    throw new ExpressionRefusal(`${name} doesn't take ${args.length} arguments`);
  }
  for (const [index, arg] of args.entries()) {
    const expected = takes[index];
    if (expected !== undefined && expected.kind !== "any" && kindOf(arg) !== expected.kind) {
      throw new ExpressionRefusal(
        `${name} takes ${typeNoun(expected)} as argument ${index + 1}, found ${kindNoun(arg)}`,
      );
    }
  }
  return declaration.call(args, budget);
}

function each(
  { macro, of, variable, body }: SyntaxNode & { kind: "each" },
  names: Bindings,
  budget: Budget,
): JsonValue {
  const over = evaluate(of, names, budget);
  const items = isList(over) ? over : isRecordValue(over) ? Object.keys(over) : undefined;
  if (items === undefined) {
    throw new ExpressionRefusal(
      `${macro} iterates over a list or a record, found ${kindNoun(over)}`,
    );
  }
  budget.spend(items.length);
  const result = (item: JsonValue) =>
    evaluate(body, { values: { [variable.text]: item }, outer: names }, budget);
  const fits = (item: JsonValue) => truth(result(item), macro);
  switch (macro) {
    case "map":
      budget.make(items.length);
      return items.map(result);
    case "filter":
      budget.make(items.length);
      return items.filter(fits);
    case "all":
      return items.every(fits);
    case "exists":
      return items.some(fits);
    case "exists_one":
      return items.filter(fits).length === 1;
  }
}

function binary(
  { mark, left, right }: SyntaxNode & { kind: "binary" },
  of: (node: SyntaxNode) => JsonValue,
  budget: Budget,
): JsonValue {
  if (mark === "&&") return truth(of(left), mark) && truth(of(right), mark);
  if (mark === "||") return truth(of(left), mark) || truth(of(right), mark);
  const [a, b] = [of(left), of(right)];
  switch (mark) {
    case "==":
      return equal(a, b, budget);
    case "!=":
      return !equal(a, b, budget);
    case "in":
      return isIn(a, b, budget);
    case "+":
      return sum(a, b, budget);
    case "<":
    case "<=":
    case ">":
    case ">=":
      return ordered(mark, a, b, budget);
    default:
      return arithmetic(mark, number(a, mark), number(b, mark));
  }
}

function isIn(item: JsonValue, within: JsonValue, budget: Budget): boolean {
  if (isList(within)) return within.some((other) => equal(item, other, budget));
  if (isRecordValue(within) && typeof item === "string") return Object.hasOwn(within, item);
  throw new ExpressionRefusal(
    `in searches an item of a list or a name of a record, found ${kindNoun(item)} in ` +
      kindNoun(within),
  );
}

function sum(a: JsonValue, b: JsonValue, budget: Budget): JsonValue {
  if (typeof a === "number" && typeof b === "number") return finite(a + b);
  if (typeof a === "string" && typeof b === "string") {
    budget.make(a.length + b.length);
    return a + b;
  }
  if (isList(a) && isList(b)) {
    budget.make(a.length + b.length);
    return [...a, ...b];
  }
  throw new ExpressionRefusal(mixed("+", kindNoun(a), kindNoun(b)));
}

/** Returns why two kinds can't be combined, with the way out. */
export function mixed(mark: BinaryMark, a: string, b: string): string {
  const way = mark === "+" && [a, b].includes("a text") ? "; string(…) makes a text of it" : "";
  return `${a} ${mark} ${b} has no result${way}`;
}

function ordered(
  mark: "<" | "<=" | ">" | ">=",
  a: JsonValue,
  b: JsonValue,
  budget: Budget,
): boolean {
  if (typeof a === "string" && typeof b === "string") budget.spend(a.length / 64);
  else if (typeof a !== "number" || typeof b !== "number") {
    throw new ExpressionRefusal(mixed(mark, kindNoun(a), kindNoun(b)));
  }
  switch (mark) {
    case "<":
      return a < b;
    case "<=":
      return a <= b;
    case ">":
      return a > b;
    case ">=":
      return a >= b;
  }
}

function arithmetic(mark: "-" | "*" | "/" | "%", a: number, b: number): number {
  if ((mark === "/" || mark === "%") && b === 0) throw new ExpressionRefusal("division by zero");
  const result = mark === "-" ? a - b : mark === "*" ? a * b : mark === "/" ? a / b : a % b;
  // Zero has no sign here: -0 would be shown as 0 and yet differ from it.
  return finite(result) + 0;
}

function truth(value: JsonValue, mark: string): boolean {
  if (typeof value === "boolean") return value;
  throw new ExpressionRefusal(`${mark} takes true or false, found ${kindNoun(value)}`);
}

function number(value: JsonValue, mark: string): number {
  if (typeof value === "number") return value;
  throw new ExpressionRefusal(`${mark} takes numbers, found ${kindNoun(value)}`);
}

function text(value: JsonValue): string {
  if (typeof value === "string") return value;
  throw new ExpressionRefusal(`names of a record are texts, found ${kindNoun(value)}`);
}
