/** HTML and SVG as text. A text of foreign origin gets into a document only through {@link textNode}. */
import { printable } from "../../terminal/printable.ts";

/** Markup, as opposed to a text: made only by {@link markup} and {@link textNode}. */
export class Markup {
  constructor(readonly source: string) {}
}

const escapes: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Colours and weights in what a program writes: a report has its own. */
// deno-lint-ignore no-control-regex -- this matches escape sequences
const styling = /\x1b\[[0-9;:]*m/g;

/** Returns a text as markup: nothing in it is markup, and control characters are visible. */
export function textNode(value: string): Markup {
  const shown = printable(value.replace(styling, "").replace(/\r\n/g, "\n").toWellFormed());
  // A character that neither HTML nor XML may contain.
  const valid = shown.replace(/[\ufffe\uffff]/g, "\ufffd");
  return new Markup(valid.replace(/[&<>"']/g, (character) => escapes[character] ?? ""));
}

/** A value within a template: texts are escaped, lists are joined. */
export type Content = string | number | Markup | undefined | readonly Content[];

/** Returns markup of a template whose values are escaped: `` markup`<b title="${name}">${name}</b>` ``. */
export function markup(parts: TemplateStringsArray, ...values: readonly Content[]): Markup {
  return new Markup(
    parts.map((part, at) => at === 0 ? part : sourceOf(values[at - 1]) + part).join(""),
  );
}

function sourceOf(value: Content): string {
  if (value === undefined) return "";
  if (value instanceof Markup) return value.source;
  if (typeof value === "number") return String(Math.round(value * 100) / 100);
  return typeof value === "string" ? textNode(value).source : value.map(sourceOf).join("");
}
