/** Paragraphs of plain text in a column, and lines of a screen in rows. */
import type { Line, Span } from "./grid.ts";
import { displayWidth } from "./width.ts";

/** Breaks text at spaces so that no line is wider than `columns`, except for a word that is wider by itself. */
export function wrap(text: string, columns: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/\s+/)) {
    if (line !== "" && line.length + 1 + word.length > columns) {
      lines.push(line);
      line = word;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  if (line !== "") lines.push(line);
  return lines;
}

/** A narrower column of explanations would consist of line breaks. */
const leastRight = 24;

/** Indent of an explanation below its term. */
const belowIndent = 4;

/** {@link wrap}, each line with a margin. */
export function wrapWithin(text: string, columns: number, indent: number, mark = ""): string[] {
  const margin = " ".repeat(indent);
  return wrap(text, Math.max(1, columns - indent - mark.length))
    .map((line) => `${margin}${mark}${line}`);
}

/**
 * Two columns: terms on the left, their explanations wrapped on the right. A term that is wider than
 * `termColumns` is on a line of its own. If two columns don't fit, explanations are below their
 * terms.
 */
export function definitions(
  rows: readonly (readonly [term: string, explanation: string])[],
  options: { indent: number; termColumns: number; columns: number },
): string[] {
  const { indent, columns } = options;
  const widest = Math.max(0, ...rows.map(([term]) => term.length));
  const termWidth = Math.min(widest, options.termColumns);
  const margin = " ".repeat(indent);
  const textWidth = columns - indent - termWidth - 2;
  if (textWidth < leastRight) {
    return rows.flatMap(([term, explanation]) => [
      `${margin}${term}`.trimEnd(),
      ...wrapWithin(explanation, columns, indent + belowIndent),
    ]);
  }
  return rows.flatMap(([term, explanation]) => {
    const [first = "", ...others] = wrap(explanation, textWidth);
    const hanging = others.map((line) => `${margin}${" ".repeat(termWidth)}  ${line}`);
    if (term.length > termWidth) {
      return [`${margin}${term}`, `${margin}${" ".repeat(termWidth)}  ${first}`, ...hanging];
    }
    return [`${margin}${term.padEnd(termWidth)}  ${first}`.trimEnd(), ...hanging];
  });
}

/** Breaks a line of spans into rows, at any character. */
export function wrapLine(line: Line, columns: number): Line[] {
  const rows: Span[][] = [[]];
  let available = columns;
  for (const one of line) {
    let text = "";
    for (const character of one.text) {
      const width = displayWidth(character);
      if (width > available && available < columns) {
        if (text !== "") rows.at(-1)?.push({ ...one, text });
        text = "";
        rows.push([]);
        available = columns;
      }
      if (width > available) continue;
      text += character;
      available -= width;
    }
    if (text !== "") rows.at(-1)?.push({ ...one, text });
  }
  return rows;
}
