/**
 * YAML for other programs: kubectl's reader, which reads YAML 1.1, reads the same values of it. To it, a plain `yes` is
 * true and 0777 a number, and it ends lines at U+2028: https://yaml.org/spec/1.1/#id898785
 */
import { Document, Scalar, visit } from "yaml";
import { escapeControls } from "../plain_text.ts";

/** Characters that some readers of YAML end lines at, or refuse. */
// deno-lint-ignore no-control-regex -- this matches control characters
const unsafe = /[\0-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]|\p{Surrogate}/gu;

/** A block's indentation is that of its first line with text: there has to be such a line, and kubectl's reader allows no tab. */
const noBlock = /^\s*(?:\t|$)/;

/** Returns a value as a document; every reader of YAML reads the value back. Long lines aren't folded. */
export function yamlText(value: unknown): string {
  const document = new Document(value, { compat: "yaml-1.1", aliasDuplicateObjects: false });
  visit(document, {
    Scalar: (_key, node) => {
      const { value } = node;
      if (typeof value !== "string") return;
      const isQuoted = value.search(unsafe) >= 0 || noBlock.test(value) ||
        // A terminal shows their escapes, which mean the same in double quotes.
        escapeControls(value) !== value;
      if (isQuoted) node.type = Scalar.QUOTE_DOUBLE;
    },
  });
  // Such texts are in double quotes, where their escapes mean the same.
  return document.toString({ lineWidth: 0, blockQuote: "literal" }).replace(unsafe, escaped);
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
