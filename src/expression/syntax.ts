/** An expression as a tree. Every node has its span in the text. */
import type { JsonValue } from "../base/json_value.ts";
import type { Span } from "./problem.ts";

/** Binary operators with their precedence: the higher, the tighter. As in CEL. */
export const binaryStrength = {
  "||": 1,
  "&&": 2,
  "==": 3,
  "!=": 3,
  "<": 3,
  "<=": 3,
  ">": 3,
  ">=": 3,
  "in": 3,
  "+": 4,
  "-": 4,
  "*": 5,
  "/": 5,
  "%": 5,
} as const;

/** A binary operator. */
export type BinaryMark = keyof typeof binaryStrength;

/** Macros that iterate over the items of a list, or the names of a record: `list.map(item, …)`. */
export const eachMacros = ["map", "filter", "all", "exists", "exists_one"] as const;

/** See {@link eachMacros}. */
export type EachMacro = typeof eachMacros[number];

/** A name with its span. */
export interface Identifier extends Span {
  readonly text: string;
}

/** `of.name`. */
export interface FieldNode extends Span {
  readonly kind: "field";
  readonly of: Node;
  readonly name: Identifier;
}

/** A part of an expression. */
export type Node =
  | Span & { readonly kind: "literal"; readonly value: JsonValue }
  | Span & { readonly kind: "name"; readonly name: string }
  | FieldNode
  | Span & { readonly kind: "index"; readonly of: Node; readonly index: Node }
  /** `f(a, b)` and `a.f(b)` are the same. */
  | Span & { readonly kind: "call"; readonly name: Identifier; readonly args: readonly Node[] }
  | Span & {
    readonly kind: "each";
    readonly macro: EachMacro;
    readonly of: Node;
    readonly variable: Identifier;
    readonly body: Node;
  }
  /** Whether the last name of a path exists. */
  | Span & { readonly kind: "has"; readonly field: FieldNode }
  /** `default(path, otherwise)`: the value of a path, or `otherwise` if a name of it doesn't exist. */
  | Span & { readonly kind: "default"; readonly value: Node; readonly otherwise: Node }
  | Span & { readonly kind: "not" | "minus"; readonly of: Node }
  | Span & {
    readonly kind: "binary";
    readonly mark: BinaryMark;
    readonly left: Node;
    readonly right: Node;
  }
  | Span & {
    readonly kind: "choice";
    readonly condition: Node;
    readonly yes: Node;
    readonly no: Node;
  }
  | Span & { readonly kind: "list"; readonly items: readonly Node[] }
  | Span & { readonly kind: "record"; readonly entries: readonly { key: Node; value: Node }[] };
