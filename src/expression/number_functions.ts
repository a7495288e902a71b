/** Functions for numbers. */
import type { JsonValue } from "../base/json_value.ts";
import { parseDuration } from "../base/duration.ts";
import { parseQuantity } from "../base/quantity.ts";
import { ExpressionRefusal, quotedText } from "./problem.ts";
import type { FunctionDeclaration, FunctionTable } from "./signature.ts";
import { anyType, kindProblem, listOf, numberType, textType } from "./type.ts";
import { kindNoun } from "./value.ts";

const numbersType = listOf(numberType);

export const numberFunctions = {
  number: {
    takes: [anyType],
    gives: () => numberType,
    problem: (_literals, types) =>
      kindProblem("number", types, { kinds: ["text", "number"], noun: "a text or a number" }),
    call: ([value = null]) => {
      if (typeof value === "number") return value;
      if (typeof value !== "string") {
        throw new ExpressionRefusal(`${kindNoun(value)} is not a number`);
      }
      const text = value.trim();
      if (/^[+-]?\d{1,300}(?:\.\d{1,300})?(?:[eE][+-]?\d{1,3})?$/.test(text)) {
        return finite(Number(text));
      }
      throw new ExpressionRefusal(`${quotedText(value)} is not a number`);
    },
  },
  quantity: {
    takes: [textType],
    gives: () => numberType,
    call: ([value]) => {
      const text = String(value).trim();
      const amount = parseQuantity(text);
      if (amount !== undefined) return finite(amount);
      throw new ExpressionRefusal(`${quotedText(text)} is not a quantity such as 500m or 10Gi`);
    },
  },
  seconds: {
    takes: [textType],
    gives: () => numberType,
    call: ([value]) => {
      const ms = parseDuration(String(value).trim());
      if (ms !== undefined) return ms / 1000;
      throw new ExpressionRefusal(
        `${quotedText(String(value))} is not a duration such as 30s or 1m30s`,
      );
    },
  },
  floor: ofNumber(Math.floor),
  ceil: ofNumber(Math.ceil),
  // Halves are rounded away from zero, as in CEL; Math.round takes -2.5 to -2.
  round: ofNumber((value) => Math.sign(value) * Math.round(Math.abs(value))),
  abs: ofNumber(Math.abs),
  sum: {
    takes: [numbersType],
    gives: () => numberType,
    call: ([list], budget) => {
      const items = numbersOf(list);
      budget.spend(items.length);
      return finite(items.reduce((sum, item) => sum + item, 0));
    },
  },
  min: ofNumbers((a, b) => Math.min(a, b)),
  max: ofNumbers((a, b) => Math.max(a, b)),
} satisfies FunctionTable;

/** @throws Refusal for a number that isn't finite. */
export function finite(value: number): number {
  if (Number.isFinite(value)) return value;
  throw new ExpressionRefusal("the result is not a number, or too large for one");
}

function ofNumber(call: (value: number) => number): FunctionDeclaration {
  return {
    takes: [numberType],
    gives: () => numberType,
    // Zero has no sign here: -0 would be shown as 0 and yet differ from it.
    call: ([value]) => call(value as number) + 0,
  };
}

function ofNumbers(better: (a: number, b: number) => number): FunctionDeclaration {
  return {
    takes: [numbersType],
    gives: () => numberType,
    call: ([list], budget) => {
      const items = numbersOf(list);
      budget.spend(items.length);
      if (items.length > 0) return items.reduce(better);
      throw new ExpressionRefusal("an empty list has neither a smallest nor a largest number");
    },
  };
}

function numbersOf(list: JsonValue | undefined): readonly number[] {
  return (list as readonly JsonValue[]).map((item, index) => {
    if (typeof item === "number") return item;
    throw new ExpressionRefusal(`item ${index} of the list is ${kindNoun(item)}, no number`);
  });
}
