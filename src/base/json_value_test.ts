import assert from "node:assert/strict";
import fc from "fast-check";
import { definedOnly, parseJson } from "./json_value.ts";

Deno.test("`definedOnly()` omits undefined properties and no others", () => {
  const values = { a: 1, b: undefined, c: false, d: null, e: "", f: 0 };
  assert.deepEqual(Object.keys(definedOnly(values)), ["a", "c", "d", "e", "f"]);
});

Deno.test("parseJson() keeps numbers that a number can hold, and the texts of others", () => {
  const text = '{"id":12345678901234567890,"n":[9007199254740993,9007199254740992,-0,1e400],' +
    '"t":"12345678901234567890","f":1.10,"e":1e3,"i":5}';
  assert.deepEqual(parseJson(text, "exact"), {
    id: "12345678901234567890",
    n: ["9007199254740993", 9007199254740992, -0, "1e400"],
    ...{ t: "12345678901234567890", f: 1.1, e: 1000, i: 5 },
  });
  assert.deepEqual(parseJson('[1.10, 1.1, 7e1, 1e3, "1.10", 5]', "spelled"), [
    ...["1.10", 1.1, "7e1", "1e3", "1.10"],
    5,
  ]);
  assert.throws(() => parseJson("[12345678901234567890", "exact"), SyntaxError);
});

Deno.test("property: an integer of any size keeps its digits through parseJson()", () => {
  fc.assert(fc.property(fc.bigInt(), (value) => {
    for (const keeps of ["exact", "spelled"] as const) {
      assert.equal(String(parseJson(`${value}`, keeps)), String(value));
    }
  }));
});
