/** Problems of an expression, with their spans. */
import { KodamaError } from "../base/errors.ts";
import { distance } from "fastest-levenshtein";
import { didYouMeanText, nearestBy } from "../base/nearest_names.ts";

/** A part of the text that was parsed, in UTF-16 units from its start. */
export interface SourceSpan {
  readonly start: number;
  readonly end: number;
}

/** A problem; its message has the expectation and the nearest valid name. */
export interface ExpressionProblem extends SourceSpan {
  readonly message: string;
}

/** An expression that can't be evaluated with these values. `start` and `end` are its span in the text. */
export class ExpressionError extends KodamaError implements SourceSpan {
  override readonly name = "ExpressionError";
  readonly start: number;
  readonly end: number;

  constructor(message: string, { start, end }: SourceSpan) {
    super("config", message);
    this.start = start;
    this.end = end;
  }
}

/** Why a function or an operator has no value; a caller that knows the span makes an {@link ExpressionError} of it. */
export class ExpressionRefusal extends Error {}

/** Returns a text in quotes, short enough for a message. */
export function quotedText(text: string, limit = 40): string {
  return JSON.stringify(text.length <= limit ? text : `${text.slice(0, limit)}…`);
}

/* Hints for names that don't exist. */

function nearestFirst(name: string, names: readonly string[]): string[] {
  const short = name.slice(0, 128);
  return names.toSorted((a, b) => distance(short, a) - distance(short, b));
}

/** Maximum number of names that a message lists if none is near. */
const listed = 8;

/** Returns `; did you mean "params"?`, else `; available: a, b`. */
export function nameHint(name: string, names: readonly string[]): string {
  const near = nearestBy(distance, name, names, 2);
  if (near.length > 0) return didYouMeanText(near);
  if (names.length === 0) return "; none is available";
  const byNearness = nearestFirst(name, names);
  const more = names.length > listed ? `, and ${names.length - listed} more` : "";
  return `; available: ${byNearness.slice(0, listed).join(", ")}${more}`;
}
