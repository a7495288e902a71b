/**
 * Texts of a workflow that contain expressions: `web-${{ params.color }}`.
 *
 * A text that is a single `${{ … }}` and nothing else evaluates to the value itself, whatever its kind. Every other
 * text evaluates to a text, with lists and records as JSON. `$${{` stands for `${{`.
 */
import type { JsonValue } from "../base/json_value.ts";
import { Budget } from "./budget.ts";
import { checkExpression, type TypeNames } from "./check.ts";
import { evaluate } from "./evaluate.ts";
import { found, parseExpression } from "./parse.ts";
import {
  ExpressionError,
  type ExpressionProblem,
  ExpressionRefusal,
  type SourceSpan,
} from "./problem.ts";
import type { SyntaxNode } from "./syntax.ts";
import { SyntaxProblem } from "./tokens.ts";
import { textType, type Type } from "./type.ts";
import { type RecordValue, textOf } from "./value.ts";

/** A part of a template: literal text, or an expression whose span includes the braces. */
export type TemplatePart =
  & SourceSpan
  & ({ kind: "text"; text: string } | { kind: "expression"; node: SyntaxNode });

/** A text whose expressions have been found. */
export interface Template {
  readonly source: string;
  readonly parts: readonly TemplatePart[];
}

/** Limits of a text with expressions: its length in UTF-16 units, and its number of expressions. */
const templateLimits = { length: 256 * 1024, expressions: 1000 } as const;

const open = "${{";

/** Returns whether a text contains an opening `${{`, including escaped openings. Cheap. */
export function hasExpression(text: string): boolean {
  return text.includes(open);
}

/** Returns the text as a template that evaluates to the text itself. */
export function escaped(text: string): string {
  return text.replaceAll(open, () => `$${open}`);
}

/** A text's template, and the problems of its expressions. */
interface ParsedTemplate {
  readonly template: Template;
  readonly problems: readonly ExpressionProblem[];
}

/** The latest results: a check needs most texts several times, and an editor all of them at each key. */
const recent = new Map<string, ParsedTemplate>();
const recentLimits = { texts: 2000, length: 500 } as const;

/** Finds the expressions of a text. An expression that has a problem is omitted from the template. */
export function parseTemplate(text: string): ParsedTemplate {
  const known = recent.get(text);
  if (known !== undefined) return known;
  const parsed = parseParts(text);
  if (text.length > recentLimits.length) return parsed;
  if (recent.size >= recentLimits.texts) recent.clear();
  recent.set(text, parsed);
  return parsed;
}

function parseParts(text: string): ParsedTemplate {
  const parts: TemplatePart[] = [];
  const problems: ExpressionProblem[] = [];
  let at = 0;
  while (at < text.length) {
    const next = text.indexOf(open, at);
    const literal = literalPart(text, at, next < 0 ? text.length : next);
    if (next < 0) {
      parts.push(literal);
      break;
    }
    if (text[next - 1] === "$" && next > at) {
      // `$${{`: the braces lose their meaning, and a `$` is dropped.
      parts.push({
        kind: "text",
        text: `${text.slice(at, next - 1)}${open}`,
        start: at,
        end: next + 3,
      });
      at = next + open.length;
      continue;
    }
    if (next > at) parts.push(literal);
    const limit = limitReached(text, parts.length);
    const read = limit === undefined
      ? readExpression(text, next)
      : { problem: { start: next, end: next + 3, message: limit }, end: text.length };
    if ("node" in read) parts.push({ kind: "expression", ...read });
    else problems.push(read.problem);
    at = read.end;
  }
  return { template: { source: text, parts }, problems };
}

function literalPart(source: string, start: number, end: number): TemplatePart {
  return { kind: "text", text: source.slice(start, end), start, end };
}

function limitReached(text: string, parts: number): string | undefined {
  if (text.length > templateLimits.length) {
    return `a text with expressions has at most ${templateLimits.length / 1024} Ki characters`;
  }
  return parts >= 2 * templateLimits.expressions
    ? `a text has at most ${templateLimits.expressions} expressions`
    : undefined;
}

/** Returns the expression after the `${{` at `start`, or its problem and the offset at which to continue. */
function readExpression(
  source: string,
  start: number,
): { node: SyntaxNode; start: number; end: number } | { problem: ExpressionProblem; end: number } {
  try {
    const { node, next } = parseExpression(source, start + open.length);
    if (next.kind === "mark" && next.text === "}" && source[next.end] === "}") {
      return { node, start, end: next.end + 1 };
    }
    throw new SyntaxProblem(`expected "}}" after the expression, found ${found(next)}`, next);
  } catch (error) {
    if (!(error instanceof SyntaxProblem)) throw error;
    const close = source.indexOf("}}", Math.max(error.start, start + open.length));
    const unclosed = source.indexOf("}}", start) < 0;
    const problem = unclosed
      ? { start, end: start + open.length, message: `"${open}" has no closing "}}"` }
      : { start: error.start, end: Math.max(error.end, error.start + 1), message: error.message };
    return { problem, end: close < 0 ? source.length : close + 2 };
  }
}

/** Returns the node of a template that is a single expression and nothing else. */
function onlyNode({ parts }: Template): SyntaxNode | undefined {
  const [part] = parts;
  return parts.length === 1 && part?.kind === "expression" ? part.node : undefined;
}

/** Returns the type of the template's value, and all problems of its names, functions and types. */
export function checkTemplate(
  template: Template,
  names: TypeNames,
): { type: Type; problems: readonly ExpressionProblem[] } {
  const only = onlyNode(template);
  if (only !== undefined) return checkExpression(only, names);
  const problems = template.parts.flatMap((part) =>
    part.kind === "expression" ? checkExpression(part.node, names).problems : []
  );
  return { type: textType, problems };
}

/**
 * Returns the template's value, within the limits of an evaluation for all of it.
 *
 * @throws ExpressionError with the position in the text.
 */
export function evaluateTemplate(template: Template, values: RecordValue): JsonValue {
  const budget = new Budget();
  const only = onlyNode(template);
  if (only !== undefined) return evaluate(only, { values }, budget);
  return template.parts.map((part) => partText(part, values, budget)).join("");
}

/**
 * Returns a part as text. `refuse` may throw a Refusal for a value that isn't allowed at its position.
 *
 * @throws ExpressionError with the position in the text.
 */
export function partText(
  part: TemplatePart,
  values: RecordValue,
  budget: Budget,
  refuse?: (value: JsonValue) => void,
): string {
  if (part.kind === "text") return part.text;
  const value = evaluate(part.node, { values }, budget);
  try {
    refuse?.(value);
    return textOf(value, budget);
  } catch (error) {
    if (error instanceof ExpressionRefusal) throw new ExpressionError(error.message, part);
    throw error;
  }
}
