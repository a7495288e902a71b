/** The nesting depth of YAML, checked before it is parsed: a recursive parser would overflow its stack. */
import { Lexer } from "yaml";

/** Deeper than anything that a person writes, and far below the limit of any stack. */
const maxDepth = 64;

/** `- - - …` and `? ? ? …`: nesting within one line. */
const deepLine = new RegExp(`^ *(?:[-?] +){${maxDepth}}`, "m");

/** Indentation by N columns is nesting by at most N levels. */
const deepIndent = new RegExp(`^ {${maxDepth * 8}}`, "m");

/** Returns whether lists and mappings nest more than 64 deep. Linear in the length of the text. */
export function nestsTooDeeply(text: string): boolean {
  if (deepLine.test(text) || deepIndent.test(text)) return true;
  // Brackets within texts count here too; the exact check runs only if there are many.
  return goesDeeper(text) && goesDeeper(new Lexer().lex(text));
}

/** Returns whether single-bracket tokens or characters nest too deeply. Stops at the first that does. */
function goesDeeper(tokens: Iterable<string>): boolean {
  let depth = 0;
  for (const token of tokens) {
    if (token === "[" || token === "{") depth += 1;
    else if ((token === "]" || token === "}") && depth > 0) depth -= 1;
    if (depth > maxDepth) return true;
  }
  return false;
}
