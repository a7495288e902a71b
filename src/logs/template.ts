/**
 * Templates for lines: text with placeholders in braces, like `--subst`. `{{` and `}}` stand for literal braces, `\n`
 * and `\t` for a line's end and a tab.
 */

/** The placeholders in braces. `json.NAME` is a field of a line that is a JSON object; dots select nested fields. */
export const templateWords = [
  "message",
  "time",
  "pod",
  "container",
  "namespace",
  "node",
  "ip",
  "context",
] as const;

/** A placeholder of {@link templateWords}. */
export type TemplateWord = (typeof templateWords)[number];

/** A part of a template. */
export type LogTemplatePart =
  | { kind: "text"; text: string }
  | { kind: "word"; word: TemplateWord }
  | { kind: "field"; path: readonly string[] };

/** Returns a template, or why a text isn't one. */
export type ParsedTemplate =
  | { kind: "template"; parts: readonly LogTemplatePart[] }
  | { kind: "invalid"; reason: string; word?: string };

const token = /\{\{|\}\}|\\n|\\t|\\\\|\{([^{}]*)\}|[{}]/g;

const plainTexts: Readonly<Record<string, string>> = {
  "{{": "{",
  "}}": "}",
  "\\n": "\n",
  "\\t": "\t",
  "\\\\": "\\",
};

/** Reads a template. */
export function parseLogTemplate(source: string): ParsedTemplate {
  const parts: LogTemplatePart[] = [];
  let at = 0;
  for (const match of source.matchAll(token)) {
    if (match.index > at) parts.push({ kind: "text", text: source.slice(at, match.index) });
    at = match.index + match[0].length;
    const plain = plainTexts[match[0]];
    const word = match[1];
    if (plain !== undefined) parts.push({ kind: "text", text: plain });
    else if (word === undefined) {
      return { kind: "invalid", reason: `a single "${match[0]}"; write ${match[0]}${match[0]}` };
    } else {
      const part = wordPart(word);
      if (part === undefined) return { kind: "invalid", reason: `no word {${word}}`, word };
      parts.push(part);
    }
  }
  if (at < source.length) parts.push({ kind: "text", text: source.slice(at) });
  return { kind: "template", parts };
}

function wordPart(word: string): LogTemplatePart | undefined {
  const known = templateWords.find((one) => one === word);
  if (known !== undefined) return { kind: "word", word: known };
  const path = word.split(".");
  return path.shift() === "json" && path.length > 0 && path.every((name) => name !== "")
    ? { kind: "field", path }
    : undefined;
}
