/** Equality and immutability of JSON values. */

/**
 * Returns whether two JSON values are the same; the order of an object's fields doesn't matter, `undefined` is absent.
 */
export function sameJson(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a) || Array.isArray(b)) {
    return Array.isArray(a) && Array.isArray(b) && a.length === b.length &&
      a.every((item, index) => sameJson(item, b[index]));
  }
  const [left, right] = [definedFields(a), definedFields(b)];
  return left.length === right.length &&
    left.every(([field, value]) => sameJson(value, (b as Record<string, unknown>)[field]));
}

function definedFields(value: object): [string, unknown][] {
  return Object.entries(value).filter(([, field]) => field !== undefined);
}

/** Freezes a value deeply. A frozen value is assumed to be frozen in depth. */
export function deepFreeze<T>(value: T): T {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const field of Object.values(value)) deepFreeze(field);
  return value;
}
