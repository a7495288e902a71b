/** Declarations of the language's functions. */
import type { JsonValue } from "../base/json_value.ts";
import type { Budget } from "./budget.ts";
import type { Type } from "./type.ts";

/** A function. Its first argument may come before a dot: `trim(a)` and `a.trim()` are the same. */
export interface FunctionDeclaration {
  /** Types of the arguments. */
  readonly takes: readonly Type[];
  /** The number of optional arguments, counted from the last. */
  readonly optional?: number;
  /** Returns the type of the result for arguments of these types. */
  gives(args: readonly Type[]): Type;
  /** Returns why arguments have no result in any run: a literal of the wrong form, a type without a meaning. */
  problem?(
    literals: readonly (JsonValue | undefined)[],
    types: readonly Type[],
  ): { argument: number; message: string } | undefined;
  /**
   * Arguments have the declared kinds and number.
   *
   * @throws Refusal for values that have no result.
   */
  call(args: readonly JsonValue[], budget: Budget): JsonValue;
}

/** Functions by name. */
export type FunctionTable = Readonly<Record<string, FunctionDeclaration>>;
