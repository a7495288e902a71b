import assert from "node:assert/strict";
import fc from "fast-check";
import {
  BadValue,
  choiceField,
  durationField,
  type Field,
  intervalField,
  or,
  patternsField,
  schemaOf,
  textField,
  textsField,
  toggleField,
  variablesField,
  wholeField,
} from "./field.ts";
import { readInput } from "./operation.ts";

const pattern = patternsField("", {
  parse: (text) => {
    if (text === "/(/") throw new BadValue(text, "it isn't an expression");
    return `expression ${text}`;
  },
  expected: "an expression",
  plain: { about: "", parse: (text) => `text ${text}` },
});
const retries = or(wholeField("how often", { least: 0 }), 5);

Deno.test("a field narrows a text and data to the same value", () => {
  const equal: readonly (readonly [field: Field<unknown>, text: unknown, data: unknown])[] = [
    [toggleField(""), "true", true],
    [toggleField(""), "0", false],
    [durationField(""), "5s", 5000],
    [intervalField("", 10_000), "true", 10_000],
    [intervalField("", 10_000), "3s", 3000],
    [retries, "0", 0],
    [textsField(""), "a", ["a"]],
    [variablesField(""), ["A=x=y"], { A: "x=y" }],
    [variablesField(""), { A: 1 }, { A: "1" }],
    [choiceField("", ["a", "b"]), "a", "a"],
  ];
  for (const [field, text, data] of equal) {
    assert.deepEqual(field.read(text), field.read(data), `${text}`);
  }
  assert.deepEqual(pattern.read("/a/"), ["expression /a/"]);
  assert.deepEqual(pattern.forModels?.read("/a/"), ["text /a/"]);
});

Deno.test("a field refuses values of another kind", () => {
  const refused: readonly (readonly [field: Field<unknown>, given: unknown])[] = [
    ...["", 5, ["a"], {}, null].map((given) => [textField(""), given] as const),
    ...["yes", 1, null].map((given) => [toggleField(""), given] as const),
    ...["5000", "5", 0, -1, 1.5, NaN, 2 ** 31].map((given) => [durationField(""), given] as const),
    ...["-1", "1.5", -1, 0.5, "1e3", ""].map((given) => [retries, given] as const),
    ...[[""], [5], ["a", ["b"]]].map((given) => [textsField(""), given] as const),
    ...[["1A=x"], { A: {} }, "A"].map((given) => [variablesField(""), given] as const),
    [choiceField("", ["a", "b"]), "c"],
    [pattern, "/(/"],
  ];
  for (const [field, given] of refused) {
    assert.throws(() => field.read(given), BadValue, JSON.stringify(given));
  }
});

Deno.test("whatever is given, a field returns a value or throws BadValue", () => {
  const fields: Record<string, Field<unknown>> = {
    ...{ text: textField(""), texts: textsField(""), toggle: toggleField(""), retries },
    ...{ duration: durationField(""), variables: variablesField("") },
    ...{ choice: choiceField("", ["a"]), pattern },
  };
  fc.assert(
    fc.property(fc.constantFrom(...Object.values(fields)), fc.anything(), (field, given) => {
      try {
        field.read(given);
      } catch (error) {
        assert.ok(error instanceof BadValue, String(error));
      }
    }),
  );
});

Deno.test("`schemaOf()` has each field with its type, description and default", () => {
  assert.deepEqual(schemaOf({ loud: toggleField("with sound"), retries }), {
    type: "object",
    additionalProperties: false,
    properties: {
      loud: { type: "boolean", description: "with sound" },
      retries: { type: "integer", minimum: 0, description: "how often", default: 5 },
    },
  });
});

Deno.test("`readInput()` fills defaults, and names the field of a mistake", async () => {
  const fields = { retries, mode: choiceField("how", ["fast", "slow"]), pods: textsField("which") };
  assert.deepEqual(await readInput(fields, { pods: "a" }), {
    retries: 5,
    mode: undefined,
    pods: ["a"],
  });
  const refused = [
    [{ retry: 1 }, /^there is no option "retry"; did you mean "retries"\?$/],
    [{ mode: "slov" }, /^invalid value "slov" for "mode": must be one of fast, slow$/],
    [{ constructor: "x" }, /^there is no option "constructor"/],
    ["text", /^the input has to be an object$/],
  ] as const;
  for (const [given, message] of refused) {
    await assert.rejects(readInput(fields, given), { kind: "usage", message });
  }
});
