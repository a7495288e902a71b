/** Paragraphs of plain text in a column. */

/** Breaks text at spaces so that no line is wider than `columns`, but for a word that is wider by itself. */
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

/**
 * Two columns: terms on the left, their explanations wrapped on the right. A term that is wider than
 * `termColumns` stands on a line of its own.
 */
export function definitions(
  rows: readonly (readonly [term: string, explanation: string])[],
  options: { indent: number; termColumns: number; columns: number },
): string[] {
  const { indent, columns } = options;
  const widest = Math.max(0, ...rows.map(([term]) => term.length));
  const left = Math.min(widest, options.termColumns);
  const margin = " ".repeat(indent);
  const right = Math.max(20, columns - indent - left - 2);
  return rows.flatMap(([term, explanation]) => {
    const [first = "", ...rest] = wrap(explanation, right);
    const hanging = rest.map((line) => `${margin}${" ".repeat(left)}  ${line}`);
    if (term.length > left) {
      return [`${margin}${term}`, `${margin}${" ".repeat(left)}  ${first}`, ...hanging];
    }
    return [`${margin}${term.padEnd(left)}  ${first}`.trimEnd(), ...hanging];
  });
}
