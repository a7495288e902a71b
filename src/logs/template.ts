/**
 * Templates for lines: text with placeholders in braces, like `--subst`. `{{` and `}}` stand for literal braces, `\n`
 * and `\t` for a line's end and a tab.
 */
import { isRecord } from "../base/json_value.ts";

/** The placeholders in braces. `json.NAME` is a field of a line that is a JSON object; dots select nested fields. */
export const templateFields = [
  "message",
  "time",
  "pod",
  "container",
  "namespace",
  "node",
  "ip",
  "context",
] as const;

/** A placeholder of {@link templateFields}. */
type TemplateField = (typeof templateFields)[number];

/** A part of a template. */
export type LogTemplatePart =
  | { kind: "text"; text: string }
  | { kind: "placeholder"; field: TemplateField }
  | { kind: "field"; path: readonly string[] };

/** Returns a template, or why a text isn't one. */
export type ParsedTemplate =
  | { kind: "template"; parts: readonly LogTemplatePart[] }
  | { kind: "invalid"; reason: string; field?: string };

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
    const field = match[1];
    if (plain !== undefined) parts.push({ kind: "text", text: plain });
    else if (field === undefined) {
      return { kind: "invalid", reason: `a single "${match[0]}"; write ${match[0]}${match[0]}` };
    } else {
      const part = fieldPart(field);
      if (part === undefined) return { kind: "invalid", reason: `no field {${field}}`, field };
      parts.push(part);
    }
  }
  if (at < source.length) parts.push({ kind: "text", text: source.slice(at) });
  return { kind: "template", parts };
}

function fieldPart(field: string): LogTemplatePart | undefined {
  const known = templateFields.find((one) => one === field);
  if (known !== undefined) return { kind: "placeholder", field: known };
  const path = field.split(".");
  return path.shift() === "json" && path.length > 0 && path.every((name) => name !== "")
    ? { kind: "field", path }
    : undefined;
}

/* Log lines that are JSON objects, and the fields that a user wants to read. */

/** A longer line isn't a structured log, and isn't parsed as one. */
const maxJsonLength = 256 * 1024;

/** Returns the object of a line, or undefined for any other text. */
export function jsonObjectOf(text: string): Readonly<Record<string, unknown>> | undefined {
  if (text.length > maxJsonLength || !/^\s*\{/.test(text)) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Returns the field of a path, as text; undefined if there is none. A value that isn't text is returned as JSON. */
export function fieldText(
  object: Readonly<Record<string, unknown>>,
  path: readonly string[],
): string | undefined {
  // A name with dots in it is more common in logs than a nested object.
  const whole = path.join(".");
  let value: unknown = Object.hasOwn(object, whole) ? object[whole] : object;
  if (value === object) {
    for (const name of path) {
      value = isRecord(value) && Object.hasOwn(value, name) ? value[name] : undefined;
    }
  }
  if (value === undefined || value === null) return undefined;
  return typeof value === "string" ? value : JSON.stringify(value);
}

/**
 * Returns the fields of a line, joined by blanks; a line that isn't a JSON object, or that has none of them, stays
 * unchanged: nothing is lost.
 */
export function jsonFieldsText(text: string, fields: readonly string[]): string {
  const object = jsonObjectOf(text);
  if (object === undefined) return text;
  const found = fields.flatMap((field) => fieldText(object, field.split(".")) ?? []);
  return found.length === 0 ? text : found.join(" ");
}
