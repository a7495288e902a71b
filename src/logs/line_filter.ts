/** Which lines are wanted. */
import { type LogLine, textOf } from "./line.ts";

/** Patterns for the text of lines, without its time. */
export interface LineFilter {
  /** Any of them; all lines where it is empty. */
  include: readonly RegExp[];
  /** None of them. */
  exclude: readonly RegExp[];
}

/** The lines that pass, in their order. What filters nothing looks at nothing. */
export function filterLines(lines: LogLine[], { include, exclude }: LineFilter): LogLine[] {
  if (include.length === 0 && exclude.length === 0) return lines;
  return lines.filter((line) => {
    const text = textOf(line);
    return (include.length === 0 || include.some((pattern) => found(pattern, text))) &&
      !exclude.some((pattern) => found(pattern, text));
  });
}

function found(pattern: RegExp, text: string): boolean {
  // A pattern with the flag g remembers where it was.
  pattern.lastIndex = 0;
  return pattern.test(text);
}
