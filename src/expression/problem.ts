/** Problems of an expression, with their spans. */
import { KodamaError } from "../base/errors.ts";

/** A part of the text that was parsed, in UTF-16 units from its start. */
export interface SourceSpan {
  readonly start: number;
  readonly end: number;
}

/** One problem; its message has what was expected and the nearest valid name. */
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
