/** The shapes of the served kinds: one description for validation, patches, apply and OpenAPI. */

/** How two writers' lists become one: as a whole, as a set of plain values, or item by item. */
export type ListMerge =
  | { kind: "atomic" }
  | { kind: "set" }
  /** Items are the same where all keys are; a strategic merge patch looks at the first alone. */
  | { kind: "byKeys"; keys: readonly string[] };

/** The type of one field. */
export type Schema =
  | { kind: "string" | "int" | "bool" | "quantity" | "time" | "intOrString" | "any" }
  | { kind: "object"; name: string }
  | { kind: "map"; of: Schema }
  | { kind: "list"; of: Schema; merge: ListMerge };

/** One field of a definition. */
export interface Field {
  schema: Schema;
  required: boolean;
}

/** An object with named fields. */
export interface Definition {
  /** As OpenAPI names it: `io.k8s.api.core.v1.Pod`. */
  fullName: string;
  fields: ReadonlyMap<string, Field>;
}

/** Definitions in the notation of `parse.ts`, under the OpenAPI package that they belong to. */
export interface Package {
  name: string;
  definitions: Readonly<Record<string, string>>;
}
