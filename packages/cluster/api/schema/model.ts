/** The shapes of the served kinds: one description for validation, patches, apply and OpenAPI. */

/** How two writers' lists are merged: as a whole, as a set of plain values, or item by item. */
export type ListMerge =
  | { kind: "atomic" }
  | { kind: "set" }
  /** Items are the same if all keys are. */
  | { kind: "byKeys"; keys: readonly string[] };

/** A plain value. `bytes` is base64 text; `microTime` has six digits after the second. */
export type ScalarKind =
  | "string"
  | "int"
  | "bool"
  | "bytes"
  | "quantity"
  | "time"
  | "microTime"
  | "intOrString";

/** The type of one field. */
export type Schema =
  | { kind: ScalarKind | "any" }
  | { kind: "object"; name: string }
  | { kind: "map"; of: Schema }
  /** Server-side apply merges lists in one way, a strategic merge patch sometimes in another. */
  | { kind: "list"; of: Schema; merge: ListMerge; patch: ListMerge };

/** One field of a definition. */
export interface Field {
  schema: Schema;
  /** Empty isn't the same as absent: zero replicas are a valid value, an empty port number is absent. */
  keepsEmpty: boolean;
  /** Its field number in a protobuf message; several numbers lead through messages that JSON doesn't show. */
  numbers: readonly number[];
}

/** An object with named fields. */
export interface ObjectSchema {
  fields: ReadonlyMap<string, Field>;
}
