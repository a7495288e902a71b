/** Patterns for names, as a person writes them. */

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
