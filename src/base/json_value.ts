/** JSON data: values passed between the steps of a workflow, and in and out of its scripts. */

/** Null, a boolean, a number, a text, a list, or a mapping with texts as keys. */
export type JsonValue =
  | null
  | boolean
  | number
  | string
  | readonly JsonValue[]
  | { readonly [name: string]: JsonValue };

/** Returns whether a value of unknown origin is a mapping: an object that isn't an array. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Drops properties that are undefined: with `exactOptionalPropertyTypes` absent and undefined differ. */
export function definedOnly<T extends object>(
  options: T,
): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const defined = Object.entries(options).filter(([, one]) => one !== undefined);
  return Object.fromEntries(defined) as { [K in keyof T]?: Exclude<T[K], undefined> };
}
