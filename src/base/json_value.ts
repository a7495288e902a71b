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

/** Returns the value of a JSON text; undefined if it isn't valid. */
export function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Drops properties that are undefined: with `exactOptionalPropertyTypes` absent and undefined differ. */
export function definedOnly<T extends object>(
  options: T,
): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const defined = Object.entries(options).filter(([, one]) => one !== undefined);
  return Object.fromEntries(defined) as { [K in keyof T]?: Exclude<T[K], undefined> };
}

/**
 * Parses JSON text. A number that `keeps` excludes is its text instead: an integer or a size that a number can't hold
 * (`exact`), or whatever a number would spell otherwise (`spelled`), as `1.10`.
 *
 * @throws SyntaxError
 */
export function parseJson(text: string, keeps: "exact" | "spelled"): JsonValue {
  // A function that is called for each value takes several times as long.
  if (keeps === "exact" && !/\d{16}|[eE]\+?\d{3}/.test(text)) return JSON.parse(text);
  return JSON.parse(text, (_: string, value: unknown, { source = "" } = { source: "" }) => {
    if (typeof value !== "number") return value;
    const isKept = keeps === "exact" && Number.isFinite(value) &&
      (Number.isSafeInteger(value) || !/^-?\d+$/.test(source));
    return isKept || String(value) === source ? value : source;
  });
}

/** Returns the maximum nesting of JSON text: checked before it is parsed, as the parser recurses. */
export function jsonNesting(text: string): number {
  let [depth, deepest, isText] = [0, 0, false];
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === '"') isText = !isText;
    else if (isText && character === "\\") at++;
    else if (isText) continue;
    else if (character === "[" || character === "{") deepest = Math.max(deepest, ++depth);
    else if (character === "]" || character === "}") depth--;
  }
  return deepest;
}
