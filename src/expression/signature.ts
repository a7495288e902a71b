/** How a function of the language is declared. */
import type { JsonValue } from "../base/json_value.ts";
import type { Budget } from "./budget.ts";
import type { Type } from "./type.ts";

/** A function. Its first argument may stand before a dot: `trim(a)` and `a.trim()` are the same. */
export interface FunctionDeclaration {
  /** Types of the arguments. */
  readonly takes: readonly Type[];
  /** How many of them, counted from the last, may be left out. */
  readonly optional?: number;
  /** The type of the result, for arguments of these types. */
  gives(args: readonly Type[]): Type;
  /** Why arguments have no result whatever the run brings: a literal of the wrong form, a type without a meaning. */
  problem?(
    literals: readonly (JsonValue | undefined)[],
    types: readonly Type[],
  ): { argument: number; message: string } | undefined;
  /**
   * Arguments are of the declared kinds, and as many.
   *
   * @throws Refusal for values that have no result.
   */
  call(args: readonly JsonValue[], budget: Budget): JsonValue;
}

/** Functions by name. */
export type FunctionTable = Readonly<Record<string, FunctionDeclaration>>;
