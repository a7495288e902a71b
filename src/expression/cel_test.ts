/** The shared subset of CEL: the same expressions evaluated by another implementation. */
import assert from "node:assert/strict";
import { Environment } from "@marcbachmann/cel-js";
import fc from "fast-check";
import type { JsonValue } from "../base/json_value.ts";
import { checkTemplate, evaluateTemplate, parseTemplate } from "./template.ts";
import { listOf, numberType, textType } from "./type.ts";

/** Integers of CEL are BigInts; those of JSON are numbers. */
function plain(value: unknown): JsonValue {
  if (typeof value === "bigint") return Number(value);
  if (Array.isArray(value)) return value.map(plain);
  return value as JsonValue;
}

const number = fc.integer({ min: -1000, max: 1000 });
const texts = fc.array(fc.constantFrom("a", "b", "A", " ", "é", "1", "-"), { maxLength: 4 })
  .map((parts) => parts.join(""));

/** Expressions by the type of their value, as text; with or without parentheses at random. */
const { numbers, booleans, strings, lists } = fc.letrec<
  { numbers: string; booleans: string; strings: string; lists: string }
>((tie) => {
  const call = (receiver: string, name: string, argument: string) =>
    `${receiver}.${name}(${argument})`;
  const binary = (left: string, right: string, marks: readonly string[]) =>
    fc.tuple(tie(left as "numbers"), fc.constantFrom(...marks), tie(right as "numbers"))
      .map(([a, mark, b]) => `${a} ${mark} ${b}`);
  const grouped = (name: "numbers" | "booleans" | "strings" | "lists") =>
    tie(name).map((text) => `(${text})`);
  const choice = (name: "numbers" | "booleans" | "strings" | "lists") =>
    fc.tuple(grouped("booleans"), grouped(name), grouped(name))
      .map(([condition, yes, no]) => `(${condition} ? ${yes} : ${no})`);
  return {
    numbers: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      number.map((value) => value < 0 ? `(${value})` : String(value)),
      fc.constant("n"),
      grouped("numbers"),
      binary("numbers", "numbers", ["+", "-", "*"]).map((text) => `(${text})`),
      grouped("strings").map((text) => `size(${text})`),
      grouped("lists").map((text) => `${text}.size()`),
      choice("numbers"),
    ),
    booleans: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      fc.constantFrom("true", "false"),
      binary("numbers", "numbers", ["<", "<=", ">", ">=", "==", "!="]).map((text) => `(${text})`),
      binary("strings", "strings", ["<", "==", "!=", ">="]).map((text) => `(${text})`),
      fc.tuple(tie("booleans"), fc.constantFrom("&&", "||"), tie("booleans"))
        .map((parts) => parts.join(" ")),
      grouped("booleans").map((text) => `!${text}`),
      fc.tuple(tie("numbers"), grouped("lists")).map(([a, b]) => `(${a} in ${b})`),
      fc.tuple(
        grouped("strings"),
        fc.constantFrom("startsWith", "endsWith", "contains"),
        tie("strings"),
      ).map(([a, name, b]) => call(a, name, b)),
      fc.tuple(grouped("lists"), fc.constantFrom("all", "exists", "exists_one"), tie("booleans"))
        .map(([a, name, b]) => call(a, name, `n, ${b}`)),
      choice("booleans"),
    ),
    strings: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      texts.map((text) => JSON.stringify(text)),
      texts.map((text) => `'${text}'`),
      fc.constant("s"),
      binary("strings", "strings", ["+"]).map((text) => `(${text})`),
      grouped("strings").map((text) => `${text}.trim()`),
      grouped("strings").map((text) => `${text}.lowerAscii()`),
      grouped("numbers").map((text) => `string(${text})`),
      choice("strings"),
    ),
    lists: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      // The other implementation can't infer the types of sums with an empty list in them.
      fc.array(number, { minLength: 1, maxLength: 4 }).map((items) => `[${items.join(", ")}]`),
      fc.constant("l"),
      binary("lists", "lists", ["+"]).map((text) => `(${text})`),
      fc.tuple(grouped("lists"), tie("numbers")).map(([a, b]) => call(a, "map", `n, ${b}`)),
      fc.tuple(grouped("lists"), tie("booleans")).map(([a, b]) => call(a, "filter", `n, ${b}`)),
    ),
  };
});

const environment = new Environment()
  .registerVariable("n", "int").registerVariable("s", "string").registerVariable("l", "list<int>");

Deno.test("expressions that CEL has evaluate as in CEL", () => {
  const types = { n: numberType, s: textType, l: listOf(numberType) };
  fc.assert(
    fc.property(fc.oneof(numbers, booleans, strings, lists), number, (text, n) => {
      const { template, problems } = parseTemplate(`\${{ ${text} }}`);
      assert.deepEqual(problems, [], text);
      assert.deepEqual(checkTemplate(template, types).problems, [], text);
      const ours = evaluateTemplate(template, { n, s: "a b", l: [3, n, 1] });
      const theirs = environment.evaluate(text, { n: BigInt(n), s: "a b", l: [3n, BigInt(n), 1n] });
      assert.deepEqual(ours, plain(theirs), text);
    }),
    { numRuns: 2000 },
  );
});

Deno.test("texts that aren't expressions aren't CEL either", () => {
  // Not `map` and the like: if CEL has no macro with that number of arguments, it takes them for functions.
  const fragment = fc.constantFrom(
    ..."1 n 's' ( ) [ ] { } , . : ? ! - + * < == && || in true size x".split(" "),
  );
  fc.assert(
    fc.property(fc.array(fragment, { minLength: 1, maxLength: 7 }), (parts) => {
      const text = parts.join(" ");
      const isOurs = parseTemplate(`\${{ ${text} }}`).problems.length === 0;
      let isTheirs = true;
      try {
        environment.parse(text);
      } catch {
        isTheirs = false;
      }
      assert.equal(isOurs, isTheirs, text);
    }),
    { numRuns: 5000 },
  );
});
