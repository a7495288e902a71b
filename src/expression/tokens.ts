/** Splits the text of an expression into tokens, one at a time. */
import { type ExpressionProblem, quotedText, type SourceSpan } from "./problem.ts";

/** A name, a literal or an operator. `end` is the end of the text. */
export type Token =
  & SourceSpan
  & (
    | { readonly kind: "name"; readonly text: string }
    | { readonly kind: "number"; readonly text: string; readonly value: number }
    | { readonly kind: "text"; readonly text: string; readonly value: string }
    | { readonly kind: "mark"; readonly text: string }
    | { readonly kind: "end"; readonly text: "" }
  );

/** The text can't be parsed from here on. */
export class SyntaxProblem extends Error implements ExpressionProblem {
  readonly start: number;
  readonly end: number;

  constructor(message: string, { start, end }: SourceSpan) {
    super(message);
    this.start = start;
    this.end = end;
  }
}

/** Longer operators first: the first match is taken. */
const marks = /\|\||&&|==|!=|<=|>=|[<>+\-*/%!.?:,()[\]{}]/y;
const name = /[A-Za-z_][A-Za-z0-9_]*/y;
const number = /(?:\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)/y;
const blank = /\s*/y;

/** Suggestions for operators that don't exist. */
const nearMarks: Readonly<Record<string, string>> = {
  "=": "== compares",
  "&": "&& is and",
  "|": "|| is or",
  "~": 'like(text, "web-*") matches',
  "`": "a text needs quotes",
  "$": "inside ${{ }} a name has no $",
};

const escapes: Readonly<Record<string, string>> = {
  n: "\n",
  r: "\r",
  t: "\t",
  "\\": "\\",
  '"': '"',
  "'": "'",
};

/**
 * Returns the token at `offset` or after the blanks there.
 *
 * @throws SyntaxProblem for a character that can't start a token, and for a text without its closing quote.
 */
export function tokenAt(source: string, offset: number): Token {
  const start = offset + (matchAt(blank, source, offset)?.length ?? 0);
  const first = source[start];
  if (first === undefined) return { kind: "end", text: "", start, end: start };
  const raw = first === "r" && (source[start + 1] === '"' || source[start + 1] === "'");
  if (raw || first === '"' || first === "'") return textToken(source, start, raw);
  const text = matchAt(name, source, start);
  if (text !== undefined) return { kind: "name", text, start, end: start + text.length };
  const digits = matchAt(number, source, start);
  if (digits !== undefined) return numberToken(source, start, digits);
  const mark = matchAt(marks, source, start);
  if (mark !== undefined) return { kind: "mark", text: mark, start, end: start + mark.length };
  const near = Object.hasOwn(nearMarks, first) ? `; ${nearMarks[first]}` : "";
  const wrong = String.fromCodePoint(source.codePointAt(start) ?? 0);
  throw new SyntaxProblem(`${quotedText(wrong)} is not allowed in an expression${near}`, {
    start,
    end: start + wrong.length,
  });
}

function matchAt(pattern: RegExp, source: string, offset: number): string | undefined {
  pattern.lastIndex = offset;
  return pattern.exec(source)?.[0];
}

function numberToken(source: string, start: number, digits: string): Token {
  const end = start + digits.length;
  const value = Number(digits);
  const following = matchAt(name, source, end);
  if (following !== undefined) {
    const text = digits + following;
    throw new SyntaxProblem(
      `${quotedText(text)} is not a number; a size or duration is a text: ` +
        `quantity("10Gi"), seconds("30s")`,
      { start, end: start + text.length },
    );
  }
  if (/^\d+$/.test(digits) && !Number.isSafeInteger(value)) {
    const message = `${quotedText(digits)} is too large to be exact; write it as a text, in quotes`;
    throw new SyntaxProblem(message, { start, end });
  }
  if (!Number.isFinite(value)) throw new SyntaxProblem("the number is too large", { start, end });
  return { kind: "number", text: digits, value, start, end };
}

function textToken(source: string, start: number, raw: boolean): Token {
  const open = start + (raw ? 1 : 0);
  const quote = source[open];
  let value = "";
  let at = open + 1;
  for (;;) {
    const next = source[at];
    if (next === undefined || next === "\n") {
      throw new SyntaxProblem(`the text has no closing ${quote}`, { start, end: at });
    }
    if (next === quote) {
      return { kind: "text", text: source.slice(start, at + 1), value, start, end: at + 1 };
    }
    if (next !== "\\" || raw) {
      value += next;
      at++;
      continue;
    }
    const { text, length } = escaped(source, at);
    value += text;
    at += length;
  }
}

function escaped(source: string, at: number): { text: string; length: number } {
  const letter = source[at + 1] ?? "";
  const simple = Object.hasOwn(escapes, letter) ? escapes[letter] : undefined;
  if (simple !== undefined) return { text: simple, length: 2 };
  const hex = letter === "u" ? /^[0-9a-fA-F]{4}/.exec(source.slice(at + 2, at + 6)) : null;
  if (hex !== null) return { text: String.fromCharCode(parseInt(hex[0], 16)), length: 6 };
  throw new SyntaxProblem(
    `\\${letter} is not an escape; use \\n \\r \\t \\\\ \\" \\' or \\u0041, or r"…" without escapes`,
    { start: at, end: at + 2 },
  );
}
