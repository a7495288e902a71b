/** Operations on evaluated values. */
import type { JsonValue } from "../base/json_value.ts";
import type { Budget } from "./budget.ts";
import { ExpressionRefusal } from "./problem.ts";
import type { Type } from "./type.ts";

/** A mapping with texts as keys. Only its own names count, not inherited ones. */
export type RecordValue = { readonly [name: string]: JsonValue };

/** Maximum nesting of a value that is compared, converted to JSON or parsed from it. */
const maxDepth = 100;

/** Returns the kind of a value, as {@link Type} names it. */
export function kindOf(value: JsonValue): Exclude<Type["kind"], "any"> {
  if (value === null) return "null";
  if (isList(value)) return "list";
  switch (typeof value) {
    case "boolean":
      return "boolean";
    case "number":
      return "number";
    case "string":
      return "text";
    default:
      return "record";
  }
}

/** Returns a value as a noun: `a text`, `null`. */
export function kindNoun(value: JsonValue): string {
  const kind = kindOf(value);
  return kind === "null" ? kind : `a ${kind}`;
}

export function isList(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}

export function isRecordValue(value: JsonValue): value is RecordValue {
  return kindOf(value) === "record";
}

/** Returns the value of a name, or undefined if the record doesn't have it. */
export function ownValue(record: RecordValue, name: string): JsonValue | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}

/** Compares by content; values of different kinds are never equal. */
export function equal(a: JsonValue, b: JsonValue, budget: Budget, depth = 0): boolean {
  budget.spend(1);
  if (depth > maxDepth) throw new ExpressionRefusal(`a value is nested more than ${maxDepth} deep`);
  if (isList(a) && isList(b)) {
    return a.length === b.length &&
      a.every((item, index) => equal(item, b[index] ?? null, budget, depth + 1));
  }
  if (isRecordValue(a) && isRecordValue(b)) {
    const names = Object.keys(a);
    budget.spend(names.length);
    return names.length === Object.keys(b).length && names.every((name) => {
      const other = ownValue(b, name);
      return other !== undefined && equal(a[name] ?? null, other, budget, depth + 1);
    });
  }
  if (typeof a === "string") budget.spend(a.length / 64);
  return a === b;
}

/** Counts a value's parts against the budget, and checks its depth. */
export function measure(value: JsonValue, budget: Budget, depth = 0): void {
  if (depth > maxDepth) throw new ExpressionRefusal(`a value is nested more than ${maxDepth} deep`);
  budget.spend(1);
  if (typeof value === "string") budget.make(value.length);
  else if (isList(value)) { for (const item of value) measure(item, budget, depth + 1); }
  else if (isRecordValue(value)) {
    for (const [name, item] of Object.entries(value)) {
      budget.make(name.length);
      measure(item, budget, depth + 1);
    }
  }
}

/** Returns a value as it appears inside of a text: a text itself, all else as JSON. */
export function textOf(value: JsonValue, budget: Budget): string {
  if (typeof value === "string") {
    budget.make(value.length);
    return value;
  }
  measure(value, budget);
  return JSON.stringify(value);
}
