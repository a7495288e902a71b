/** Every function of the language, by name. `docs/expressions.md` lists them, which a test checks. */
import { type JsonValue, parseJson } from "../base/json_value.ts";
import { parseDuration } from "../base/duration.ts";
import { parseQuantity } from "../base/quantity.ts";
import { ExpressionRefusal, quotedText } from "./problem.ts";
import {
  anyType,
  booleanType,
  kindProblem,
  listOf,
  numberType,
  recordOf,
  textType,
  type Type,
} from "./type.ts";
import { isList, isRecordValue, kindNoun, measure, type RecordValue, textOf } from "./value.ts";
import type { Budget } from "./budget.ts";
import { parsePath, valuesAt } from "./json_path.ts";

/* Functions for lists and records, and for JSON. */

const anyList = listOf(anyType);
const anyRecord = recordOf(anyType);
const list = (value: JsonValue | undefined) => value as readonly JsonValue[];
const record = (value: JsonValue | undefined) => value as RecordValue;
const itemType = (type: Type | undefined) => type?.kind === "list" ? type.of : anyType;
const sameType = ([type = anyList]: readonly Type[]) => type.kind === "list" ? type : anyList;

const listFunctions = {
  size: {
    takes: [anyType],
    gives: () => numberType,
    problem: (_literals, types) =>
      kindProblem("size", types, {
        kinds: ["list", "text", "record"],
        noun: "a list, a text or a record",
      }),
    call: ([value = null], budget) => {
      if (isList(value)) return value.length;
      if (typeof value === "string") {
        budget.make(value.length);
        return [...value].length;
      }
      if (isRecordValue(value)) return names(value, budget).length;
      throw new ExpressionRefusal(`${kindNoun(value)} has no size`);
    },
  },
  first: {
    takes: [anyList],
    gives: ([type]) => itemType(type),
    call: ([items]) => present(list(items)[0]),
  },
  last: {
    takes: [anyList],
    gives: ([type]) => itemType(type),
    call: ([items]) => present(list(items).at(-1)),
  },
  slice: {
    takes: [anyList, numberType, numberType],
    optional: 1,
    gives: sameType,
    call: ([items, from, to], budget) => {
      const part = list(items).slice(from as number, to as number | undefined);
      budget.make(part.length);
      return part;
    },
  },
  sort: {
    takes: [anyList],
    gives: sameType,
    call: ([items], budget) => sorted(list(items), budget),
  },
  distinct: {
    takes: [anyList],
    gives: sameType,
    call: ([items], budget) => {
      const distinct = new Map<string, JsonValue>();
      for (const item of list(items)) {
        measure(item, budget);
        const key = canonical(item);
        if (!distinct.has(key)) distinct.set(key, item);
      }
      return [...distinct.values()];
    },
  },
  flatten: {
    takes: [anyList],
    gives: ([type]) => {
      const inner = itemType(type);
      return inner.kind === "list" ? inner : anyList;
    },
    call: ([items], budget) => {
      const flat = list(items).flatMap((item) => isList(item) ? item : [item]);
      budget.make(flat.length);
      return flat;
    },
  },
  keys: {
    takes: [anyRecord],
    gives: () => listOf(textType),
    call: ([value], budget) => names(record(value), budget),
  },
  values: {
    takes: [anyRecord],
    gives: ([type]) =>
      listOf(
        type?.kind === "record" && Object.keys(type.fields).length === 0
          ? type.rest ?? anyType
          : anyType,
      ),
    call: ([value], budget) => {
      budget.make(names(record(value), budget).length);
      return Object.values(record(value));
    },
  },
  json: {
    takes: [textType],
    gives: () => anyType,
    call: ([value], budget) => {
      budget.make(String(value).length);
      const read = parsed(String(value));
      measure(read, budget);
      return read;
    },
  },
  toJson: {
    takes: [anyType],
    gives: () => textType,
    call: ([value = null], budget) => {
      measure(value, budget);
      return JSON.stringify(value);
    },
  },
  query: {
    takes: [anyType, textType],
    gives: () => anyList,
    problem: ([, path]) => {
      const read = typeof path === "string" ? parsePath(path) : undefined;
      return read !== undefined && "wrongAt" in read
        ? { argument: 1, message: pathProblem(String(path), read.wrongAt) }
        : undefined;
    },
    call: ([value = null, path], budget) => {
      const read = parsePath(String(path));
      if ("wrongAt" in read) throw new ExpressionRefusal(pathProblem(String(path), read.wrongAt));
      return valuesAt(value, read.links, budget);
    },
  },
} satisfies FunctionTable;

function pathProblem(path: string, wrongAt: number): string {
  return `${quotedText(path)} is not a path, from ${quotedText(path.slice(wrongAt), 20)} on; ` +
    `one such is "spec.containers[*].image"`;
}

function parsed(text: string): JsonValue {
  try {
    return parseJson(text, "exact");
  } catch (error) {
    const reason = error instanceof Error ? error.message.split(",")[0] : "";
    throw new ExpressionRefusal(`not JSON: ${quotedText(text)} (${reason?.slice(0, 80)})`);
  }
}

function names(value: RecordValue, budget: Budget): string[] {
  const keys = Object.keys(value);
  budget.make(keys.length);
  return keys;
}

function present(item: JsonValue | undefined): JsonValue {
  if (item !== undefined) return item;
  throw new ExpressionRefusal("the list is empty");
}

/** Sorts numbers by size, texts by their characters; a mix of both has no order. */
function sorted(items: readonly JsonValue[], budget: Budget): readonly JsonValue[] {
  const rounds = Math.ceil(Math.log2(items.length + 2));
  budget.spend(items.length * rounds);
  budget.make(items.length);
  if (items.every((item) => typeof item === "number")) return items.toSorted((a, b) => a - b);
  if (items.every((item) => typeof item === "string")) {
    for (const item of items) budget.spend((item.length * rounds) / 64);
    return items.toSorted((a, b) => a < b ? -1 : a > b ? 1 : 0);
  }
  throw new ExpressionRefusal("only a list of numbers or a list of texts can be sorted");
}

/** Returns the same text for equal values: names in order. */
function canonical(value: JsonValue): string {
  return JSON.stringify(
    value,
    (_name, inner) =>
      isRecordValue(inner)
        ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => a < b ? -1 : 1))
        : inner,
  );
}

/* Functions for text. Positions in a text count code points from 0, as in CEL. */

// The evaluator has checked the kinds of all arguments against the declaration.
const text = (value: JsonValue | undefined) => value as string;
const number = (value: JsonValue | undefined) => value as number | undefined;
const givesText = () => textType;
const givesBoolean = () => booleanType;
const givesTexts = () => listOf(textType);

const textFunctions = {
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

/** Searching a text in another may take the product of their lengths: crafted texts do. */
function search(within: string, part: string, budget: Budget): void {
  budget.spend((within.length * part.length) / 1024);
}

function isPosition(position: number, end: number): boolean {
  return Number.isInteger(position) && position >= 0 && position <= end;
}

/**
 * Returns whether the whole text matches: `*` stands for any characters, `?` for a single character. Takes at most the
 * product of both lengths, which is charged to the budget.
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

/* Functions for numbers. */

const numbersType = listOf(numberType);

const numberFunctions = {
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

export const functions: FunctionTable = {
  ...textFunctions,
  ...numberFunctions,
  ...listFunctions,
};

/** Returns the function of a name, or undefined. */
export function functionOf(name: string): FunctionDeclaration | undefined {
  return Object.hasOwn(functions, name) ? functions[name] : undefined;
}

/* Declarations of the language's functions. */

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
type FunctionTable = Readonly<Record<string, FunctionDeclaration>>;
