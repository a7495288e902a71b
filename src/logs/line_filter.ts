/** Filters lines. */
import { type LogLine, logLineText } from "./line.ts";

/** Patterns for the text of lines, without its time. */
export interface LineFilter {
  /** Any of them; all lines if empty. */
  include: readonly RegExp[];
  /** None of them. */
  exclude: readonly RegExp[];
}

/** Returns the lines that pass, in order. An empty filter inspects nothing. */
export function filterLines(lines: LogLine[], { include, exclude }: LineFilter): LogLine[] {
  if (include.length === 0 && exclude.length === 0) return lines;
  return lines.filter((line) => {
    const text = logLineText(line);
    return (include.length === 0 || include.some((pattern) => found(pattern, text))) &&
      !exclude.some((pattern) => found(pattern, text));
  });
}

function found(pattern: RegExp, text: string): boolean {
  // A pattern with the flag g stores its last position.
  pattern.lastIndex = 0;
  return pattern.test(text);
}
