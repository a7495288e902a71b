/** What actions yield, as JSON: the one conversion for each `-o json`, `jsonl` and `yaml`. */
import { KodamaError } from "../base/errors.ts";
import type { StructuredHint } from "../base/hint.ts";
import type { JsonValue } from "../base/json_value.ts";
import { commandHint } from "./hints.ts";

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/**
 * Returns a value without classes: an error is its message, a date its ISO 8601 text, bytes are UTF-8 text, a map is an
 * object and a set an array, advice is text. Fields without a value are omitted.
 *
 * @throws TypeError for a function, a symbol or an endless value, which no event has.
 */
export function toJson(value: unknown): JsonValue {
  if (value === null || typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "number") return Number.isFinite(value) ? value : null;
  if (typeof value === "bigint") return String(value);
  if (typeof value !== "object") throw new TypeError(`a ${typeof value} can't be shown as JSON`);
  if (value instanceof KodamaError) return value.message;
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array) return decoder.decode(value);
  if (value instanceof Map) return objectOf([...value].map(([key, one]) => [String(key), one]));
  if (Array.isArray(value) || value instanceof Set) {
    return [...value].map((one) => one === undefined ? null : toJson(one));
  }
  return isHint(value) ? commandHint(value) : objectOf(Object.entries(value));
}

/** Formats a value as a line of JSON. */
export function jsonLine(value: unknown): string {
  return `${JSON.stringify(toJson(value))}\n`;
}

/** Formats a value as an indented JSON document. */
export function jsonDocument(value: unknown): string {
  return `${JSON.stringify(toJson(value), null, 2)}\n`;
}

function objectOf(entries: readonly (readonly [string, unknown])[]): JsonValue {
  return Object.fromEntries(
    entries.flatMap(([key, value]) => value === undefined ? [] : [[key, toJson(value)]]),
  );
}

function isHint(value: object): value is StructuredHint {
  return "kind" in value && value.kind === "hint" && "parts" in value && Array.isArray(value.parts);
}
