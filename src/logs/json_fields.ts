/** Log lines that are JSON objects, and the fields that a user wants to read. */
import { isRecord } from "../base/json_value.ts";

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
