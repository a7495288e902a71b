/** How deeply YAML nests, known before it is parsed: a parser that calls itself has a stack, which has an end. */
import { Lexer } from "yaml";

/** Deeper than anything that a person writes, and far from the end of any stack. */
const maxDepth = 64;

/** `- - - …` and `? ? ? …`: nesting within one line. */
const deepLine = new RegExp(`^ *(?:[-?] +){${maxDepth}}`, "m");

/** Indentation by so many columns is nesting by so many levels at most. */
const deepIndent = new RegExp(`^ {${maxDepth * 8}}`, "m");

/** Whether lists and mappings lie in each other more than 64 deep. Linear in the length of the text. */
export function nestsTooDeeply(text: string): boolean {
  if (deepLine.test(text) || deepIndent.test(text)) return true;
  // Brackets within texts count here too; only where they are many is it worth knowing which are which.
  return goesDeeper(text) && goesDeeper(new Lexer().lex(text));
}

/** Whether brackets that are a token or character of their own nest too deeply. Looks no further than where they do. */
function goesDeeper(tokens: Iterable<string>): boolean {
  let depth = 0;
  for (const token of tokens) {
    if (token === "[" || token === "{") depth += 1;
    else if ((token === "]" || token === "}") && depth > 0) depth -= 1;
    if (depth > maxDepth) return true;
  }
  return false;
}
