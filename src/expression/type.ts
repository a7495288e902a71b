/** Static types of values, known before anything runs. */

/**
 * The type of a value. A record has known names; with `rest` it may have any other, each of that type. `any` is known
 * only to the run: parsed JSON, for example.
 */
export type Type =
  | { readonly kind: "any" | "null" | "boolean" | "number" }
  /** With `values`, any of these. */
  | { readonly kind: "text"; readonly values?: readonly string[] }
  | { readonly kind: "list"; readonly of: Type }
  | {
    readonly kind: "record";
    readonly fields: Readonly<Record<string, Type>>;
    readonly rest?: Type;
  };

export const anyType: Type = { kind: "any" };
export const booleanType: Type = { kind: "boolean" };
export const numberType: Type = { kind: "number" };
export const textType: Type = { kind: "text" };

/** Returns a list whose items are of the same type. */
export function listOf(of: Type): Type {
  return { kind: "list", of };
}

/** Returns a record with any names, each value of the same type. */
export function recordOf(rest: Type): Type {
  return { kind: "record", fields: {}, rest };
}

/** Returns a type as a noun: `a number`, `a list`. */
export function typeNoun(type: Type): string {
  const { kind } = type;
  if (kind === "list" && type.of.kind !== "any") return `a list of ${plurals[type.of.kind]}`;
  return kind === "any" ? "any value" : kind === "null" ? "null" : `a ${kind}`;
}

const plurals: Readonly<Record<Exclude<Type["kind"], "any">, string>> = {
  null: "null",
  boolean: "booleans",
  number: "numbers",
  text: "texts",
  list: "lists",
  record: "records",
};

/** Returns the problem of an argument whose type isn't of these kinds, nor `any`. */
export function kindProblem(
  name: string,
  [type]: readonly Type[],
  { kinds, noun }: { kinds: readonly Type["kind"][]; noun: string },
): { argument: number; message: string } | undefined {
  if (type === undefined || type.kind === "any" || kinds.includes(type.kind)) return undefined;
  return { argument: 0, message: `${name} takes ${noun}, found ${typeNoun(type)}` };
}

/** Returns whether a value of a type may be of the expected type, as far as is known before the run. */
export function mayBe(type: Type, expected: Type): boolean {
  if (type.kind === "any" || expected.kind === "any") return true;
  if (type.kind === "list" && expected.kind === "list") return mayBe(type.of, expected.of);
  return type.kind === expected.kind;
}

/** Returns the narrowest type that includes both. */
export function union(a: Type, b: Type): Type {
  if (a.kind === "list" && b.kind === "list") return listOf(union(a.of, b.of));
  if (a.kind === "record" && b.kind === "record") return a === b ? a : recordOf(anyType);
  if (a.kind === "text" && b.kind === "text") return a.values === b.values ? a : textType;
  return a.kind === b.kind ? a : anyType;
}
