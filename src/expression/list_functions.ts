/** Functions for lists and records, and for JSON. */
import type { JsonValue } from "../base/json_value.ts";
import type { Budget } from "./budget.ts";
import { parsePath, valuesAt } from "./json_path.ts";
import { ExpressionRefusal, quotedText } from "./problem.ts";
import type { FunctionTable } from "./signature.ts";
import { anyType, kindProblem, listOf, numberType, recordOf, textType, type Type } from "./type.ts";
import { isList, isRecordValue, kindNoun, measure, type RecordValue } from "./value.ts";

const anyList = listOf(anyType);
const anyRecord = recordOf(anyType);
const list = (value: JsonValue | undefined) => value as readonly JsonValue[];
const record = (value: JsonValue | undefined) => value as RecordValue;
const itemType = (type: Type | undefined) => type?.kind === "list" ? type.of : anyType;
const sameType = ([type = anyList]: readonly Type[]) => type.kind === "list" ? type : anyList;

export const listFunctions = {
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
    return JSON.parse(text) as JsonValue;
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
