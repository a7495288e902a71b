/** Text of foreign origin, before it is inserted into our own. */

/** Limits a server's message to a readable length. */
const maxText = 1000;

/**
 * Returns text from a server or a pod, safe for a terminal: a single line, no control or escape characters, bounded.
 * Bidirectional overrides are removed too: they would let a name show as another.
 */
export function plainText(text: string, limit = maxText): string {
  const shortened = withoutSequences(text.slice(0, 4 * limit))
    // deno-lint-ignore no-control-regex -- taking control characters out is the purpose
    .replace(/[\x00-\x1f]+/g, " ");
  const line = withoutControls(shortened).trim();
  return line.length > limit ? `${line.slice(0, limit)}…` : line;
}

/**
 * Returns the text without a character at its end, however often. A pattern such as `\n+$` would take quadratic time for
 * a text of foreign origin: it is tried at each character of a run that isn't at the end.
 */
export function withoutTrailing(character: string, text: string): string {
  let end = text.length;
  while (end > 0 && text[end - 1] === character) end--;
  return text.slice(0, end);
}

/** Returns the text without the escape sequences of a terminal: colours, moves of the cursor, titles. */
export function withoutSequences(text: string): string {
  // deno-lint-ignore no-control-regex -- taking control characters out is the purpose
  return text.replace(/\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|.?)/g, "");
}

/*
 * Characters that control a terminal, or the direction of its text, without an escape sequence: a server, a pod or a
 * file could show a name as another with them. Every painter uses this rule.
 */

/**
 * DEL and the C1 controls; the marks, embeddings, overrides and isolates of bidirectional text
 * (https://www.unicode.org/reports/tr9/); the line and the paragraph separator; deprecated format characters. The C0
 * controls aren't included: how a tab, a line feed or an escape is handled depends on the painter.
 */
const control = /[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u206f]/;
const everyControl = new RegExp(control, "g");

/**
 * Returns the text with each steering character as `\u202e`: the escape of JSON and double-quoted YAML, so that
 * documents of both retain their meaning.
 */
export function escapeControls(text: string): string {
  return control.test(text) ? text.replace(everyControl, escaped) : text;
}

/** Returns the text without them; a line separator becomes a blank. */
function withoutControls(text: string): string {
  return text.replace(
    everyControl,
    (character) => /[\x7f-\x9f\u2028\u2029]/.test(character) ? " " : "",
  );
}

/** Returns `\u202e` for a character of 16 bits. */
function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/* Patterns for names, as a person writes them. */

/** A plain text matches as a substring, `/re/` as a regular expression. */
export type TextPattern = { kind: "substring"; text: string } | { kind: "regExp"; regExp: RegExp };

/** Returns the pattern of a text, or why it isn't valid. */
export function parseTextPattern(text: string): TextPattern | { kind: "invalid"; reason: string } {
  if (text === "") return { kind: "invalid", reason: "it is empty, and would match everything" };
  if (text.length < 3 || !text.startsWith("/") || !text.endsWith("/")) {
    return { kind: "substring", text };
  }
  try {
    return { kind: "regExp", regExp: new RegExp(text.slice(1, -1), "u") };
  } catch (error) {
    return { kind: "invalid", reason: error instanceof Error ? error.message : String(error) };
  }
}
