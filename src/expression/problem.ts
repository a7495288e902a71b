/** Problems of an expression, with their spans. */
import { KodamaError } from "../base/errors.ts";

/** A part of the text that was parsed, in UTF-16 units from its start. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** One problem; its message has what was expected and the nearest valid name. */
export interface ExpressionProblem extends Span {
  readonly message: string;
}

/** An expression that can't be evaluated with these values. `start` and `end` are its span in the text. */
export class ExpressionError extends KodamaError implements Span {
  override readonly name = "ExpressionError";
  readonly start: number;
  readonly end: number;

  constructor(message: string, { start, end }: Span) {
    super("config", message);
    this.start = start;
    this.end = end;
  }
}

/** Why a function or an operator has no value; a caller that knows the span makes an {@link ExpressionError} of it. */
export class Refusal extends Error {}

/** Returns a text in quotes, short enough for a message. */
export function quoted(text: string, limit = 40): string {
  return JSON.stringify(text.length <= limit ? text : `${text.slice(0, limit)}…`);
}
