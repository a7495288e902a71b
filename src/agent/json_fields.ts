/** Fields of untrusted JSON: each is checked for its type, and is undefined if it has another. */

/** A JSON object, whose fields may be anything. */
export type JsonFields = { readonly [name: string]: unknown };

/** Returns the object of a text, or undefined: another value, or not JSON at all. */
export function jsonObject(text: string): JsonFields | undefined {
  try {
    return asFields(JSON.parse(text));
  } catch {
    // Not JSON: the caller has other uses for the text.
    return undefined;
  }
}

/** The value as an object. */
export function asFields(value: unknown): JsonFields | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  return value as JsonFields;
}

/** Returns a field that is an object. */
export function fieldsOf(fields: JsonFields, name: string): JsonFields | undefined {
  return asFields(own(fields, name));
}

/** Returns a field that is a list; its members that are objects. */
export function listField(fields: JsonFields, name: string): readonly JsonFields[] {
  const value = own(fields, name);
  if (!Array.isArray(value)) return [];
  return value.map(asFields).filter((one) => one !== undefined);
}

/** A field that is a text. */
export function textField(fields: JsonFields, name: string): string | undefined {
  const value = own(fields, name);
  return typeof value === "string" ? value : undefined;
}

/** Returns a field that is a finite number from 0. */
export function numberOf(fields: JsonFields, name: string): number | undefined {
  const value = own(fields, name);
  return typeof value === "number" && Number.isFinite(value) && value >= 0 ? value : undefined;
}

function own(fields: JsonFields, name: string): unknown {
  return Object.hasOwn(fields, name) ? fields[name] : undefined;
}
