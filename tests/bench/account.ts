/** Whether what came out is what went in. */

/** The difference between what pods printed and what a program gave of it. */
export interface Account {
  /** Bytes that pods printed and that aren't there. */
  lostBytes: number;
  /** Lines that no pod printed, doubled ones among them; the first few. */
  foreign: string[];
}

const shownForeign = 3;

/**
 * Compares an output with the lines that pods printed, each once, in any order, bare or behind `name: `.
 *
 * @param expected whole lines, without their ends.
 */
export function account(output: string, expected: readonly string[]): Account {
  const missing = new Set(expected);
  const foreign: string[] = [];
  for (const line of output.split("\n")) {
    if (missing.delete(line) || missing.delete(line.replace(/^[\w.-]+: /, ""))) continue;
    if (line !== "") foreign.push(line);
  }
  let lostBytes = 0;
  for (const line of missing) lostBytes += line.length + 1;
  return { lostBytes, foreign: foreign.slice(0, shownForeign) };
}
