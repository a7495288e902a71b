/** An expression as a tree. Every node has its span in the text. */
import type { JsonValue } from "../base/json_value.ts";
import type { SourceSpan } from "./problem.ts";

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
export interface Identifier extends SourceSpan {
  readonly text: string;
}

/** `of.name`. */
export interface FieldNode extends SourceSpan {
  readonly kind: "field";
  readonly of: SyntaxNode;
  readonly name: Identifier;
}

/** A part of an expression. */
export type SyntaxNode =
  | SourceSpan & { readonly kind: "literal"; readonly value: JsonValue }
  | SourceSpan & { readonly kind: "name"; readonly name: string }
  | FieldNode
  | SourceSpan & { readonly kind: "index"; readonly of: SyntaxNode; readonly index: SyntaxNode }
  /** `f(a, b)` and `a.f(b)` are the same. */
  | SourceSpan & {
    readonly kind: "call";
    readonly name: Identifier;
    readonly args: readonly SyntaxNode[];
  }
  | SourceSpan & {
    readonly kind: "each";
    readonly macro: EachMacro;
    readonly of: SyntaxNode;
    readonly variable: Identifier;
    readonly body: SyntaxNode;
  }
  /** Whether the last name of a path exists. */
  | SourceSpan & { readonly kind: "has"; readonly field: FieldNode }
  /** `default(path, otherwise)`: the value of a path, or `otherwise` if a name of it doesn't exist. */
  | SourceSpan & {
    readonly kind: "default";
    readonly value: SyntaxNode;
    readonly otherwise: SyntaxNode;
  }
  | SourceSpan & { readonly kind: "not" | "minus"; readonly of: SyntaxNode }
  | SourceSpan & {
    readonly kind: "binary";
    readonly mark: BinaryMark;
    readonly left: SyntaxNode;
    readonly right: SyntaxNode;
  }
  | SourceSpan & {
    readonly kind: "choice";
    readonly condition: SyntaxNode;
    readonly yes: SyntaxNode;
    readonly no: SyntaxNode;
  }
  | SourceSpan & { readonly kind: "list"; readonly items: readonly SyntaxNode[] }
  | SourceSpan & {
    readonly kind: "record";
    readonly entries: readonly { key: SyntaxNode; value: SyntaxNode }[];
  };
