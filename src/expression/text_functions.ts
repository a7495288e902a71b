/** Functions for text. Positions in a text count code points from 0, as in CEL. */
import type { JsonValue } from "../base/json_value.ts";
import type { Budget } from "./budget.ts";
import { ExpressionRefusal } from "./problem.ts";
import type { FunctionTable } from "./signature.ts";
import { anyType, booleanType, listOf, numberType, textType } from "./type.ts";
import { kindNoun, textOf } from "./value.ts";

// The evaluator has checked the kinds of all arguments against the declaration.
const text = (value: JsonValue | undefined) => value as string;
const number = (value: JsonValue | undefined) => value as number | undefined;
const givesText = () => textType;
const givesBoolean = () => booleanType;
const givesTexts = () => listOf(textType);

export const textFunctions = {
  contains: {
    takes: [textType, textType],
    gives: givesBoolean,
    call: ([a, b], budget) => {
      search(text(a), text(b), budget);
      return text(a).includes(text(b));
    },
  },
  startsWith: {
    takes: [textType, textType],
    gives: givesBoolean,
    call: ([a, b]) => text(a).startsWith(text(b)),
  },
  endsWith: {
    takes: [textType, textType],
    gives: givesBoolean,
    call: ([a, b]) => text(a).endsWith(text(b)),
  },
  like: {
    takes: [textType, textType],
    gives: givesBoolean,
    call: ([a, b], budget) => fitsWildcard(text(a), text(b), budget),
  },
  trim: {
    takes: [textType],
    gives: givesText,
    call: ([a], budget) => {
      budget.make(text(a).length);
      return text(a).trim();
    },
  },
  lowerAscii: {
    takes: [textType],
    gives: givesText,
    call: ([a], budget) => {
      budget.make(text(a).length);
      return text(a).replaceAll(/[A-Z]+/g, (letters) => letters.toLowerCase());
    },
  },
  upperAscii: {
    takes: [textType],
    gives: givesText,
    call: ([a], budget) => {
      budget.make(text(a).length);
      return text(a).replaceAll(/[a-z]+/g, (letters) => letters.toUpperCase());
    },
  },
  lines: {
    takes: [textType],
    gives: givesTexts,
    call: ([a], budget) => {
      budget.make(text(a).length);
      const lines = text(a).split(/\r?\n/);
      // A command's output ends with a line break, which doesn't start another line.
      return lines.at(-1) === "" ? lines.slice(0, -1) : lines;
    },
  },
  words: {
    takes: [textType],
    gives: givesTexts,
    call: ([a], budget) => {
      budget.make(text(a).length);
      return text(a).split(/\s+/).filter((word) => word !== "");
    },
  },
  split: {
    takes: [textType, textType],
    gives: givesTexts,
    call: ([a, b], budget) => {
      search(text(a), text(b), budget);
      budget.make(text(a).length);
      return text(b) === "" ? [...text(a)] : text(a).split(text(b));
    },
  },
  join: {
    takes: [listOf(anyType), textType],
    optional: 1,
    gives: givesText,
    call: ([list, separator], budget) => {
      const parts = (list as readonly JsonValue[]).map((item) => textOf(item, budget));
      budget.make(parts.length * (text(separator) ?? "").length);
      return parts.join(text(separator) ?? "");
    },
  },
  replace: {
    takes: [textType, textType, textType],
    gives: givesText,
    call: ([a, b, c], budget) => {
      search(text(a), text(b), budget);
      const parts = text(a).split(text(b));
      budget.make(text(a).length + parts.length * text(c).length);
      return parts.join(text(c));
    },
  },
  substring: {
    takes: [textType, numberType, numberType],
    optional: 1,
    gives: givesText,
    call: ([a, from, to], budget) => {
      budget.make(text(a).length);
      const characters = [...text(a)];
      const start = number(from) ?? 0;
      const end = number(to) ?? characters.length;
      if (isPosition(start, end) && isPosition(end, characters.length)) {
        return characters.slice(start, end).join("");
      }
      throw new ExpressionRefusal(
        `a text of ${characters.length} characters has no part from ${start} to ${end}`,
      );
    },
  },
  indexOf: {
    takes: [textType, textType],
    gives: () => numberType,
    call: ([a, b], budget) => {
      search(text(a), text(b), budget);
      budget.make(text(a).length);
      const at = text(a).indexOf(text(b));
      return at < 0 ? -1 : [...text(a).slice(0, at)].length;
    },
  },
  string: {
    takes: [anyType],
    gives: givesText,
    call: ([value = null], budget) => textOf(value, budget),
  },
  type: {
    takes: [anyType],
    gives: givesText,
    call: ([value = null]) => kindNoun(value).replace("a ", ""),
  },
} satisfies FunctionTable;

/** Searching one text in another may take the product of their lengths: crafted texts do. */
function search(within: string, part: string, budget: Budget): void {
  budget.spend((within.length * part.length) / 1024);
}

function isPosition(position: number, end: number): boolean {
  return Number.isInteger(position) && position >= 0 && position <= end;
}

/**
 * Returns whether the whole text matches: `*` stands for any characters, `?` for one. Takes at most the product of both
 * lengths, which is charged to the budget.
 */
function fitsWildcard(text: string, pattern: string, budget: Budget): boolean {
  budget.spend(Math.ceil((text.length * (1 + pattern.split("*").length)) / 64));
  let [at, from] = [0, 0];
  /** Position after the last star, and how much of the text it has matched. */
  let star: { from: number; at: number } | undefined;
  while (at < text.length) {
    if (pattern[from] === "*") {
      star = { from, at };
      from++;
    } else if (pattern[from] === "?" || pattern[from] === text[at]) {
      at++;
      from++;
    } else if (star !== undefined) {
      budget.spend(1);
      star.at++;
      at = star.at;
      from = star.from + 1;
    } else return false;
  }
  while (pattern[from] === "*") from++;
  return from === pattern.length;
}
